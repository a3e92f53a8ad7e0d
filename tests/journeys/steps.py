"""In which order the operations of `examples/operations/` can be sent, who sends each, and what one takes from another.

Variables are those of the files. Whatever stands there for something of the step before (`PLACES`, and ids of jobs,
uploads and invitations) is replaced by what was kept under its name; `given` replaces more, by path, where the company
`새봄상사` goes through what the demo company has behind it, or must not go through at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local import seed

PLACES = {
    "challenge-of-the-step-before": "challenge",
    "company-of-the-step-before": "Company",
    "number-of-the-step-before": "number",
    "123456": "code",
    "hash-of-the-preview": "hash",
    "temporary-password": "password",
    "one-for-a-press-of-the-button": "key",
}
"""What the files have in place of a value, and the name under which it is kept."""

SUBSCRIBED, REPLACED = "010-0000-0200", "010-0000-0098"
"""Mobiles of the company's first administrator and of the one after him."""
LOGIN_ID, CHOSEN, RESET, CHANGED = "070-8000-3000", "Quiet7Horse9", "Velvet9Tractor", "Harbour5Kettle"
WHO = {"input.loginId": LOGIN_ID, "input.password": "<password>"}


@dataclass(frozen=True)
class Step:
    """One operation on its way."""

    name: str
    by: str = "admin"
    """admin (of the demo company), operator, app (the phone app's server), newcomer, again (the newcomer at another
    browser) or nobody."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Path in the variables → value; `<name>` is what was kept."""
    keeps: Mapping[str, str] = field(default_factory=dict)
    """Name → path in the answer's data. `newcomer` and `again` are the tokens of those."""
    until: tuple[str, Any] | None = None
    """The step is asked again until something stands at this path; with a value, that one."""
    code_to: str = ""
    """The mobile to which a code comes."""
    password_to: str = ""
    """The mobile to which a temporary password comes."""
    uploads: str = ""
    """Which file goes to the form of the answer: `rows`, `form` or `document`."""
    failed: bool = False
    """A gateway refuses what was kept as Invitation, which none on a laptop does."""
    unless_over: str = ""
    """The step whose job this one stops; should it be over by then, both are sent again."""
    compared: bool = True
    """Not where a later step sends the same for its recorded answer."""


def code(name: str, mobile: str, **more: Any) -> Step:
    """A step that has a code sent."""
    return Step(name, code_to=mobile, **more)


CENTRE = (
    Step("operators/provisioning_apply", "operator", password_to=SUBSCRIBED),
    Step("operators/provisioning_events", "operator"),
    Step(
        "operators/admin_welcome_resend",
        "operator",
        {"input.representativeNumber": LOGIN_ID, "input.companyName": "새봄상사"},
        password_to=SUBSCRIBED,
    ),
    Step("operators/admins", "operator", {"filter.search": LOGIN_ID}, {"Admin": "admins.nodes.0.id"}),
    Step("operators/admin_unlock", "operator", {"id": "<Admin>"}),
    Step("operators/admin_sessions_end", "operator", {"id": "<Admin>"}),
    Step("operators/admin_replace", "operator", {"id": "<Admin>"}, password_to=REPLACED),
    Step("operators/companies", "operator"),
    Step("operators/company", "operator"),
    Step("operators/company_enter", "operator"),
    Step(
        "operators/companies",
        "operator",
        {"filter.search": LOGIN_ID},
        {"Company": "companies.nodes.0.id", "number": "companies.nodes.0.representativeNumberFormatted"},
        compared=False,
    ),
    Step("operators/company_suspend", "operator"),
    Step("operators/company_resume", "operator"),
    Step("support/plan_save", "operator", {"input.code": "EXAMPLE"}),
    Step(
        "imports/upload_create",
        "operator",
        {"input": {"purpose": "DOCUMENT", "fileName": "요금제 안내.pdf", "size": "<size>"}},
        {"Upload": "uploadCreate.upload.id"},
        uploads="document",
        compared=False,
    ),
    Step("support/document_publish", "operator", {"input.uploadId": "<Upload>"}),
    Step("support/document_versions", "operator", keeps={"version": "documentVersions.nodes.0.id"}),
    Step("support/document_withdraw", "operator", {"id": "<version>"}),
    Step(
        "notices/notice_save",
        "operator",
        keeps={"notice": "noticeSave.notice.id", "revision": "noticeSave.notice.revision"},
    ),
    Step("notices/notices_of_operators", "operator"),
    Step("notices/notice_withdraw", "operator", {"id": "<notice>", "input.revision": "<revision>"}),
)
"""The customer centre, and the company that it sets up."""

