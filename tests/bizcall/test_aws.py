"""The adapters against an AWS-compatible server, by real HTTP; what it does not enforce is read from what we sign."""

from __future__ import annotations

import base64
import json
import socket
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import httpx
import pytest

from bizcall import aws
from bizcall.errors import Unavailable
from bizcall.ports import Letter, ObjectMissing

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KOREAN = '등록 결과 "7월" (최종).xlsx'


@pytest.fixture
async def storage(clients: aws.Clients) -> aws.S3Storage:
    """A versioned bucket, as the template makes it."""
    s3 = await clients.get("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        await s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    await s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    return aws.S3Storage(clients, "data")


async def whole(storage: aws.S3Storage, key: str, version: str | None = None) -> bytes:
    """An object's bytes."""
    return b"".join([piece async for piece in storage.read(key, version)])


async def test_what_is_written_is_described_and_read_back_version_by_version(storage: aws.S3Storage) -> None:
    first = await storage.write("a/회사.xlsx", b"one", content_type=XLSX)
    second = await storage.write("a/회사.xlsx", b"other", content_type=XLSX)
    assert first.version != second.version
    assert await storage.head("a/회사.xlsx") == second
    assert await storage.head("a/회사.xlsx", first.version) == first
    assert await whole(storage, "a/회사.xlsx", first.version) == b"one"
    assert await whole(storage, "a/회사.xlsx") == b"other"


async def test_a_large_object_comes_in_pieces_of_at_most_a_mebibyte(storage: aws.S3Storage) -> None:
    body = bytes(range(256)) * 4096 * 3 + b"tail"
    await storage.write("large", body, content_type=XLSX)
    pieces = [piece async for piece in storage.read("large")]
    assert max(map(len, pieces)) <= 1024 * 1024
    assert b"".join(pieces) == body


async def test_a_missing_object_says_so(storage: aws.S3Storage) -> None:
    with pytest.raises(ObjectMissing):
        await storage.head("nowhere")
    with pytest.raises(ObjectMissing):
        await whole(storage, "nowhere")


async def test_X4_a_stream_becomes_an_object_when_its_block_ends_well(storage: aws.S3Storage) -> None:
    pieces = [bytes([place]) * 3_000_000 for place in range(4)]
    async with storage.stream("stream/large", content_type=XLSX) as stream:
        for piece in pieces:
            await stream.write(piece)
        with pytest.raises(ObjectMissing):
            await storage.head("stream/large")
    assert await whole(storage, "stream/large") == b"".join(pieces)
    async with storage.stream("stream/empty", content_type=XLSX):
        pass
    assert (await storage.head("stream/empty")).size == 0


async def test_X4_a_stream_that_is_left_by_an_error_leaves_neither_object_nor_parts(
    storage: aws.S3Storage, clients: aws.Clients
) -> None:
    with pytest.raises(LookupError):  # noqa: PT012 - the block is what is tried
        async with storage.stream("stream/broken", content_type=XLSX) as stream:
            await stream.write(bytes(6_000_000))
            raise LookupError
    with pytest.raises(ObjectMissing):
        await storage.head("stream/broken")
    s3 = await clients.get("s3")
    assert (await s3.list_multipart_uploads(Bucket="data")).get("Uploads", []) == []


async def test_the_upload_form_signs_exactly_this_key_type_and_size(storage: aws.S3Storage) -> None:
    key = "uploads/imports/0199/0200.xlsx"
    form = await storage.upload_form(key, content_type=XLSX, max_bytes=5_000_000, seconds=600)
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    conditions = policy["conditions"]
    exact = {name: value for c in conditions if isinstance(c, dict) for name, value in c.items()}
    assert exact["bucket"] == "data"
    assert exact["key"] == key
    assert exact["Content-Type"] == XLSX
    assert [c for c in conditions if isinstance(c, list)] == [["content-length-range", 1, 5_000_000]]
    assert not any("starts-with" in c for c in conditions)
    assert set(form.fields) == {"key", "policy", *(set(exact) - {"bucket"}), "x-amz-signature"}
    ends = time.strptime(policy["expiration"], "%Y-%m-%dT%H:%M:%SZ")
    assert 590 < time.mktime(ends) - time.mktime(time.gmtime()) <= 600


async def test_a_browser_can_send_the_form(storage: aws.S3Storage, environment: str) -> None:
    form = await storage.upload_form("uploads/x.xlsx", content_type=XLSX, max_bytes=100, seconds=60)
    assert form.url.startswith(environment)
    async with httpx.AsyncClient() as browser:
        answer = await browser.post(form.url, data=dict(form.fields), files={"file": ("직원.xlsx", b"PK", XLSX)})
    assert answer.status_code == 204
    assert await whole(storage, "uploads/x.xlsx") == b"PK"


async def test_NO_02_a_copy_is_of_the_version_that_was_looked_at(storage: aws.S3Storage) -> None:
    seen = await storage.write("uploads/a.pdf", b"%PDF-1", content_type="application/pdf")
    await storage.write("uploads/a.pdf", b"MZ", content_type="application/pdf")

    await storage.copy(seen, "notices/a.pdf")
    with pytest.raises(ObjectMissing):
        await storage.copy(replace(seen, key="uploads/none.pdf"), "notices/b.pdf")

    assert await whole(storage, "notices/a.pdf") == b"%PDF-1"


async def test_a_key_with_a_placeholder_gets_no_form(storage: aws.S3Storage) -> None:
    with pytest.raises(ValueError, match="placeholder"):
        await storage.upload_form("uploads/${filename}", content_type=XLSX, max_bytes=1, seconds=1)


async def test_P9_a_download_saves_under_its_korean_name(storage: aws.S3Storage, environment: str) -> None:
    await storage.write("results/imports/1/2.xlsx", b"rows", content_type=XLSX)
    url = await storage.download_url("results/imports/1/2.xlsx", file_name=KOREAN, seconds=300)
    assert url.startswith(environment)
    asked = parse_qs(urlsplit(url).query)
    assert asked["X-Amz-Expires"] == ["300"]
    assert f"filename*=UTF-8''{quote(KOREAN, safe='')}" in asked["response-content-disposition"][0]
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url)
    assert answer.content == b"rows"
    assert answer.headers["content-disposition"] == asked["response-content-disposition"][0]


