"""No company's administrator comes to anything of another's (security T1, T2, T6), by whatever the API takes.

A new root field is swept from the day it is there. What a failure asks for is said in it: mostly a valid input, in
tests/security/inputs, or rows of a new kind, in tests/security/populated.py.
"""

from __future__ import annotations

from resolvers.permissions import NOBODY
from tests.security import operations
from tests.security.inputs import VALID
from tests.security.ledger import Ledger
from tests.security.names import ELSEWHERE, NAMING, PLAIN, SAME_FILTER
from tests.security.office import Office
from tests.security.operations import CURSORS
from tests.security.sweep import Sweep, roles

CODED = {
    "call": {"id", "customer_tail"},
    "company": {"plan_code"},
    "correction": {"id", "by_id"},
    "access_review": {"note"},
    "export": {"purpose", "failure", "note"},
    "feed_file": {"object_key", "object_version", "object_etag", "rejects_key", "refusal"},
    "feed_reject": {"code", "column_name"},
    "account_message": {"gateway_id", "reason"},
    "audit_record": {"actor_kind", "action", "subject_kind", "request_id", "address", "details"},
    "delivery": {"reason", "gateway_code"},
    "delivery_attempt": {"gateway", "code", "gateway_id", "fate_code"},
    "delivery_directory": {"gateway", "gateway_id"},
    "idempotency_key": {"operation", "answer"},
    "import": {
        *("object_etag", "object_version", "content_hash", "object_key", "refused_key", "result_key"),
        *("refusal", "refusal_params"),
    },
    "import_finding": {"column_name", "cell", "code"},
    "invitation": {"channels"},
    "message": {"id", "customer_tail"},
    "outbox": {"queue", "message_group", "body", "request_id"},
    "provisioning_event": {"reason", "path", "numbers"},
    "session": {"address"},
    "upload": {"object_key", "purpose", "request_id"},
    "verification_code": {"gateway_id"},
}
"""Columns of texts that we or other machines make: no person wrote what stands in them."""

STATEMENTS_MOST = 12
SESSION = 2
"""Statements that find out whose session it is and count the request, which the sweep's client doesn't send."""

COSTLY = {
    # Lists of lists and of what stands beside their rows, each loaded at once; the guide asks for a part of it.
    "Query.imports": 19,
    "Query.calls": 15,
    "Query.messages": 15,
    "Query.unreturnedCalls": 15,
    "Query.invitations": 13,
    # A secret is counted before it is compared, in a transaction of its own, and all that it opened is ended or told.
    "Mutation.adminRegister": 21,
    "Mutation.adminReplace": 27,
    "Mutation.adminWelcomeResend": 18,
    "Mutation.passwordReset": 24,
    "Mutation.passwordResetCodeSend": 13,
    "Mutation.signInVerify": 16,
    "Mutation.viewerCodeSend": 14,
    "Mutation.viewerMobileChange": 20,
    "Mutation.viewerMobileCodeSend": 18,
    "Mutation.viewerPasswordChange": 21,
    # Rows are locked before they are read, written table by table whatever their number, and what is told of people is
    # recorded; with the key that lets it happen once, and the outbox.
    "Mutation.accessReviewConfirm": 13,
    "Mutation.companyEnter": 13,
    "Mutation.departmentsSave": 19,
    "Mutation.importCancel": 14,
    "Mutation.importRegister": 19,
    "Mutation.invitationsResend": 22,
    "Mutation.invitationsSend": 19,
    "Mutation.callExportRequest": 14,
    "Mutation.messageExportRequest": 14,
    "Mutation.statisticsExportRequest": 14,
    "Mutation.subscriberRemove": 16,
    "Mutation.subscribersSave": 15,
    # Both trails, the accounts locked before they are suspended, and whatever was open of them.
    "Mutation.companySuspend": 14,
    # With every account and every line of the company, whose numbers are told to whom they are promised.
    "Mutation.companyEnd": 28,
    # An event of the provider makes a company, its lines and its administrator.
    "Mutation.provisioningApply": 42,
}
"""Root fields that take more statements than 12 (L12), and how many at the most.

Everything is selected that their answers have within three steps: more than any screen needs.
"""

EMPTY = {"outbox", "account_message", "feed_reject"}
"""Tables that are empty when everything has been sent and loaded."""