FIRST_SIGN_IN = (
    Step("sign_in/sign_in", "nobody", WHO, {"challenge": "signIn.challenge.token"}, compared=False),
    code("sign_in/sign_in_code_send", REPLACED, by="nobody", compared=False),
    Step("sign_in/sign_in_verify", "nobody", keeps={"challenge": "signInVerify.registration.token"}, compared=False),
    code("sign_in/registration_code_send", REPLACED, by="nobody", given={"input.mobile": REPLACED}),
    Step("sign_in/admin_register", "nobody", {"input.mobile": REPLACED}),
    Step("sign_in/representative_number_find", "nobody"),
    code(
        "sign_in/password_reset_code_send",
        REPLACED,
        by="nobody",
        given={"input.mobile": REPLACED},
        keeps={"challenge": "passwordResetCodeSend.challenge.token"},
    ),
    Step("sign_in/password_reset_verify", "nobody", keeps={"account": "passwordResetVerify.accounts.0.id"}),
    Step(
        "sign_in/password_reset",
        "nobody",
        {"input.account": "<account>", "input.password": RESET, "input.passwordConfirmation": RESET},
    ),
)


def signed_in(name: str, *, compared: bool) -> tuple[Step, ...]:
    """The newcomer signs in and keeps the token under that name."""
    return (
        Step(
            "sign_in/sign_in",
            "nobody",
            {**WHO, "input.password": RESET},
            {"challenge": "signIn.challenge.token"},
            compared=compared,
        ),
        code("sign_in/sign_in_code_send", REPLACED, by="nobody", compared=compared),
        Step("sign_in/sign_in_verify", "nobody", keeps={name: "signInVerify.session.token"}, compared=compared),
    )


MY_INFORMATION = (
    *signed_in("newcomer", compared=True),
    *signed_in("again", compared=False),
    Step("my_information/viewer", "again", keeps={"Session": "viewer.sessions.0.id"}, compared=False),
    Step("my_information/viewer", "newcomer"),
    Step("my_information/session_end", "newcomer", {"id": "<Session>"}),
    Step("my_information/sessions_end_others", "newcomer"),
    Step("my_information/viewer_save", "newcomer"),
    code(
        "my_information/viewer_code_send",
        REPLACED,
        by="newcomer",
        keeps={"challenge": "viewerCodeSend.challenge.token"},
    ),
    Step("my_information/viewer_code_confirm", "newcomer"),
    code(
        "my_information/viewer_mobile_code_send",
        "010-0000-0099",
        by="newcomer",
        given={"input.currentPassword": RESET},
        keeps={"challenge": "viewerMobileCodeSend.challenge.token"},
    ),
    Step("my_information/viewer_mobile_change", "newcomer"),
    Step(
        "my_information/viewer_password_change",
        "newcomer",
        {"input.currentPassword": RESET, "input.password": CHANGED, "input.passwordConfirmation": CHANGED},
        {"newcomer": "viewerPasswordChange.token"},
    ),
    Step("sign_in/sign_out", "newcomer"),
)

READING = (
    Step("limits/limits", "nobody"),
    Step("limits/rate_limit"),
    Step("support/documents", "nobody"),
    Step("support/plans", "nobody"),
    Step("support/plan_in_use"),
    Step("home/home"),
    Step("notices/notices"),
    Step("notices/notice"),
    *(
        Step(f"statistics/{name}")
        for name in (
            "calls_by_month",
            "calls_by_day",
            "calls_by_hour",
            "calls_by_day_of_subscribers",
            "calls_by_hour_of_subscribers",
            "calls_by_month_of_lines",
            "calls_of_departments",
            "calls_of_subscribers_of_departments",
            "busy_hours",
            "messages_by_month",
            "messages_of_departments",
        )
    ),
    *(
        Step(f"histories/{name}")
        for name in (
            "calls",
            "calls_of_customer",
            "call",
            "unreturned_calls",
            "messages",
            "messages_of_customer",
            "customers",
            "customer_reveal",
            "message_reveal",
        )
    ),
)

