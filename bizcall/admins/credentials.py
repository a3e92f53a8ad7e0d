"""Credentials: what an administrator signs in with."""

from __future__ import annotations

from uuid import UUID

from bizcall import audit, phones
from bizcall.admins import passwords
from bizcall.audit import Actor
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.ports import Clock, now


async def register_credential(
    company_id: UUID,
    admin_id: UUID,
    *,
    login_id: str,
    password: str,
    actor: Actor,
    clock: Clock = now,
) -> None:
    """Let an administrator sign in with this ID and password, or change them; codes go to the mobile of his row.

    A change ends his sessions and half sign-ins and clears his locks (PW-01). Raises Invalid (the ID is no number or
    another's, the password breaks PW-01) and NotFound.
    """
    number = phones.normalise(login_id)
    if number is None or not phones.is_company(number):
        raise Invalid(Problem(ErrorCode.INVALID_FORMAT, ("loginId",)))
    passwords.check_new(password, "password")
    password_hash = await passwords.hashed(password)
    at = clock()
    async with tenant(company_id):
        taken = await query("SELECT 1 FROM credential WHERE login_id = $1 AND admin_id <> $2", number, admin_id)
        if taken:
            raise Invalid(Problem(ErrorCode.DUPLICATE, ("loginId",)))
        made = await query(
            """
            INSERT INTO credential (admin_id, company_id, login_id, password_hash, mobile, password_changed_at)
            SELECT id, company_id, $3, $4, mobile, $5 FROM admin WHERE company_id = $1 AND id = $2
            ON CONFLICT (admin_id) DO UPDATE SET
                login_id = excluded.login_id, password_hash = excluded.password_hash,
                mobile = excluded.mobile, password_changed_at = excluded.password_changed_at
            RETURNING admin_id
            """,
            company_id,
            admin_id,
            number,
            password_hash,
            at,
        )
        if not made:
            raise NotFound
        for statement in (
            "UPDATE challenge SET used_at = $3 WHERE company_id = $1 AND admin_id = $2 AND used_at IS NULL",
            "UPDATE session SET ended_at = $3 WHERE company_id = $1 AND admin_id = $2 AND ended_at IS NULL",
        ):
            await query(statement, company_id, admin_id, at)
        await query("DELETE FROM sign_in_attempt WHERE login_id = $1", number)
        await audit.record(company_id, actor, "admins.credential_register", [admin_id], kind="Admin", clock=clock)
