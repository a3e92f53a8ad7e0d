"""Finding the representative number, which is the login ID, by any number of the company (FN-01).

Anybody may ask, so nothing else is told, a part of a number finds nothing, and every look-up is recorded: in the trail
of the company that was found, else in the provider's.
"""

from __future__ import annotations

from bizcall import audit, phones, throttles
from bizcall.audit import Actor
from bizcall.database import directory, enter, query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import Clock, now
from bizcall.throttles import Bucket


async def find_representative(number: str, *, actor: Actor, clock: Clock = now) -> str:
    """The representative number of the company that has this number, in normal form.

    `number` is whole, in any spelling. Raises Invalid: NOT_FOUND, for a part of a number and for what is none too; and
    Throttled.
    """
    asked = phones.recover(number).number or ""
    at = clock()
    async with directory():
        await throttles.take_all(
            [(Bucket.LOOKUP_FROM_ADDRESS, actor.counted_address), (Bucket.LOOKUP_OF_NUMBER, asked or None)], at=at
        )
        rows = await query(
            """
            SELECT company_directory.company_id, company_directory.representative_number
            FROM number_directory JOIN company_directory USING (company_id) WHERE number_directory.number = $1
            """,
            asked,
        )
        company_id = rows[0]["company_id"] if rows else PROVIDER_ID
        await throttles.note(Bucket.LOOKUP_HIT if rows else Bucket.LOOKUP_MISS, at=at)
        await enter(company_id)
        await audit.record(
            company_id,
            actor,
            "admins.representative_find",
            [company_id] if rows else [],
            {"found": bool(rows)},
            kind="Company",
            clock=clock,
        )
    if not rows:
        raise Invalid(Problem(ErrorCode.NOT_FOUND, ("number",)))
    found: str = rows[0]["representative_number"]
    return found
