"""Administrators: accounts and sessions, signing in, registering and resetting, one's own account, operators' acts."""

from schema.admins.accounts import Admin, Permission, Session, Viewer
from schema.admins.signing_in import Challenge, CodeSending, SessionKeeping, SessionOpening

__all__ = [
    "Admin",
    "Challenge",
    "CodeSending",
    "Permission",
    "Session",
    "SessionKeeping",
    "SessionOpening",
    "Viewer",
]
