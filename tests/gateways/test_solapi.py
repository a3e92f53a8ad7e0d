"""Solapi's adapter against a server that answers and fails as documented: what a fault says about the message (W7)."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bizcall.gateways import solapi
from bizcall.gateways.solapi import Solapi
from bizcall.gateways.solapi_answers import refusal, retry_after
from bizcall.ports import (
    FateState,
    GatewayBusy,
    GatewayDown,
    GatewayFault,
    GatewayRefused,
    GatewayUncertain,
)
from tests.gateways.solapi_server import KEY, SECRET, SENDER, Fault, SolapiServer
from tests.patience import ends

MOBILE = "01012345678"
TEXT = "[비즈콜] 임시비번 kw7mphr3xd"
REFERENCE = "0197f0aa-0000-7000-8000-000000000001-1"


OUTCOMES: dict[Fault, tuple[type[GatewayFault], str]] = {
    Fault.PATIENCE: (GatewayBusy, "TooManyRequests"),
    Fault.PATIENCE_UNTIL: (GatewayBusy, "HTTP 429"),
    Fault.BROKEN: (GatewayDown, "InternalError"),
    Fault.BROKEN_PAGE: (GatewayDown, "HTTP 500"),
    Fault.AWAY: (GatewayDown, "HTTP 503"),
    Fault.PROXY: (GatewayUncertain, "HTTP 502"),
    Fault.PROXY_TAKEN: (GatewayUncertain, "HTTP 504"),
    Fault.SILENT: (GatewayUncertain, "TimeoutError"),
    Fault.SILENT_TAKEN: (GatewayUncertain, "TimeoutError"),
    Fault.CUT: (GatewayUncertain, "ReadError"),
    Fault.CUT_TAKEN: (GatewayUncertain, "RemoteProtocolError"),
    Fault.CUT_HALFWAY_TAKEN: (GatewayUncertain, "RemoteProtocolError"),
    Fault.SLOW_TAKEN: (GatewayUncertain, "TimeoutError"),
    Fault.MALFORMED_TAKEN: (GatewayUncertain, "unreadable answer"),
    Fault.PAGE: (GatewayUncertain, "unreadable answer"),
    Fault.EMPTY: (GatewayUncertain, "unreadable answer"),
    Fault.NOTHING_PLACED: (GatewayUncertain, "answer without a message"),
    Fault.ENDLESS: (GatewayUncertain, "endless answer"),
    Fault.ERROR_INSIDE: (GatewayRefused, "ValidationError"),
    Fault.UNKNOWN_ERROR_INSIDE: (GatewayUncertain, "unnamed error"),
    Fault.REDIRECT: (GatewayDown, "HTTP 302"),
    Fault.INVALID: (GatewayRefused, "ValidationError"),
    Fault.NO_CREDIT: (GatewayDown, "NotEnoughBalance"),
    Fault.FORBIDDEN: (GatewayDown, "Forbidden"),
}


def test_every_fault_has_its_outcome() -> None:
    assert OUTCOMES.keys() == set(Fault)


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
async def test_W7_each_fault_says_whether_the_message_may_be_sent_again(
    server: SolapiServer, gateway: Solapi, fault: Fault
) -> None:
    kind, code = OUTCOMES[fault]
    server.faults.append(fault)
    async with ends():
        with pytest.raises(GatewayFault) as caught:
            await gateway.send(MOBILE, TEXT, reference=REFERENCE)
    assert type(caught.value) is kind
    assert str(caught.value) == code
    assert caught.value.__cause__ is None, "httpx keeps the request in its errors"
    assert len(server.requests) == 1, "nothing is repeated here"
    if kind is not GatewayUncertain:
        assert not server.messages, "only an uncertain message may have been taken"
    assert len(server.messages) == ("TAKEN" in fault.name)


@pytest.mark.parametrize("fault", [fault for fault in Fault if OUTCOMES[fault][0] is GatewayUncertain], ids=str)
async def test_W7_a_message_of_unknown_fate_is_found_by_our_reference(
    server: SolapiServer, gateway: Solapi, fault: Fault
) -> None:
    server.faults.append(fault)
    since = datetime.now(UTC)
    with pytest.raises(GatewayUncertain):
        await gateway.send(MOBILE, TEXT, reference=REFERENCE)
    fate = await gateway.look_up(REFERENCE, to=MOBILE, since=since)
    assert fate is not None
    assert fate.state is (FateState.ACCEPTED if "TAKEN" in fault.name else FateState.ABSENT)
    assert fate.gateway_id == next(iter(server.messages), None)


async def test_a_short_message_is_an_SMS_and_one_with_a_subject_an_LMS(server: SolapiServer, gateway: Solapi) -> None:
    first = await gateway.send(MOBILE, TEXT, reference=REFERENCE)
    second = await gateway.send("+821012345678", "가" * 1000, subject="초대", reference="r-2")
    short, long = server.messages[first], server.messages[second]
    assert (short["type"], short["to"], short["from"], short["text"]) == ("SMS", MOBILE, SENDER, TEXT)
    assert short["customFields"] == {"reference": REFERENCE}
    assert "subject" not in short
    assert short["autoTypeDetect"] is False
    assert (long["type"], long["to"], long["subject"]) == ("LMS", MOBILE, "초대")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("1011", GatewayRefused),
        ("1026", GatewayRefused),
        ("1028", GatewayRefused),
        ("1058", GatewayRefused),
        ("1060", GatewayRefused),
        ("1061", GatewayRefused),
        ("1062", GatewayRefused),
        ("1064", GatewayRefused),
        ("1020", GatewayDown),
        ("1024", GatewayDown),
        ("1030", GatewayDown),
    ],
)
async def test_a_status_code_that_refuses_is_for_good_unless_it_is_not_about_the_message(
    server: SolapiServer, gateway: Solapi, code: str, kind: type[GatewayFault]
) -> None:
    server.refusals[MOBILE] = code
    with pytest.raises(GatewayFault) as caught:
        await gateway.send(MOBILE, TEXT, reference=REFERENCE)
    assert type(caught.value) is kind
    assert str(caught.value) == code
    assert not server.messages


async def test_a_text_that_is_too_long_and_a_sender_that_is_not_registered_are_refused(server: SolapiServer) -> None:
    stranger = Solapi(KEY, SECRET, sender="0299999999", url=server.url)
    for text, subject, code in (("가" * 46, None, "1031"), ("가" * 1001, "제목", "1031"), ("가", None, "1062")):
        with pytest.raises(GatewayRefused) as caught:
            await stranger.send(MOBILE, text, subject=subject, reference=REFERENCE)
        assert caught.value.code == code
    await stranger.close()


async def test_a_number_abroad_never_leaves(server: SolapiServer, gateway: Solapi) -> None:
    with pytest.raises(GatewayRefused):
        await gateway.send("+12125550100", TEXT, reference=REFERENCE)
    assert not server.requests


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "ValidationError", GatewayRefused),
        (400, "NotEnoughBalance", GatewayDown),
        (400, "NeverHeardOf", GatewayRefused),
        (400, "TooManyRequests", GatewayBusy),
        (413, None, GatewayRefused),
        (401, None, GatewayDown),
        (403, "RequestTimeTooSkewed", GatewayDown),
        (404, None, GatewayDown),
        (405, "ValidationError", GatewayDown),
        (408, None, GatewayDown),
        (429, None, GatewayBusy),
        (302, None, GatewayDown),
        (500, "ValidationError", GatewayDown),
        (502, None, GatewayUncertain),
        (504, "InternalError", GatewayUncertain),
        (503, None, GatewayDown),
        (520, None, GatewayUncertain),
        (524, None, GatewayUncertain),
        (599, None, GatewayUncertain),
    ],
)
def test_only_what_is_about_the_message_ends_it(status: int, code: str | None, kind: type[GatewayFault]) -> None:
    body = b"<html>" if code is None else json.dumps({"errorCode": code, "errorMessage": MOBILE}).encode()
    fault = refusal(status, {}, body, at=datetime(2026, 7, 25, tzinfo=UTC))
    assert type(fault) is kind
    assert str(fault) == (code or f"HTTP {status}")


async def test_retry_after_comes_back_in_seconds(server: SolapiServer, gateway: Solapi) -> None:
    server.faults += [Fault.PATIENCE, Fault.PATIENCE_UNTIL, Fault.AWAY, Fault.BROKEN]
    waits = []
    for _ in range(4):
        with pytest.raises(GatewayBusy) as caught:
            await gateway.send(MOBILE, TEXT, reference=REFERENCE)
        waits.append(caught.value.retry_after)
    assert waits[0] == 7
    assert waits[1] == pytest.approx(90, abs=3)
    assert waits[2:] == [30, None]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("86400", 3600),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("Sat, 25 Jul 2026 00:00:10 GMT", 10),
        ("Sat, 25 Jul 2026 00:00:10", 10),
        ("Fri, 24 Jul 2026 00:00:00 GMT", 0),
        ("Sat, 99 Jul 2026 00:00:00 GMT", None),
    ],
)
def test_retry_after_in_both_forms_and_without_sense(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, at=datetime(2026, 7, 25, tzinfo=UTC)) == seconds


async def test_every_request_is_signed_anew_and_a_wrong_signature_is_the_gateways_matter(server: SolapiServer) -> None:
    gateway = Solapi(KEY, SECRET, sender=SENDER, url=server.url)
    for number in range(5):
        await gateway.send(MOBILE, TEXT, reference=f"r-{number}")
    assert len(server.messages) == 5
    await gateway.close()

    late = datetime.now(UTC) - timedelta(minutes=16)
    for wrong, code in (
        (Solapi(KEY, "another secret", sender=SENDER, url=server.url), "SignatureDoesNotMatch"),
        (Solapi("NOBODY", SECRET, sender=SENDER, url=server.url), "InvalidAPIKey"),
        (Solapi(KEY, SECRET, sender=SENDER, url=server.url, clock=lambda: late), "RequestTimeTooSkewed"),
    ):
        with pytest.raises(GatewayDown) as caught:
            await wrong.send(MOBILE, TEXT, reference="r")
        assert caught.value.code == code
        await wrong.close()
    assert len(server.messages) == 5


async def test_a_gateway_that_refuses_or_ignores_connections_has_taken_nothing() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refusing = Solapi(KEY, SECRET, sender=SENDER, url=f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(GatewayDown) as caught:
            await refusing.send(MOBILE, TEXT, reference=REFERENCE)
        assert caught.value.code == "ConnectError"
        await refusing.close()

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for filler in waiting:
            # They fill the queue of connections that nobody accepts, so that the next one isn't answered at all.
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        adapter = Solapi(
            KEY, SECRET, sender=SENDER, url=f"http://127.0.0.1:{deaf.getsockname()[1]}", connect_seconds=0.3
        )
        async with ends():
            with pytest.raises(GatewayDown) as caught:
                await adapter.send(MOBILE, TEXT, reference=REFERENCE)
        assert caught.value.code == "ConnectTimeout"
        await adapter.close()
        for filler in waiting:
            filler.close()


def test_a_request_takes_ten_seconds_at_most_three_of_them_for_the_connection() -> None:
    assert (solapi.CONNECT_SECONDS, solapi.WHOLE_SECONDS) == (3.0, 10.0)


async def test_many_messages_at_once_share_connections_and_keep_their_ids(server: SolapiServer) -> None:
    gateway = Solapi(KEY, SECRET, sender=SENDER, url=server.url)
    ids = await asyncio.gather(*(gateway.send(MOBILE, TEXT, reference=f"r-{number}") for number in range(50)))
    assert len(set(ids)) == 50
    assert all(server.messages[placed]["customFields"] == {"reference": f"r-{n}"} for n, placed in enumerate(ids))
    await gateway.close()


async def test_P_no_secret_no_number_and_no_text_reaches_logs_or_errors(
    server: SolapiServer, gateway: Solapi, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever comes of each is looked at, a time-out for a slow machine too.
    monkeypatch.setattr(gateway, "_whole_seconds", 0.6)
    caplog.set_level(logging.DEBUG)
    told = [repr(gateway), str(vars(gateway).keys())]
    for fault in [None, *Fault]:
        server.faults.extend([fault] if fault else [])
        try:
            await gateway.send(MOBILE, TEXT, reference=REFERENCE)
        except GatewayFault as error:
            chain: BaseException | None = error
            while chain is not None:
                told += [repr(chain), str(chain)]
                chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
        server.faults.extend([fault] if fault else [])
        try:
            await gateway.look_up(REFERENCE, to=MOBILE, since=datetime.now(UTC))
        except GatewayFault as error:
            told.append(repr(error))
    told.append(caplog.text)
    everything = "\n".join(told)
    assert "Solapi did not take" in everything
    for hidden in (SECRET, KEY, MOBILE, MOBILE[1:], "kw7mphr3xd", "signature="):
        assert hidden not in everything


async def test_the_servers_own_checks_bite(server: SolapiServer, gateway: Solapi) -> None:
    """A server that took anything would prove nothing."""
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as bare:
        wanted = {"messages": [{"to": MOBILE, "from": SENDER, "text": "x", "type": "SMS"}], "showMessageList": True}
        unsigned = await bare.post("/messages/v4/send-many/detail", json=wanted)
        signed = {"authorization": gateway._signed()}
        first = await bare.post("/messages/v4/send-many/detail", json=wanted, headers=signed)
        replayed = await bare.post("/messages/v4/send-many/detail", json=wanted, headers=signed)
    assert (unsigned.status_code, first.status_code, replayed.status_code) == (403, 200, 403)
    assert json.loads(replayed.text)["errorCode"] == "DuplicatedSignature"
    assert len(server.messages) == 1
