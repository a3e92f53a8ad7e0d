"""Look-ups and reports of Solapi: read page by page, repeatable after any fault, the same whenever they are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bizcall.gateways import solapi
from bizcall.gateways.solapi import Solapi
from bizcall.ports import (
    Fate,
    FateState,
    GatewayBusy,
    GatewayDown,
    Report,
)
from tests.gateways.solapi_server import Fault, SolapiServer

MOBILE = "01012345678"
REFERENCE = "0197f0aa-0000-7000-8000-000000000001-1"


async def test_a_look_up_reads_every_page_of_one_number(server: SolapiServer, gateway: Solapi) -> None:
    server.page_limit = 3
    wanted = server.place(MOBILE, REFERENCE, code="4000")
    for number in range(7):
        server.place(MOBILE, f"other-{number}")
        server.place("01099999999", REFERENCE)
    fate = await gateway.look_up(REFERENCE, to="+821012345678", since=datetime.now(UTC))
    assert fate is not None
    assert (fate.state, fate.gateway_id, fate.code) == (FateState.DELIVERED, wanted, "4000")
    assert len(server.requests) == 3


async def test_a_look_up_that_finds_no_end_can_not_tell(server: SolapiServer, gateway: Solapi) -> None:
    server.page_limit = 1
    for number in range(12):
        server.place(MOBILE, f"other-{number}")
    assert await gateway.look_up(REFERENCE, to=MOBILE, since=datetime.now(UTC)) is None
    assert len(server.requests) == solapi.LOOK_UP_PAGES


@pytest.mark.parametrize(
    "fault",
    [
        Fault.PATIENCE,
        Fault.BROKEN,
        Fault.PROXY,
        Fault.SILENT,
        Fault.CUT,
        Fault.CUT_HALFWAY_TAKEN,
        Fault.SLOW_TAKEN,
        Fault.MALFORMED_TAKEN,
        Fault.PAGE,
        Fault.ERROR_INSIDE,
        Fault.INVALID,
        Fault.FORBIDDEN,
    ],
    ids=lambda fault: fault.name,
)
async def test_a_look_up_that_fails_says_nothing_and_may_be_repeated(
    server: SolapiServer, gateway: Solapi, fault: Fault
) -> None:
    server.place(MOBILE, REFERENCE, code="3000")
    server.faults.append(fault)
    with pytest.raises(GatewayBusy):
        await gateway.look_up(REFERENCE, to=MOBILE, since=datetime.now(UTC))
    fate = await gateway.look_up(REFERENCE, to=MOBILE, since=datetime.now(UTC))
    assert fate is not None
    assert fate.state is FateState.SENT


async def _heard(gateway: Solapi, since: datetime) -> list[Report]:
    return [report async for report in gateway.reports(since)]


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (None, FateState.ACCEPTED),
        ("TEST1000", FateState.ACCEPTED),
        ("2000", FateState.ACCEPTED),
        ("3000", FateState.SENT),
        ("4000", FateState.DELIVERED),
        ("2230", FateState.FAILED),
        ("3042", FateState.FAILED),
        ("3059", FateState.FAILED),
        ("1062", FateState.FAILED),
        ("9999", FateState.FAILED),
    ],
)
async def test_reports_tell_states_by_the_documented_codes(
    server: SolapiServer, gateway: Solapi, code: str | None, state: FateState
) -> None:
    at = datetime(2026, 7, 25, 1, 2, 3, tzinfo=UTC)
    message_id = server.place(MOBILE, REFERENCE, code=code, at=at)
    (report,) = await _heard(gateway, at)
    assert report == Report(
        f"{message_id}:{code or ''}", "solapi", message_id, REFERENCE, Fate(state, message_id, code or "", at)
    )


async def test_reports_come_page_by_page_and_only_of_what_changed_and_is_ours(
    server: SolapiServer, gateway: Solapi
) -> None:
    server.page_limit = 4
    at = datetime(2026, 7, 25, tzinfo=UTC)
    before = server.place(MOBILE, "before", at=at - timedelta(seconds=1))
    server.place(MOBILE, None, at=at)
    ours = {server.place(MOBILE, f"r-{number}", at=at) for number in range(10)}
    assert {report.gateway_id for report in await _heard(gateway, at)} == ours
    assert len(server.requests) == 3
    server.tell(before, "4000", at=at + timedelta(seconds=5))
    assert {report.gateway_id for report in await _heard(gateway, at)} == ours | {before}


async def test_a_report_told_again_has_the_same_identity_and_a_further_state_another(
    server: SolapiServer, gateway: Solapi
) -> None:
    at = datetime(2026, 7, 25, tzinfo=UTC)
    message_id = server.place(MOBILE, REFERENCE, code="3000", at=at)
    first, again = await _heard(gateway, at), await _heard(gateway, at)
    server.tell(message_id, "4000", at=at + timedelta(seconds=9))
    later = await _heard(gateway, at)
    assert first == again
    assert first[0].id != later[0].id


async def test_what_was_heard_before_a_page_failed_counts(server: SolapiServer, gateway: Solapi) -> None:
    server.page_limit = 2
    at = datetime(2026, 7, 25, tzinfo=UTC)
    for number in range(5):
        server.place(MOBILE, f"r-{number}", at=at)
    told = gateway.reports(at)
    heard = [await anext(told), await anext(told)]
    server.faults.append(Fault.CUT)
    with pytest.raises(GatewayDown):
        await anext(told)
    assert len({report.gateway_id for report in heard}) == 2
    assert len(await _heard(gateway, at)) == 5