@pytest.mark.parametrize("name", ["plain.xlsx", KOREAN, 'a"; filename="evil.exe', "줄\r\nX-Header: 1", "100%.xlsx"])
def test_no_file_name_breaks_out_of_its_header(name: str) -> None:
    header = aws.content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert header.endswith(f"''{quote(name, safe='')}")


async def test_without_a_local_server_addresses_name_the_bucket_and_its_region(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    clients = aws.Clients()
    storage = aws.S3Storage(clients, "data")
    form = await storage.upload_form("k", content_type=XLSX, max_bytes=1, seconds=60)
    url = await storage.download_url("k", file_name="k", seconds=60)
    await clients.close()
    # The global host would answer a browser's POST with a redirect that CORS forbids.
    assert form.url == "https://data.s3.ap-northeast-2.amazonaws.com/"
    assert urlsplit(url).netloc == "data.s3.ap-northeast-2.amazonaws.com"


async def made(clients: aws.Clients, name: str, **attributes: str) -> str:
    """A queue's address."""
    sqs = await clients.get("sqs")
    url: str = (await sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]
    return url


async def received(clients: aws.Clients, url: str) -> list[dict[str, Any]]:
    """Everything in a queue."""
    sqs = await clients.get("sqs")
    messages: list[dict[str, Any]] = []
    while batch := (
        await sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
        )
    ).get("Messages"):
        messages += batch
    return messages


