"""What the names of inputs mean, for the sweeps: which are another company's to guess, and which are plain."""

from __future__ import annotations

from collections.abc import Mapping

NAMING = frozenset(
    {
        "challenge",
        "companyName",
        "customerName",
        "customerNumber",
        "customerTail",
        "deviceToken",
        "id",
        "loginId",
        "number",
        "representativeNumber",
        "retire",
        "search",
        "subscription",
    }
)
"""Texts of inputs that name something which may be another company's: swept like ids."""

PLAIN = frozenset(
    {
        "actions",
        "adminMobile",
        "body",
        "code",
        "contentHash",
        "currentPassword",
        "department",
        "email",
        "fileName",
        "guide",
        "idempotencyKey",
        "mobile",
        "name",
        "note",
        "password",
        "passwordConfirmation",
        "plan",
        "position",
        "rid",
        "title",
    }
)
"""Texts of inputs that are values: they are written or compared, and lead to nothing."""

ELSEWHERE: Mapping[str, str] = {
    "Mutation.signIn.input.loginId": "anybody may try: test_enumeration.py",
    "Mutation.signIn.input.deviceToken": "another account's browser: tests/bizcall/admins/test_sign_in.py",
    "Mutation.signInCodeSend.input.challenge": "whoever has the token: test_half_done.py",
    "Mutation.signInVerify.input.challenge": "whoever has the token: test_half_done.py",
    "Mutation.signInVerify.input.deviceToken": "a planted one: tests/bizcall/admins/test_sessions.py",
    "Mutation.registrationCodeSend.input.challenge": "whoever has the token: test_half_done.py",
    "Mutation.adminRegister.input.challenge": "whoever has the token: test_half_done.py",
    "Mutation.passwordResetVerify.input.challenge": "whoever has the token: test_half_done.py",
    "Mutation.passwordReset.input.challenge": "whoever has the token: test_half_done.py",
    "Mutation.representativeNumberFind.input.number": "FN-01 tells it to anybody: test_enumeration.py",
}
"""Naming inputs of fields that strangers may ask for, with where they are tested."""

OPERATORS_PLACES = frozenset({("Query.auditRecords", "adminId")})
"""Arguments of fields of both roles that are of use to operators only; administrators find nothing by them."""

SAME_FILTER = frozenset(
    {"Mutation.callExportRequest", "Mutation.messageExportRequest", "Mutation.statisticsExportRequest"}
)
"""Requests whose filter is that of a list, by the same code: ids in it are swept there, and never refused here."""

SHARED = frozenset({"Query.notices"})
"""Lists that are the same for every company: a cursor of another's is one of one's own."""
