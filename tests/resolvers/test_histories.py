"""Histories, customers and reveals over GraphQL (ST-02, MS-01, CU-01)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bizcall.database import query, tenant
from bizcall.months import KOREA
from schema.node import encode
from tests.console import Console, Wiring, console
from tests.doubles import RecordingQueue
from tests.factories import Tenant, make_tenant
from tests.feeding import DAY
from tests.histories import CUSTOMERS, WEEKS, Office, day, office
from tests.statements import counted

SPAN = {"fromOn": str(day(0)), "toOn": str(day(WEEKS * 7 - 1))}
FACT = """
  id lineNumber line { number } subscriber { name } department { name }
  customerNumber customerNumberFormatted customer { id name numberFormatted number details isMasked updatedAt }
"""
CALLS = """
query ($filter: CallFilter!, $first: Int, $after: String, $last: Int, $before: String, $orderBy: CallOrder) {
  calls(filter: $filter, first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy) {
    nodes { startedAt type seconds FACT }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount { value precision }
  }
}
""".replace("FACT", FACT)
UNRETURNED = CALLS.replace("calls(filter", "unreturnedCalls(filter")
FRESHNESS = """
query ($calls: CallFilter!, $missed: CallFilter!, $messages: MessageFilter!) {
  calls(filter: $calls, first: 1) { asOf }
  unreturnedCalls(filter: $missed, first: 1) { asOf }
  messages(filter: $messages, first: 1) { asOf }
  callStatistics(filter: $calls, granularity: MONTH, groupBy: COMPANY, first: 1) { asOf }
  messageStatistics(filter: $messages, granularity: MONTH, groupBy: COMPANY, first: 1) { asOf }
}
"""
MESSAGES = """
query ($filter: MessageFilter!) {
  messages(filter: $filter, first: 100) { nodes { sentAt direction kind textLength FACT } totalCount { value } }
}
""".replace("FACT", FACT)
CUSTOMERS_PAGE = """
query ($filter: CustomerFilter, $orderBy: CustomerOrder) {
  customers(first: 100, filter: $filter, orderBy: $orderBy) { nodes { id name numberFormatted number details } }
}
"""
READ = """
mutation ($id: ID!, $input: MessageRevealInput!) {
  messageReveal(id: $id, input: $input) { text userErrors { code field message } }
}
"""
REVEAL = """
mutation ($id: ID!, $input: CustomerRevealInput!) {
  customerReveal(id: $id, input: $input) {
    customer { number numberFormatted name details customer { id name isMasked } }
    userErrors { code field }
  }
}
"""
POLICY = """
mutation ($input: CompanyPolicySaveInput!) {
  companyPolicySave(input: $input) { company { masksCustomers } userErrors { code field message } }
}
"""
WHY = {"reason": "CALL_BACK", "note": "부재중 전화 회신"}
_offices: list[Office] = []


@pytest.fixture
async def history(db: None) -> Office:
    """One for all tests that change nothing."""
    if not _offices:
        _offices.append(await office(await make_tenant()))
    return _offices[0]


@pytest.fixture
async def desk(history: Office) -> AsyncIterator[Console]:
    async with console(history.company) as made:
        yield made


async def test_ST_02_a_call_shows_both_sides_as_of_then(history: Office, desk: Console) -> None:
    facts = {(fact["started_at"], fact["seconds"], fact["type"]): fact for fact in history.calls}
    page = await desk.ask(CALLS, filter=SPAN, first=100)
    assert len(page["nodes"]) == 100
    names = dict(enumerate(history.company.departments))
    for node in page["nodes"]:
        [fact] = [
            each
            for (at, seconds, kind), each in facts.items()
            if (at.isoformat(), seconds, kind) == (node["startedAt"], node["seconds"], node["type"])
        ]
        line = history.company.line_ids.index(fact["line_id"])
        late = fact["started_at"].astimezone(KOREA) >= DAY + timedelta(days=10, hours=12)
        assert node["lineNumber"] == node["line"]["number"] == history.company.numbers[line]
        if line > 2:
            assert (node["subscriber"], node["department"]) == (None, None)
        else:
            assert node["subscriber"] == {"name": f"{'새' if late else '옛'} 사람 {line}"}
            department = names[0] if late else names.get(line)
            assert node["department"] == (department and {"name": department})


async def test_CU_01_lists_are_masked_by_default_and_whole_when_the_company_says_so(company: Tenant) -> None:
    made = await office(company, facts=60)
    secrets = [
        f["customer_number"] for f in made.calls if len(f["customer_number"]) > 10 and "0" in f["customer_number"]
    ]
    async with console(company, Wiring(queue=RecordingQueue())) as desk:
        for document in (CALLS, MESSAGES, CUSTOMERS_PAGE, UNRETURNED):
            span = {**SPAN, "toOn": str(day(30))}
            given = {} if document is CUSTOMERS_PAGE else {"filter": span}
            answer = await desk.answer(document, first=100, **given)
            told = str(answer)
            assert "errors" not in answer
            assert not [secret for secret in (*secrets, *CUSTOMERS, *CUSTOMERS.values()) if secret in told]
            assert "안녕하세요" not in told
            assert "단골" not in told
        page = await desk.ask(CALLS, filter=SPAN | {"customerNumber": "+82 10 2000 1234"}, first=1)
        [node] = page["nodes"]
        assert (node["customerNumber"], node["customerNumberFormatted"]) == (None, "010-****-1234")
        shown = node["customer"]
        assert (shown["name"], shown["numberFormatted"], shown["number"]) == ("홍*동", "010-****-1234", None)
        assert (shown["details"], shown["isMasked"]) == (None, True)
        refused = (await desk.ask(POLICY, input={"masksCustomers": False}))["userErrors"]
        assert refused == [{"code": "REQUIRED", "field": ["reason"], "message": "필수 항목입니다. 값을 입력해 주세요."}]
        saved = await desk.ask(POLICY, input={"masksCustomers": False, **WHY})
        assert saved["company"] == {"masksCustomers": False}
        page = await desk.ask(CALLS, filter=SPAN | {"customerTail": "1234", "customerName": "홍길동"}, first=1)
        [node] = page["nodes"]
        assert (node["customerNumber"], node["customerNumberFormatted"]) == ("01020001234", "010-2000-1234")
        shown = node["customer"]
        assert (shown["name"], shown["number"], shown["details"]) == ("홍길동", "01020001234", "홍길동 단골")
        assert not shown["isMasked"]
        assert "안녕하세요" not in str(await desk.answer(MESSAGES, filter=SPAN))


async def test_ST_02_the_filter_reaches_every_field(history: Office, desk: Console) -> None:
    line, department = history.company.line_ids[0], history.departments[0]
    wanted = SPAN | {
        "weekdays": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"],
        "hours": {"from": 22, "to": 10},
        "direction": "INCOMING",
        "types": ["INCOMING", "MISSED", "OUTGOING"],
        "departmentIds": [encode("Department", department)],
        "lineIds": [encode("Line", line)],
        "subscriberIds": [encode("Subscriber", key) for key in history.subscribers],
    }
    page = await desk.ask(CALLS, filter=wanted, first=100)
    right = [
        fact
        for fact in history.calls
        if (local := fact["started_at"].astimezone(KOREA)).isoweekday() < 6
        and (local.hour >= 22 or local.hour < 10)
        and fact["type"] in ("INCOMING", "MISSED")
        and (fact["line_id"], fact["department_id"]) == (line, department)
    ]
    assert sorted(node["startedAt"] for node in page["nodes"]) == sorted(f["started_at"].isoformat() for f in right)
    assert page["totalCount"] == {"value": len(right), "precision": "EXACT"}
    assert right


async def test_ST_02_nobody_is_asked_for_by_name_and_never_by_a_bad_id(history: Office, desk: Console) -> None:
    for field, extra in (("departmentIds", "noDepartment"), ("subscriberIds", "noSubscriber")):
        column = field.replace("Ids", "_id")
        right = sum(fact[column].int == 0 for fact in history.calls)
        page = await desk.ask(CALLS, filter=SPAN | {extra: True}, first=1)
        assert page["totalCount"]["value"] == right > 0
        kind = field.removesuffix("Ids").capitalize()
        for nothing in ("", "x", encode(kind, type(history.company.id)(int=0)), encode("Line", history.company.id)):
            page = await desk.ask(CALLS, filter=SPAN | {field: [nothing]}, first=1)
            assert page["totalCount"]["value"] == 0


async def test_ST_02_pages_run_both_ways(desk: Console) -> None:
    start = await desk.ask(CALLS, filter=SPAN, first=5, orderBy={"direction": "ASC"})
    assert [node["startedAt"] for node in start["nodes"]] == sorted(node["startedAt"] for node in start["nodes"])
    cursor = start["pageInfo"]["endCursor"]
    following = await desk.ask(CALLS, filter=SPAN, first=5, after=cursor, orderBy={"direction": "ASC"})
    cursor = following["pageInfo"]["startCursor"]
    back = await desk.ask(CALLS, filter=SPAN, last=5, before=cursor, orderBy={"direction": "ASC"})
    assert back["nodes"] == start["nodes"]
    wrong = await desk.answer(CALLS, filter=SPAN, first=5, after=cursor)
    assert wrong["errors"][0]["extensions"]["problems"][0]["code"] == "BAD_CURSOR"


async def test_ST_03_histories_say_as_of_when_they_are_as_statistics_do(desk: Console) -> None:
    data = (await desk.answer(FRESHNESS, calls=SPAN, missed=SPAN | {"toOn": str(day(6))}, messages=SPAN))["data"]
    assert data["calls"]["asOf"] == data["callStatistics"]["asOf"] is not None
    assert data["unreturnedCalls"] == data["calls"]
    assert data["messages"]["asOf"] == data["messageStatistics"]["asOf"] is not None


async def test_ST_02_a_page_of_a_hundred_costs_as_many_statements_as_one_of_two(desk: Console) -> None:
    costs = []
    for size in (2, 100):
        with counted() as sent:
            await desk.ask(CALLS, filter=SPAN, first=size)
        costs.append(len(sent))
    assert costs[1] <= 9
    assert costs[1] - costs[0] <= 3


async def test_ST_02_a_longer_period_is_refused_and_told_in_korean(desk: Console) -> None:
    answer = await desk.answer(CALLS, filter={"fromOn": "2026-03-01", "toOn": "2026-06-01"}, first=1)
    [problem] = answer["errors"][0]["extensions"]["problems"]
    assert (problem["code"], problem["field"]) == ("OUT_OF_RANGE", ["filter", "toOn"])
    assert problem["params"]["maximum"] == "2026-05-31"
    assert "2026-05-31" in problem["message"]


async def test_ST_02_a_call_and_a_message_are_found_again_by_their_ids(
    history: Office, desk: Console, stranger: Tenant
) -> None:
    call = (await desk.ask(CALLS, filter=SPAN, first=1))["nodes"][0]["id"]
    message = (await desk.ask(MESSAGES, filter=SPAN))["nodes"][0]["id"]
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    found = await desk.ask(document, ids=[call, message, call + "x", encode("Call", "1.1"), encode("Call", "01.1")])
    assert found == [{"__typename": "Call", "id": call}, {"__typename": "Message", "id": message}, None, None, None]
    async with console(stranger) as theirs:
        assert await theirs.ask(document, ids=[call, message]) == [None, None]


async def test_ST_02_a_line_that_the_company_gave_up_is_still_named(company: Tenant) -> None:
    await office(company, facts=10)
    async with tenant(company.id):
        await query("UPDATE line SET retired_at = now() WHERE company_id = $1", company.id)
    async with console(company) as desk:
        page = await desk.ask(CALLS, filter=SPAN, first=100)
    assert {node["lineNumber"] for node in page["nodes"]} <= set(company.numbers)
    assert all(node["line"] is None for node in page["nodes"])


async def test_MS_01_messages_are_listed_without_texts_and_read_with_a_reason(history: Office, desk: Console) -> None:
    page = await desk.ask(MESSAGES, filter=SPAN | {"direction": "OUTGOING"})
    right = [fact for fact in history.messages if fact["direction"] == "SENT"]
    assert page["totalCount"]["value"] == len(right)
    node = page["nodes"][0]
    assert (node["direction"], node["kind"], node["textLength"]) == ("SENT", "SMS", 5)
    assert await desk.ask(READ, id=node["id"], input=WHY) == {"text": "안녕하세요", "userErrors": []}
    refused = await desk.ask(READ, id=node["id"], input=WHY | {"note": "..."})
    assert (refused["text"], refused["userErrors"][0]["code"]) == (None, "REQUIRED")
    assert refused["userErrors"][0]["field"] == ["note"]


async def test_CU_01_a_customer_is_revealed_from_a_call_a_message_or_its_own_id(desk: Console) -> None:
    wanted = SPAN | {"customerNumber": "010-2000-1234"}
    call = (await desk.ask(CALLS, filter=wanted, first=1))["nodes"][0]
    message = (await desk.ask(MESSAGES, filter=wanted))["nodes"][0]
    for opaque in (call["id"], message["id"], call["customer"]["id"]):
        shown = await desk.ask(REVEAL, id=opaque, input=WHY)
        assert shown["userErrors"] == []
        assert shown["customer"] == {
            "number": "01020001234",
            "numberFormatted": "010-2000-1234",
            "name": "홍길동",
            "details": "홍길동 단골",
            "customer": {"id": call["customer"]["id"], "name": "홍*동", "isMasked": True},
        }


async def test_CU_01_what_is_not_ones_own_is_not_found(desk: Console, stranger: Tenant) -> None:
    call = (await desk.ask(CALLS, filter=SPAN, first=1))["nodes"][0]["id"]
    message = (await desk.ask(MESSAGES, filter=SPAN))["nodes"][0]["id"]
    async with console(stranger) as theirs:
        for opaque in (call, message, "", "x", encode("Customer", stranger.id), encode("Line", stranger.line_ids[0])):
            for document in (REVEAL, READ):
                answer = await theirs.ask(document, id=opaque, input=WHY)
                assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [("NOT_FOUND", ["id"])]


async def test_CU_01_customers_are_searched_by_the_beginning_of_the_name_or_by_number(desk: Console) -> None:
    async def names(**wanted: Any) -> list[str]:
        return [node["name"] for node in (await desk.ask(CUSTOMERS_PAGE, **wanted))["nodes"]]

    assert await names() == ["S**** J***", "S*******", "김*", "홍*동", "홍*순"]
    assert await names(orderBy={"direction": "DESC"}) == ["홍*순", "홍*동", "김*", "S*******", "S**** J***"]
    assert await names(filter={"name": "홍길"}) == ["홍*동", "홍*순"]
    assert await names(filter={"name": "길동"}) == []
    assert await names(filter={"number": "02 300 5678"}) == ["S**** J***"]
    assert await names(filter={"number": "5678"}) == []
    for wrong in ({"name": " "}, {"name": "가" * 101}, {"number": ""}):
        answer = await desk.answer(CUSTOMERS_PAGE, filter=wrong)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_ST_02_unreturned_calls_are_listed(company: Tenant) -> None:
    await office(company, facts=40, parties=[f"010-6000-{n:04}" for n in range(40)])
    async with console(company) as desk:
        page = await desk.ask(UNRETURNED, filter=SPAN | {"toOn": str(day(30))}, first=100)
    assert {node["type"] for node in page["nodes"]} <= {"MISSED", "MISSED_BUSY", "ABANDONED"}
    assert page["totalCount"]["value"] == len(page["nodes"]) > 0
