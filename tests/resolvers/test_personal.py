"""The sweep (P1): every field that reveals personal data is declared so, and asking for it leaves a record.

It goes by what fields are called; `test_whole_answers.py` by what they tell of people, whatever they are called.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type
from tortoise.exceptions import OperationalError

from bizcall import audit
from bizcall.audit import views
from bizcall.database import query, tenant
from bizcall.history.keys import FactKey
from bizcall.ids import uuid7
from bizcall.models import Admin
from bizcall.models.feeds import FeedKind
from resolvers import root
from schema.node import encode
from schema.personal import view_of
from tests.accounts import records
from tests.console import Console, Wiring, console
from tests.dispatching import Campaign
from tests.factories import Tenant, employ
from tests.feeding import DAY, Feeder, began, call, message
from tests.imports import Desk, person
from tests.masked import unmask
from tests.statements import counted

TELLING = re.compile(r"name|label|mobile|e-?mail|recipient|phone|address|original|birth", re.IGNORECASE)
"""How fields are called that could reveal somebody."""

HARMLESS = {
    "Admin.companyName": "a company",
    "Admin.mobileMasked": "four digits of a mobile, the rest hidden",
    "AppUser.companyName": "a company",
    "AppUser.email": "told once, to the app's server; the record of the sign-in says so",
    "AppUser.name": "the same",
    "AccessReviewAct.actionLabel": "what an act is called",
    "AuditDetail.name": "what a detail is called",
    "CodeSending.mobileMasked": "four digits of a mobile, the rest hidden",
    "Company.name": "a company",
    "CompanyAdminMasked.emailMasked": "masked",
    "CompanyAdminMasked.mobileMasked": "masked",
    "CompanyAdminMasked.nameMasked": "masked",
    "CompanyEntry.adminMobilesMasked": "masked",
    "CompanyEntry.name": "a company",
    "Department.name": "a department",
    "EnteredAdmin.email": "told once, by a mutation that leaves a record of its own, with a reason",
    "EnteredAdmin.mobile": "the same",
    "EnteredAdmin.name": "the same",
    "EnteredLine.departmentName": "a department",
    "EnteredLine.email": "told once, by a mutation that leaves a record of its own, with a reason",
    "EnteredLine.mobile": "the same",
    "EnteredLine.name": "the same",
    "ErrorParam.name": "what a value is called",
    "Export.fileName": "a file of ours",
    "Import.fileName": "a file; in the console's hands before it is in ours",
    "Import.sheetName": "a sheet",
    "Limit.name": "what a limit is called",
    "NoticeAttachment.fileName": "a file of the provider's",
    "Plan.name": "what the provider sells",
    "ResetAccount.companyName": "a company",
    "RevealedCustomer.name": "told once, by a mutation that leaves a record of its own, with a reason",
    "Session.address": "one's own",
    "Upload.fileName": "a file, as for imports",
    "UploadFormField.name": "a field of a form",
}
"""Fields of such names that aren't personal, and why."""

RECORDED = {"Call": "Line", "Message": "Line", "StatisticsSubject": "Subscriber"}
"""What stands in the record instead of the row itself: calls have no key that the log could name."""

STATISTICS = (
    f'{{ callStatistics(filter: {{fromOn: "{DAY:%Y-%m-%d}", toOn: "{DAY:%Y-%m-%d}", subscriberIds: ["%s"]}},'
    " granularity: MONTH, groupBy: %s, first: 5) { nodes { subject { %s } } } }"
)


def fields() -> Iterator[tuple[str, GraphQLObjectType, str]]:
    """All fields of objects, as Type.field."""
    for kind in root.schema()._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name in kind.fields:
                yield f"{kind.name}.{name}", kind, name


PERSONAL = sorted(where for where, kind, name in fields() if view_of(kind.fields[name]) and kind.name != "Query")


def test_P1_every_field_that_could_reveal_somebody_is_declared_personal_or_known_to_be_harmless() -> None:
    telling = {
        where
        for where, kind, name in fields()
        if TELLING.search(name) and is_leaf_type(get_named_type(kind.fields[name].type))
    }
    undeclared = telling - set(PERSONAL)
    assert undeclared == set(HARMLESS)
    assert len(PERSONAL) > 15


@dataclass
class Office:
    """A company with a subscriber who is invited, another administrator, and an import with a refused row."""

    company: Tenant
    api: Console
    ids: Mapping[str, str]

    async def seen(self) -> list[dict[str, Any]]:
        """The records of having looked, the newest last."""
        return [row for row in await records(self.company.id) if "view" in row["action"]]


