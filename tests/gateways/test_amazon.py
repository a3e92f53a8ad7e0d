"""SES and SNS against an AWS-compatible server, and what their errors say about a message (W7)."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_string, policy
from email.headerregistry import Address
from email.message import EmailMessage

import pytest
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

from bizcall import aws, gateways
from bizcall.dispatch.mails import Letterhead
from bizcall.dispatch.messages import Facts, mail
from bizcall.gateways import amazon
from bizcall.gateways.amazon import SesMail, SnsSms
from bizcall.gateways.solapi import Solapi
from bizcall.ports import GatewayBusy, GatewayDown, GatewayFault, GatewayRefused, GatewayUncertain
from bizcall.settings import Settings
from tests.gateways.solapi_server import KEY, SECRET, SENDER, solapi_server
from tests.patience import ends

SILENCE = b"silence"
ACCOUNT, REGION = "123456789012", "ap-northeast-2"
SENDER_ADDRESS = "no-reply@bizcall.example"
REFERENCE = "0197f0aa-0000-7000-8000-000000000001-1"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server in this process, so that messages can be looked at as they came."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def letter(sender: str = SENDER_ADDRESS, to: str = "hong@example.com") -> bytes:
    """An invitation."""
    facts = Facts("주식회사 가나다", "홍길동", "07080000001", "kw7mphr3xd", datetime(2026, 7, 31, tzinfo=UTC))
    letterhead = Letterhead(Address("비즈콜", addr_spec=sender), "https://bizcall.example/app")
    return mail(facts, letterhead, to=to, reference=REFERENCE, delivery_id="d1", at=datetime(2026, 7, 24, tzinfo=UTC))


async def test_IN_10_mail_arrives_at_SES_whole(clients: aws.Clients) -> None:
    ses = await clients.get("sesv2")
    await ses.create_email_identity(EmailIdentity=SENDER_ADDRESS)
    message_id = await SesMail(clients).send(letter(), to="hong@example.com", reference=REFERENCE)
    sent = next(one for one in get_backend("ses")[ACCOUNT][REGION].sent_messages if one.id == message_id)
    message = message_from_string(sent.raw_data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message["Subject"] == "[비즈콜] 주식회사 가나다 업무 전화 앱에 초대되었습니다"
    assert message["From"].addresses[0].display_name == "비즈콜"
    assert message["To"].addresses[0].display_name == "홍길동"
    assert message["Message-ID"] == f"<{REFERENCE}@bizcall.example>"
    body = message.get_body(("plain",))
    assert body is not None
    assert "kw7mphr3xd" in body.get_content()


async def test_a_sender_that_is_not_verified_is_refused(clients: aws.Clients) -> None:
    with pytest.raises(GatewayRefused) as caught:
        await SesMail(clients).send(letter("else@where.example"), to="hong@example.com", reference=REFERENCE)
    assert caught.value.code == "MessageRejected"


@pytest.mark.parametrize("number", ["01087654321", "+821087654321"])
async def test_a_text_message_by_SNS_goes_to_the_international_form_of_the_number(
    clients: aws.Clients, number: str
) -> None:
    sms = SnsSms(clients)
    message_id = await sms.send(number, f"인증번호 {number}", subject="초대", reference=REFERENCE)
    assert message_id
    sent = get_backend("sns")[ACCOUNT][REGION].sms_messages.values()
    assert ("+821087654321", f"인증번호 {number}") in sent


async def test_SNS_can_not_be_asked_about_a_message(clients: aws.Clients) -> None:
    sms = SnsSms(clients)
    assert await sms.look_up(REFERENCE, to="01087654321", since=datetime.now(UTC)) is None
    assert [report async for report in sms.reports(datetime.now(UTC))] == []


async def test_W7_no_connection_to_AWS_means_that_nothing_left(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        clients = aws.Clients()
        with pytest.raises(GatewayDown):
            await SnsSms(clients).send("01012345678", "x", reference=REFERENCE)
        with pytest.raises(GatewayDown):
            await SesMail(clients).send(letter(), to="hong@example.com", reference=REFERENCE)
        await clients.close()


@dataclass
class Answering:
    """A server that gives everybody the same answer: None closes the connection, SILENCE never answers."""

    answer: bytes | None = None
    asked: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
        self.asked += 1
        if self.answer is SILENCE:
            await reader.read()
        elif self.answer is not None:
            writer.write(self.answer)
        writer.close()


@pytest.fixture(scope="module")
async def broken() -> AsyncIterator[tuple[Answering, SesMail]]:
    """SES that answers what it is told to, and its adapter; one client for all tests, because one takes a second."""
    told = Answering()
    server = await asyncio.start_server(told.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    clients = aws.Clients()
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "test")
        environment.setenv("AWS_DEFAULT_REGION", "ap-northeast-2")
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        await clients.get("sesv2")
    yield told, SesMail(clients)
    await clients.close()
    server.close()
    await server.wait_closed()


def error(status: int, code: str) -> bytes:
    """An error of SES, which quotes the address."""
    body = json.dumps({"__type": code, "message": "hong@example.com is not allowed"}).encode()
    head = (
        f"HTTP/1.1 {status} X\r\nx-amzn-errortype: {code}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400, "MessageRejected"), GatewayRefused),
        (error(400, "BadRequestException"), GatewayRefused),
        (error(429, "TooManyRequestsException"), GatewayBusy),
        (error(400, "ThrottlingException"), GatewayBusy),
        (error(400, "AccountSuspendedException"), GatewayDown),
        (error(400, "SendingPausedException"), GatewayDown),
        (error(400, "MailFromDomainNotVerifiedException"), GatewayDown),
        (error(403, "AccessDeniedException"), GatewayDown),
        (error(500, "InternalFailure"), GatewayDown),
        (error(503, "ServiceUnavailable"), GatewayDown),
        (error(502, "BadGateway"), GatewayUncertain),
        (error(504, "GatewayTimeout"), GatewayUncertain),
        (None, GatewayUncertain),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{", GatewayUncertain),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\n<html/>", GatewayUncertain),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}", GatewayUncertain),
    ],
)
async def test_W7_each_fault_of_AWS_says_whether_the_message_may_be_sent_again(
    broken: tuple[Answering, SesMail], answer: bytes | None, kind: type[GatewayFault]
) -> None:
    server, mail_gateway = broken
    server.answer, server.asked = answer, 0
    with pytest.raises(GatewayFault) as caught:
        await mail_gateway.send(letter(), to="hong@example.com", reference=REFERENCE)
    assert type(caught.value) is kind
    assert server.asked == 1, "nothing is repeated here"
    assert "hong" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_W7_a_silent_SES_is_uncertain_in_bounded_time(
    broken: tuple[Answering, SesMail], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amazon, "WHOLE_SECONDS", 0.3)
    server, mail_gateway = broken
    server.answer = SILENCE
    async with ends():
        with pytest.raises(GatewayUncertain):
            await mail_gateway.send(letter(), to="hong@example.com", reference=REFERENCE)


async def test_P_neither_address_nor_number_nor_words_reach_the_log(
    clients: aws.Clients, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ses = await clients.get("sesv2")
    await ses.create_email_identity(EmailIdentity=SENDER_ADDRESS)
    await SesMail(clients, "reports").send(letter(), to="hong@example.com", reference=REFERENCE)
    await SnsSms(clients).send("01087654321", "임시비번 kw7mphr3xd", reference=REFERENCE)
    assert "handed to SES" in caplog.text
    for hidden in ("hong", "87654321", "kw7mphr3xd"):
        assert hidden not in caplog.text


async def test_the_settings_choose_the_gateway(clients: aws.Clients) -> None:
    manager = await clients.get("secretsmanager")
    await manager.create_secret(Name="solapi", SecretString=json.dumps({"apiKey": KEY, "apiSecret": SECRET}))
    await manager.create_secret(Name="not json", SecretString=SECRET)
    async with solapi_server() as server:
        chosen = Settings(sms_gateway="solapi", solapi_secret_id="solapi", solapi_url=server.url, sender_number=SENDER)
        sms = await gateways.text_messages(chosen, clients)
        assert isinstance(sms, Solapi)
        placed = await sms.send("01012345678", "안내", reference=REFERENCE)
        await sms.close()
        assert server.messages[placed]["from"] == SENDER
    assert (await gateways.text_messages(Settings(), clients)).name == "sns"
    assert gateways.electronic_mail(Settings(), clients).name == "ses"
    for lacking, name in (
        ({"solapi_secret_id": None}, "SOLAPI_SECRET_ID"),
        ({"sender_number": "02-1234-5678"}, "SENDER_NUMBER"),
        ({"solapi_secret_id": "not json"}, "apiSecret"),
    ):
        with pytest.raises(RuntimeError, match=name) as caught:
            await gateways.text_messages(chosen.model_copy(update=lacking), clients)
        assert SECRET not in f"{caught.value!r}{caught.value.__cause__!r}"