async def test_more_letters_than_a_batch_holds_all_arrive(clients: aws.Clients) -> None:
    url = await made(clients, "sms")
    letters = [Letter(f"id-{i}", json.dumps({"n": i, "말": "안녕"})) for i in range(23)]
    assert await aws.SqsQueue(clients, {"sms": url}).send("sms", letters) == {letter.id for letter in letters}
    arrived = await received(clients, url)
    assert sorted(m["Body"] for m in arrived) == sorted(letter.body for letter in letters)


async def test_batches_keep_below_the_size_limit_of_sqs(clients: aws.Clients) -> None:
    url = await made(clients, "big")
    letters = [Letter(f"big-{i}", "가" * 40_000) for i in range(5)]
    assert await aws.SqsQueue(clients, {"big": url}).send("big", letters) == {letter.id for letter in letters}


async def test_fifo_letters_keep_their_group_and_are_taken_once(clients: aws.Clients) -> None:
    url = await made(clients, "registrations.fifo", FifoQueue="true")
    queue = aws.SqsQueue(clients, {"registrations": url})
    letters = [Letter("1", "{}", "company-a"), Letter("2", "{}", "company-b")]
    assert await queue.send("registrations", letters) == {"1", "2"}
    assert await queue.send("registrations", letters) == {"1", "2"}
    arrived = await received(clients, url)
    assert {(m["Attributes"]["MessageGroupId"], m["Attributes"]["MessageDeduplicationId"]) for m in arrived} == {
        ("company-a", "1"),
        ("company-b", "2"),
    }
    assert len(arrived) == 2


async def test_an_unknown_queue_is_a_bug_not_a_delay(clients: aws.Clients) -> None:
    with pytest.raises(KeyError):
        await aws.SqsQueue(clients, {}).send("nowhere", [Letter("1", "{}")])


async def test_a_secret_becomes_the_address_of_the_database(clients: aws.Clients) -> None:
    manager = await clients.get("secretsmanager")
    held = {"host": "db.internal", "port": "5432", "username": "app", "password": "p@ss/w:rd?#", "dbname": "bizcall"}
    await manager.create_secret(Name="test-aws-database", SecretString=json.dumps(held))
    url = aws.database_url(await aws.secret(clients, "test-aws-database"))
    parts = urlsplit(url)
    assert (parts.scheme, parts.hostname, parts.port, parts.path) == ("postgresql", "db.internal", 5432, "/bizcall")
    assert parts.password == quote(held["password"], safe="")
    assert parts.query == ""
    authority = "-----BEGIN CERTIFICATE-----\nMII+/=\n-----END CERTIFICATE-----\n"
    asked = {"sslmode": "verify-full", "authority": authority}
    assert dict(parse_qsl(urlsplit(aws.database_url(json.dumps({**held, **asked}))).query)) == asked


async def test_a_version_that_is_named_is_read_whatever_was_put_since(clients: aws.Clients) -> None:
    manager = await clients.get("secretsmanager")
    first = (await manager.create_secret(Name="test-aws-origin", SecretString="first"))["VersionId"]
    for later in ("second", "third"):
        await manager.put_secret_value(SecretId="test-aws-origin", SecretString=later)
    assert await aws.secret(clients, "test-aws-origin", first) == "first"
    assert await aws.secret(clients, "test-aws-origin") == "third"


async def test_a_neighbour_that_is_away_is_told_as_such_and_letters_stay_behind(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        clients = aws.Clients()
        with pytest.raises(Unavailable):
            await aws.S3Storage(clients, "data").head("k")
        queue = aws.SqsQueue(clients, {"q": f"http://127.0.0.1:{closed.getsockname()[1]}/1/q"})
        assert await queue.send("q", [Letter("1", "{}")]) == set()
        await clients.close()


async def test_clients_are_opened_once_and_can_be_opened_again(clients: aws.Clients) -> None:
    first = await clients.get("sqs")
    assert await clients.get("sqs") is first
    await clients.close()
    assert await clients.get("sqs") is not first
