"""The table of roles: every root field of the API and who may ask for it (security T9).

python -m tests.resolvers.roles            print it
python -m tests.resolvers.roles --write    write it to tests/resolvers/roles.txt, after a change of the API
"""

from __future__ import annotations

import sys
from pathlib import Path

from bizcall.admins import Role
from resolvers import root
from resolvers.permissions import ACCESS, ADMINS, NOBODY

GOLDEN = Path(__file__).with_name("roles.txt")
COLUMNS = (NOBODY, *Role)


def fields() -> list[str]:
    """All root fields, as Type.field, those of introspection included."""
    known = root.schema()._schema
    roots = [kind for kind in (known.query_type, known.mutation_type) if kind is not None]
    own = [f"{kind.name}.{name}" for kind in roots for name in kind.fields]
    return sorted({*own, *(name for name in ACCESS if ".__" in name)})


def table() -> str:
    """A line for each field, with yes or no for each role."""
    rows = [("field", *(str(role or "NOBODY") for role in COLUMNS))]
    rows += [(key, *("yes" if role in ACCESS.get(key, ADMINS) else "no" for role in COLUMNS)) for key in fields()]
    width = max(len(row[0]) for row in rows)
    return "".join(f"{row[0]:{width}}  {'  '.join(f'{each:8}' for each in row[1:])}".rstrip() + "\n" for row in rows)


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        GOLDEN.write_text(table(), encoding="utf-8")
    else:
        sys.stdout.write(table())
