"""The policy of a browser's upload (presigned POST), enforced as S3 does; moto takes whatever comes.

An upload that is too large, of another type or under another key than was signed must fail here too, or a front-end
developer finds out in production. The signature itself is not checked: there is no secret to check it with.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from werkzeug.formparser import parse_form_data

# Fields that need no condition; the bucket stands in the address.
_FREE = frozenset({"policy", "x-amz-signature", "file", "bucket"})


def refusal(environ: dict[str, Any]) -> tuple[str, str, str] | None:
    """Status line, S3's code and words for a form that breaks its policy; None for one that keeps it, or has none.

    The body is read, and left in `environ` to be read again.
    """
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    _, form, files = parse_form_data({**environ, "wsgi.input": BytesIO(body)})
    if "policy" not in form:
        return None
    fields = {name.lower(): value for name, value in form.items()}
    fields["bucket"] = str(environ["PATH_INFO"]).strip("/").split("/")[0]
    file = files.get("file")
    size = len(file.read()) if file is not None else len(fields.get("file", "").encode())
    policy = json.loads(base64.b64decode(fields["policy"]))
    if datetime.fromisoformat(policy["expiration"]) < datetime.now(UTC):
        return _denied("Policy expired.")
    covered = set(_FREE)
    for operator, name, wanted in _conditions(policy["conditions"]):
        if operator == "content-length-range":
            if size > int(wanted):
                return "400 Bad Request", "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"
            if size < int(name):
                return (
                    "400 Bad Request",
                    "EntityTooSmall",
                    "Your proposed upload is smaller than the minimum allowed size",
                )
            continue
        covered.add(name)
        given = fields.get(name, "")
        if not (given.startswith(wanted) if operator == "starts-with" else given == wanted):
            return _denied(f'Policy Condition failed: ["{operator}", "${name}", "{wanted}"]')
    if extra := sorted(name for name in fields if name not in covered and not name.startswith("x-ignore-")):
        return _denied(f"Extra input fields: {', '.join(extra)}")
    return None


def _conditions(conditions: list[Mapping[str, str] | list[Any]]) -> Iterator[tuple[str, str, str]]:
    for condition in conditions:
        if isinstance(condition, list):
            operator, name, wanted = map(str, condition)
            yield operator.lower(), name.removeprefix("$").lower(), wanted
        else:
            yield from (("eq", name.lower(), wanted) for name, wanted in condition.items())


def _denied(reason: str) -> tuple[str, str, str]:
    return "403 Forbidden", "AccessDenied", f"Invalid according to Policy: {reason}"
