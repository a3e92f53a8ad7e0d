"""What an administrator tells of himself: name, department, position, e-mail (AU-02, ME-01)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bizcall import audit, texts
from bizcall.admins.sessions import Viewer
from bizcall.audit import Actor
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ports import Clock, now
from bizcall.subscribers.rules import clean_email

NAME_LONGEST = 50


@dataclass(frozen=True)
class Profile:
    """The form's free fields. In a change, None leaves a field as it is."""

    name: str | None
    department: str | None
    position: str | None
    email: str | None

    def checked(self) -> Profile:
        """Cleaned, with a name and an e-mail address where they are given; raises Invalid, naming every bad field."""
        email = _address(self.email)
        problems = [*self._named(), *([email] if isinstance(email, Problem) else []), *self._long()]
        if problems or isinstance(email, Problem):
            raise Invalid(*problems)
        return Profile(_clean(self.name), _clean(self.department), _clean(self.position), email)

    def _named(self) -> list[Problem]:
        return [Problem(ErrorCode.REQUIRED, ("name",))] if self.name is not None and not _clean(self.name) else []

    def _long(self) -> list[Problem]:
        fields = {"name": self.name, "department": self.department, "position": self.position}
        return [
            Problem(ErrorCode.TOO_LONG, (field,), {"maximum": str(NAME_LONGEST)})
            for field, value in fields.items()
            if len(_clean(value) or "") > NAME_LONGEST
        ]


async def save(viewer: Viewer, profile: Profile, *, actor: Actor, clock: Clock = now) -> None:
    """Change what the viewer tells of himself (ME-01); raises Invalid."""
    changed = profile.checked()
    async with tenant(viewer.company_id):
        await write(viewer.company_id, viewer.admin_id, changed)
        await audit.record(
            viewer.company_id, actor, "admins.profile_save", [viewer.admin_id], kind="Admin", clock=clock
        )


async def write(company_id: UUID, admin_id: UUID, profile: Profile) -> None:
    """Write checked fields into the administrator's row, in the open transaction."""
    await query(
        """
        UPDATE admin SET name = coalesce($3, name), department = coalesce($4, department),
               position = coalesce($5, position), email = coalesce($6, email)
        WHERE company_id = $1 AND id = $2
        """,
        company_id,
        admin_id,
        profile.name,
        profile.department,
        profile.position,
        profile.email,
    )


def _address(text: str | None) -> str | Problem | None:
    """An e-mail address, which can't be taken away again."""
    if text is None:
        return None
    return clean_email(text) or Problem(ErrorCode.REQUIRED, ("email",))


def _clean(text: str | None) -> str | None:
    return texts.clean(text).text if text is not None else None
