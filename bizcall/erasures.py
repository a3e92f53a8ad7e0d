"""Which customers were erased on request (P7), so that no record of before brings one back.

An address book's file comes late, or once more; a dead letter is sent again; after a restore the bucket is read anew.
What is newer than the erasure counts again: then he was told of since.

Kept is a hash of company and number, in which nobody reads a number and no two companies' customers can be compared.
Whoever has the table could still try all numbers. A secret beside it would prevent that, and bring back everybody who
was erased on the day when it is rotated or lost.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bizcall.database import lock, query


def hashed(number: str) -> str:
    """SQL for the hash of a number, an expression, of the company $1."""
    return f"sha256(convert_to($1::uuid::text || {number}, 'UTF8'))"


def lock_name(company_id: UUID) -> str:
    """What whoever puts customers in shares, and whoever erases one holds alone.

    Or a record that was put in beside an erasure, whose transaction didn't see that, would stay.
    """
    return f"erasures.customers {company_id}"


async def remember(company_id: UUID, number: str, at: datetime) -> None:
    """Let no record of a customer come in that is not newer than `at`, nor than the one that stands.

    In the open transaction, which deletes that one afterwards.
    """
    await lock(lock_name(company_id))
    await query(_REMEMBERED, company_id, number, at)


_REMEMBERED = f"""
    INSERT INTO erased_customer (company_id, number_hash, erased_at)
    SELECT $1, {hashed("$2::text")}, greatest($3, max(updated_at)) FROM customer WHERE company_id = $1 AND number = $2
    ON CONFLICT (company_id, number_hash)
    DO UPDATE SET erased_at = greatest(erased_customer.erased_at, excluded.erased_at)
"""  # noqa: S608 - constants