TEXTS = """
SELECT c.table_name::text AS t, c.column_name::text AS c FROM information_schema.columns c
JOIN information_schema.tables USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND table_type = 'BASE TABLE' AND c.data_type IN ('text', 'ARRAY', 'jsonb')
  AND (c.data_type <> 'ARRAY' OR c.udt_name = '_text')
  AND NOT EXISTS (
      SELECT 1 FROM information_schema.constraint_column_usage u
      JOIN information_schema.check_constraints k USING (constraint_schema, constraint_name)
      WHERE u.table_name = c.table_name AND u.column_name = c.column_name AND k.check_clause ~ '~|ANY|LIKE'
  )
"""


async def test_T1_another_companys_ids_names_and_cursors_lead_to_nothing(swept: Sweep) -> None:
    await swept.everything()

    assert not swept.findings, "\n".join(swept.findings)
    assert swept.called == set(operations.fields())
    assert unexercised(swept) == []
    costs = {key: cost + SESSION for key, cost in swept.costs.items() if cost + SESSION > STATEMENTS_MOST}
    assert {key: cost for key, cost in costs.items() if cost > COSTLY.get(key, 0)} == {}, (
        "bring it down, or say why in COSTLY"
    )
    assert COSTLY.keys() - costs.keys() == set(), "take it out of COSTLY"


def unexercised(swept: Sweep) -> list[str]:
    """Places for ids, names and cursors that no input of `VALID` holds (T2)."""
    wanted = [
        slot.path
        for slot in operations.slots()
        if slot.root not in SAME_FILTER
        if slot.name in CURSORS or slot.type == "ID" or (slot.name in NAMING and slot.path not in ELSEWHERE)
    ]
    nested = [
        f"{kind}.{name}.{part}" for kind, names in operations.lists().items() for name in names for part in CURSORS
    ]
    missing = [place for place in [*wanted, *nested] if place not in swept.exercised]
    return [f"{place}: hold it in an input of VALID, tests/security/inputs" for place in missing]


def test_T2_every_text_of_an_input_is_known_to_name_something_or_not() -> None:
    texts = {slot.name for slot in operations.slots() if slot.type in ("String", "PhoneNumber", "EmailAddress")}

    assert texts - NAMING - PLAIN - set(CURSORS) == set(), "say in tests/security/names.py what it is"
    assert {path.split(".input")[0] for path in ELSEWHERE} <= {key for key in VALID if NOBODY in roles(key)}


def test_T2_only_root_fields_and_lists_take_ids() -> None:
    """Ids in arguments of other fields would be swept by nothing."""
    for name, kind in operations.schema().type_map.items():
        if name in ("Query", "Mutation") or name.startswith("__") or not hasattr(kind, "fields"):
            continue
        for part, field in kind.fields.items():
            taken = {str(argument.type) for argument in getattr(field, "args", {}).values()}
            assert not any("ID" in each for each in taken), f"{name}.{part}: sweep it in tests/security/sweep.py"
            if "after" in getattr(field, "args", {}):
                assert name in operations.nodes(), f"{name}.{part}: sweep it in tests/security/sweep.py"


async def test_T1_the_other_company_is_populated(attacker: Office, books: Ledger) -> None:
    """Each type of node has an id, each table of companies a row, each text of theirs the canary.

    Of a fresh company like the other one, in which seeded holes may have been used.
    """
    victim = attacker
    assert set(operations.nodes()) <= set(victim.ids), "give a key of the new type in tests/security/populated.py"
    rows = await books.rows(victim.company.id)
    empty = {name for name, found in rows.items() if not found} - EMPTY
    assert empty == set(), "fill it in tests/security/populated.py"
    blank, texts = [], (victim.word[1:], *victim.company.numbers, *victim.mobiles)
    for table, column in [(row["t"], row["c"]) for row in await books.connection.fetch(TEXTS)]:
        if table in rows and column not in CODED.get(table, ()):
            key = "id" if table == "company" else "company_id"
            sql = f'SELECT "{column}"::text AS v FROM "{table}" WHERE {key} = $1'
            values = await books.connection.fetch(sql, victim.company.id)
            if not any(text in (row["v"] or "") for row in values for text in texts):
                blank.append(f"{table}.{column}")
    assert not blank, "\n".join(blank)