@pytest.fixture
async def office(company: Tenant) -> AsyncIterator[Office]:
    campaign = Campaign(company)
    await campaign.register(1)
    await campaign.send(*campaign.people)
    desk = Desk(company)
    made = await desk.preview(person(company.numbers[5], mobile="7.0E+10"))
    colleague = uuid7()
    async with tenant(company.id):
        await Admin.create(id=colleague, company_id=company.id, name="이동료", mobile="01099998888")
        [delivery] = await query("SELECT id FROM delivery WHERE company_id = $1 LIMIT 1", company.id)
        [subscriber] = await query("SELECT id FROM subscriber WHERE company_id = $1", company.id)
    await employ(company.id, colleague, company.numbers[1], "01099998888")
    await began(company.id)
    heard = call(company.numbers[2], "c1", customer="010-2222-3333")
    written = message(company.numbers[2], "m1", customer="010-2222-3333")
    known = {"number": "010-2222-3333", "name": "홍길동", "details": "단골", "updated_at": DAY.isoformat()}
    await Feeder(company.id).load([heard])
    await Feeder(company.id, FeedKind.MESSAGES).load([written])
    await Feeder(company.id, FeedKind.CUSTOMERS).load([known])
    await unmask(company.id)
    async with tenant(company.id):
        [customer] = await query("SELECT id FROM customer WHERE company_id = $1", company.id)
    first = min(await records(company.id), key=lambda row: row["id"])
    ids = {
        "Admin": encode("Admin", colleague),
        "AuditRecord": encode("AuditRecord", first["id"]),
        "Call": encode("Call", str(FactKey("c1", DAY))),
        "Customer": encode("Customer", customer["id"]),
        "Delivery": encode("Delivery", delivery["id"]),
        "Import": encode("Import", made.id),
        "Message": encode("Message", str(FactKey("m1", DAY))),
        "Subscriber": encode("Subscriber", subscriber["id"]),
    }
    async with console(company) as api:
        yield Office(company, api, ids)


def document(office: Office, where: str) -> str:
    """A query of one field, by the object that has it or the import that its row belongs to."""
    kind, name = where.split(".")
    definition = root.schema()._schema.type_map[kind]
    assert isinstance(definition, GraphQLObjectType)
    target = get_named_type(definition.fields[name].type)
    inner = "" if is_leaf_type(target) else "{ __typename }"
    if kind == "StatisticsSubject":
        return STATISTICS % (office.ids["Subscriber"], "SUBSCRIBER", name)
    lists = {"ImportRow": "rows", "ImportFinding": "findings"}
    if kind in lists:
        asked = f"... on Import {{ {lists[kind]}(first: 1) {{ nodes {{ {name} {inner} }} }} }}"
        return f'{{ node(id: "{office.ids["Import"]}") {{ {asked} }} }}'
    return f'{{ node(id: "{office.ids[kind]}") {{ ... on {kind} {{ {name} {inner} }} }} }}'


async def test_P1_asking_a_personal_field_leaves_one_record_of_its_row(office: Office) -> None:
    for where in PERSONAL:
        before = len(await office.seen())
        assert await office.api.ask(document(office, where)), where
        (row,) = (await office.seen())[before:]
        kind = where.split(".")[0]
        assert (row["subject_kind"], row["details"]) == (RECORDED.get(kind, kind), '{"count": 1}'), where
        assert (row["actor_kind"], row["actor_id"]) == ("ADMIN", office.company.admin_id)
        if kind in office.ids and kind not in RECORDED:
            assert [encode(kind, key) for key in row["subject_ids"]] == [office.ids[kind]], where


async def test_P1_statistics_of_a_subscriber_by_name_leave_a_record_of_him_and_those_of_others_none(
    office: Office,
) -> None:
    person = office.ids["Subscriber"]
    for group, asked in (("SUBSCRIBER", "group"), ("LINE", "label"), ("DEPARTMENT", "label"), ("COMPANY", "label")):
        await office.api.ask(STATISTICS % (person, group, asked))
    assert await office.seen() == []
    answer = await office.api.ask(STATISTICS % (person, "SUBSCRIBER", "label"))
    assert [node["subject"]["label"] for node in answer["nodes"]] == ["직원0"]
    (row,) = await office.seen()
    assert (row["action"], [encode("Subscriber", key) for key in row["subject_ids"]]) == ("subscribers.view", [person])


PAGE = "{ subscribers(first: 100) { nodes { number subscriber { id %s } } } }"