PEOPLE = (
    Step("departments/departments"),
    Step(
        "departments/departments_save",
        given={"input": {"create": [{"name": "사라질팀"}, {"name": "바뀔팀"}]}},
        keeps={"gone": "departmentsSave.created.0.id", "renamed": "departmentsSave.created.1.id"},
        compared=False,
    ),
    Step(
        "departments/departments_save",
        given={"input.create.0.name": "예시팀", "input.rename.0.id": "<renamed>", "input.remove.0.id": "<gone>"},
    ),
    Step(
        "lines/lines",
        keeps={f"revision{place}": f"subscribers.nodes.{place}.subscriber.revision" for place in (0, 2, 3)},
    ),
    Step("lines/lines_search"),
    Step("lines/subscriber"),
    Step("lines/subscriber_change", given={"input.rows.0.revision": "<revision0>"}),
    Step(
        "lines/subscribers_save_selected",
        given={"input.rows.0.revision": "<revision2>", "input.rows.1.revision": "<revision3>"},
    ),
    Step(
        "lines/subscriber_add",
        keeps={
            "subscriber": "subscribersSave.rows.0.subscriber.id",
            "revision": "subscribersSave.rows.0.subscriber.revision",
        },
    ),
    Step("lines/subscriber_remove", given={"id": "<subscriber>", "input.revision": "<revision>"}),
)


def uploaded(rows: str, ready: tuple[str, Any], *, compared: bool) -> tuple[Step, ...]:
    """A file on its way to its preview."""
    return (
        Step(
            "imports/upload_create",
            given={"input.size": "<size>"},
            keeps={"Upload": "uploadCreate.upload.id"},
            uploads=rows,
            compared=compared,
        ),
        Step(
            "imports/upload",
            keeps={"Import": "node.import.id"},
            until=("node.import", None),
            compared=compared,
        ),
        Step(
            "imports/import_preview",
            keeps={"hash": "node.contentHash"},
            until=ready,
            compared=compared,
        ),
    )


REGISTERING = (
    Step("imports/import_form_create"),
    *uploaded("rows", ("node.hasRefusedRowsWorkbook", True), compared=True),
    Step("imports/import_refused_rows_download"),
    Step("imports/import_cancel"),
    *uploaded("form", ("node.state", "PREVIEWED"), compared=False),
    Step("imports/import_register"),
)

FRESH = (
    code(
        "my_information/viewer_code_send",
        seed.MOBILE,
        keeps={"challenge": "viewerCodeSend.challenge.token"},
        compared=False,
    ),
    Step("my_information/viewer_code_confirm", compared=False),
)

INVITING = (
    Step(
        "invitations/invitations_send",
        keeps={"InvitationBatch": "invitationsSend.job.id"},
        password_to="010-0000-0100",
    ),
    Step(
        "invitations/invitation_batch",
        keeps={"Invitation": "node.invitations.nodes.0.id"},
        until=("node.status", "COMPLETED"),
    ),
    Step("invitations/invitations", given={"filter.states": ["SENT", "DELIVERED"]}),
    Step("invitations/invitations_resend", failed=True),
    # To somebody with a message under way nothing else is sent.
    Step("invitations/invitation_batch", until=("node.status", "COMPLETED"), compared=False),
    Step("invitations/app_sign_in", "app"),
    Step(
        "lines/lines",
        given={
            "filter": {
                "departmentIds": ["RGVwYXJ0bWVudDowMDAwMDAwMDAwMDA3MDAzODAwMDAwMDAwMDAwMDAwMQ"],
                "appEnabled": True,
            }
        },
        keeps={"count": "subscribers.totalCount.value"},
        compared=False,
    ),
    Step("invitations/invitations_send_filtered", given={"input.expectedCount": "<count>"}),
    Step("invitations/never_signed_in"),
)

EXPORTING = (
    *FRESH,
    Step("exports/call_export_request", keeps={"Export": "callExportRequest.export.id"}),
    Step("exports/export_cancel", unless_over="exports/call_export_request"),
    Step("exports/message_export_request"),
    Step("exports/statistics_export_request", keeps={"Export": "statisticsExportRequest.export.id"}),
)

DONE = (
    Step("imports/import_preview", until=("node.state", "REGISTERED"), compared=False),
    Step("imports/imports"),
    Step("exports/export", until=("node.status", "COMPLETED")),
    Step("exports/export_download"),
    Step("exports/exports"),
)
"""What was asked for above, by which it is ready."""

LOOKING_BACK = (
    Step("audit/company_policy_save"),
    Step("audit/audit_records"),
    Step("audit/audit_subjects"),
    Step("audit/access_review", given={"monthOn": "<month>"}),
    Step("audit/access_review_confirm"),
)

STEPS = (
    *CENTRE,
    *FIRST_SIGN_IN,
    *PEOPLE,
    *REGISTERING,
    *EXPORTING,
    *READING,
    *DONE,
    *INVITING,
    *LOOKING_BACK,
    *MY_INFORMATION,
    # When nobody needs the company any more.
    Step("operators/company_end", "operator"),
)
