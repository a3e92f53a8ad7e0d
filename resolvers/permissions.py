"""Who may ask for what: one table, one mechanism.

The root fields of an operation are known from the guard's walk over its document, and an operation with one field that
the caller's role may not ask for is refused whole before any resolver runs. A field that the table doesn't name is the
administrators' alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bizcall.admins import Role
from bizcall.errors import Forbidden, Unauthenticated

NOBODY = None
"""The role of who is not signed in."""

Roles = frozenset[Role | None]

EVERYBODY: Roles = frozenset({NOBODY, *Role})
PEOPLE: Roles = frozenset({NOBODY, Role.ADMIN, Role.OPERATOR})
SIGNED_IN: Roles = frozenset({Role.ADMIN, Role.OPERATOR})
OPERATORS: Roles = frozenset({Role.OPERATOR})
ADMINS: Roles = frozenset({Role.ADMIN})
SERVICES: Roles = frozenset({Role.SERVICE})

ACCESS: Mapping[str, Roles] = {
    "Query.__typename": EVERYBODY,
    "Query.__schema": frozenset(Role),
    "Query.__type": frozenset(Role),
    "Query.limits": EVERYBODY,
    "Query.documents": EVERYBODY,
    "Query.node": SIGNED_IN,
    "Query.nodes": SIGNED_IN,
    "Query.viewer": PEOPLE,
    "Query.rateLimit": PEOPLE,
    "Query.admins": SIGNED_IN,
    "Query.auditRecords": SIGNED_IN,
    "Query.companies": OPERATORS,
    "Query.company": OPERATORS,
    "Query.accessReview": SIGNED_IN,
    "Query.plans": PEOPLE,
    "Query.notices": SIGNED_IN,
    "Query.documentVersions": OPERATORS,
    "Query.provisioningEvents": OPERATORS,
    "Mutation.__typename": EVERYBODY,
    "Mutation.signIn": PEOPLE,
    "Mutation.signInCodeSend": PEOPLE,
    "Mutation.signInVerify": PEOPLE,
    "Mutation.registrationCodeSend": PEOPLE,
    "Mutation.adminRegister": PEOPLE,
    "Mutation.passwordResetCodeSend": PEOPLE,
    "Mutation.passwordResetVerify": PEOPLE,
    "Mutation.passwordReset": PEOPLE,
    "Mutation.representativeNumberFind": PEOPLE,
    "Mutation.signOut": SIGNED_IN,
    "Mutation.viewerSave": SIGNED_IN,
    "Mutation.viewerPasswordChange": SIGNED_IN,
    "Mutation.viewerMobileCodeSend": SIGNED_IN,
    "Mutation.viewerMobileChange": SIGNED_IN,
    "Mutation.viewerCodeSend": SIGNED_IN,
    "Mutation.viewerCodeConfirm": SIGNED_IN,
    "Mutation.sessionEnd": SIGNED_IN,
    "Mutation.sessionsEndOthers": SIGNED_IN,
    "Mutation.companyEnter": OPERATORS,
    "Mutation.companySuspend": OPERATORS,
    "Mutation.companyResume": OPERATORS,
    "Mutation.companyEnd": OPERATORS,
    "Mutation.accessReviewConfirm": SIGNED_IN,
    "Mutation.adminWelcomeResend": OPERATORS,
    "Mutation.adminUnlock": OPERATORS,
    "Mutation.adminSessionsEnd": OPERATORS,
    "Mutation.adminReplace": OPERATORS,
    "Mutation.appSignIn": SERVICES,
    "Mutation.uploadCreate": SIGNED_IN,
    "Mutation.noticeSave": OPERATORS,
    "Mutation.noticeWithdraw": OPERATORS,
    "Mutation.documentPublish": OPERATORS,
    "Mutation.documentWithdraw": OPERATORS,
    "Mutation.planSave": OPERATORS,
    "Mutation.provisioningApply": OPERATORS,
}
"""Fields that others than the administrators may ask for, as Type.field, with who may."""

ONE_A_REQUEST = frozenset(
    {
        "signIn",
        "signInCodeSend",
        "signInVerify",
        "registrationCodeSend",
        "adminRegister",
        "passwordResetCodeSend",
        "passwordResetVerify",
        "passwordReset",
        "representativeNumberFind",
        "viewerPasswordChange",
        "viewerMobileCodeSend",
        "viewerMobileChange",
        "viewerCodeSend",
        "viewerCodeConfirm",
        "appSignIn",
    }
)
"""Mutations that compare a secret or send a code: one of them in a request, or aliases would multiply guesses (A6)."""

ALONE = "signInVerify"
"""The mutation after which somebody else asks: one beside it would be allowed to one account and done by the other."""

WITHOUT_DATABASE = frozenset(
    {
        "Query.__typename",
        "Query.limits",
        "Query.documents",
        "Query.viewer",
        "Query.rateLimit",
        "Mutation.__typename",
    }
)
"""Fields that cost strangers nothing but processor time, and so aren't counted; for `documents` the database is asked
once a minute, however many ask."""

BACKGROUND = frozenset({"Query.__typename", "Query.limits", "Query.documents", "Query.viewer", "Query.rateLimit"})
"""What pages ask for by themselves, again and again: an operation of nothing else keeps no session awake (S2)."""


def admit(root_type: str, fields: Iterable[str], role: Role | None) -> None:
    """Let an operation with these root fields pass; raises Unauthenticated or Forbidden."""
    if all(role in ACCESS.get(f"{root_type}.{name}", ADMINS) for name in fields):
        return
    raise Unauthenticated if role is NOBODY else Forbidden


def is_activity(root_type: str, fields: Iterable[str]) -> bool:
    """Whether an operation with these root fields is a person's doing, which keeps his session awake."""
    return not {f"{root_type}.{name}" for name in fields} <= BACKGROUND


def reaches_database(root_type: str, fields: Iterable[str]) -> bool:
    """Whether an operation with these root fields would touch the database for a stranger."""
    asked = {f"{root_type}.{name}" for name in fields}
    return all(NOBODY in ACCESS.get(name, ADMINS) for name in asked) and not asked <= WITHOUT_DATABASE