async def test_P1_a_page_leaves_one_record_with_everybody_who_was_seen_once(office: Office) -> None:
    people = [office.ids["Subscriber"]]
    twice = """{
        a: subscribers(first: 100) { nodes { subscriber { name email } } }
        b: subscribers(first: 100) { nodes { subscriber { name mobile } } }
    }"""
    answer = await office.api.answer(twice)
    assert "errors" not in answer
    (row,) = await office.seen()
    assert row["action"] == "subscribers.view"
    assert [encode("Subscriber", key) for key in row["subject_ids"]] == people
    assert row["request_id"]


async def test_P1_who_selects_numbers_only_leaves_no_record_and_can_not_write(office: Office) -> None:
    with counted() as statements:
        await office.api.ask(PAGE % "ridEnabled department { name }")
    assert await office.seen() == []
    assert not any("INSERT" in sql for sql in statements)


async def test_P1_what_nobody_was_shown_leaves_no_record(office: Office) -> None:
    nobody = encode("Subscriber", uuid7())
    answer = await office.api.answer(f'{{ node(id: "{nobody}") {{ ... on Subscriber {{ name }} }} }}')
    assert answer["data"] == {"node": None}
    skipped = await office.api.answer((PAGE % "name @include(if: false)").replace("\n", " "))
    assert "errors" not in skipped
    assert await office.seen() == []


async def test_P1_nobody_is_told_on_for_looking_at_himself(office: Office) -> None:
    assert (await office.api.ask("{ viewer { admin { name } } }"))["admin"]["name"] == "김관리"
    assert await office.seen() == []


async def test_P1_fields_behind_fragments_and_aliases_are_recorded_likewise(office: Office) -> None:
    await office.api.answer(
        "query { subscribers(first: 1) { nodes { ...row } } }"
        " fragment row on Line { subscriber { ...who } } fragment who on Subscriber { x: mobileFormatted }"
    )
    assert [row["action"] for row in await office.seen()] == ["subscribers.view"]


async def test_P1_a_mutations_payload_is_recorded_as_well(office: Office) -> None:
    key = office.ids["Subscriber"]
    payload = await office.api.ask(
        f'mutation {{ subscriberRemove(id: "{key}", input: {{revision: 1}}) {{ subscriber {{ name }} }} }}'
    )
    assert payload["subscriber"]["name"]
    assert [row["action"] for row in await office.seen()] == ["subscribers.view"]


@pytest.mark.parametrize(
    "asked",
    [
        "{ subscribers(first: 1) { nodes { subscriber { name } } } }",
        'mutation { subscriberRemove(id: "%s", input: {revision: 1}) { subscriber { name } } }',
    ],
)
async def test_P1_without_its_record_nothing_is_answered(
    office: Office, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*arguments: Any, **named: Any) -> None:
        raise OperationalError("no room for records")

    monkeypatch.setattr(audit, "record_views", fail)
    answer = await office.api.answer(asked.replace("%s", office.ids["Subscriber"]))
    assert answer.get("data") is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTERNAL_SERVER_ERROR"]


async def test_P1_where_a_statement_failed_the_answer_is_its_error_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction has ended with it, so that what the others found can't be recorded, and isn't given."""

    async def fail(company_id: UUID, keys: Any) -> dict[UUID, Any]:
        await query("SELECT 1 / 0")
        return {}

    monkeypatch.setattr("schema.imports.jobs.Import.fetch", staticmethod(fail))
    answer = await office.api.answer(
        f'{{ node(id: "{office.ids["Subscriber"]}") {{ ... on Subscriber {{ name }} }}'
        f' other: node(id: "{office.ids["Import"]}") {{ id }} }}'
    )
    assert answer["data"] is None
    assert len(answer["errors"]) == 1
    assert await office.seen() == []


async def test_P1_at_most_ten_thousand_are_named_and_all_are_counted(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert views.IDS_MOST == 10_000
    monkeypatch.setattr(views, "IDS_MOST", 3)
    async with tenant(company.id):
        await audit.record_views(company.id, audit.system(), {views.SUBSCRIBERS: {uuid7() for _ in range(5)}})
    (row,) = await records(company.id)
    assert (len(row["subject_ids"]), row["details"]) == (3, '{"count": 5}')


async def test_P1_requests_at_once_keep_their_records_apart(office: Office, stranger: Tenant) -> None:
    async with console(stranger, Wiring()) as other:
        await asyncio.gather(
            *(office.api.ask(PAGE % "name") for _ in range(5)), *(other.ask(PAGE % "name") for _ in range(5))
        )
    assert [row["details"] for row in await office.seen()] == ['{"count": 1}'] * 5
    assert await records(stranger.id) == []
