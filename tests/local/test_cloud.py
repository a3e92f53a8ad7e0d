"""The AWS-compatible server: objects survive, what was sent shows, and pages elsewhere are kept out."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from local.cloud import Cloud
from local.cloud.sent import read
from local.deploy import clients

BUCKET = "bizcall-test"
ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running server."""
    server = Cloud(tmp_path_factory.mktemp("aws"))
    server.start()
    yield server
    server.stop()


def client(cloud: Cloud, service: str) -> Any:
    """A boto3 client of that server."""
    return clients(cloud.endpoint, "ap-northeast-2")(service)


def make_bucket(s3: Any, *, versioned: bool) -> None:
    """A bucket as the deployer makes it: first the bucket, then its properties."""
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    if versioned:
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def kill(cloud: Cloud) -> None:
    """End the server's process as a power cut would."""
    os.kill(cloud.pid, signal.SIGKILL)
    cloud.stop()


@pytest.mark.parametrize("versioned", [True, False])
def test_acknowledged_objects_survive_a_killed_server(tmp_path: pathlib.Path, versioned: bool) -> None:
    first = Cloud(tmp_path)
    first.start()
    s3 = client(first, "s3")
    make_bucket(s3, versioned=versioned)
    key = "inbox/imports/" + "가" * 200 + "/명단 #1.xlsx"
    stored = s3.put_object(Bucket=BUCKET, Key=key, Body=b"one", ContentType="text/plain", Metadata={"rows": "3"})
    s3.put_object(Bucket=BUCKET, Key="twice", Body=b"old")
    s3.put_object(Bucket=BUCKET, Key="twice", Body=b"newer")
    s3.put_object(Bucket=BUCKET, Key="deleted", Body=b"gone")
    s3.delete_object(Bucket=BUCKET, Key="deleted")
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource={"Bucket": BUCKET, "Key": "twice"})
    kill(first)

    second = Cloud(tmp_path)
    second.start()
    try:
        s3 = client(second, "s3")
        make_bucket(s3, versioned=versioned)
        listed = {entry["Key"]: entry["Size"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
        assert listed == {key: 3, "twice": 5, "copied": 5}
        found = s3.get_object(Bucket=BUCKET, Key=key)
        assert found["Body"].read() == b"one"
        assert (found["ContentType"], found["Metadata"]) == ("text/plain", {"rows": "3"})
        assert (found["ETag"], found.get("VersionId")) == (stored["ETag"], stored.get("VersionId"))
        # What came back can be replaced and deleted as if it had never been away.
        s3.put_object(Bucket=BUCKET, Key="twice", Body=b"the newest")
        s3.delete_object(Bucket=BUCKET, Key=key)
        assert s3.get_object(Bucket=BUCKET, Key="twice")["Body"].read() == b"the newest"
    finally:
        second.stop()

    third = Cloud(tmp_path)
    third.start()
    try:
        s3 = client(third, "s3")
        make_bucket(s3, versioned=versioned)
        assert {entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]} == {"twice", "copied"}
    finally:
        third.stop()


def test_sms_and_mails_show_in_the_inbox_newest_first(cloud: Cloud) -> None:
    client(cloud, "sns").publish(PhoneNumber="+821012345678", Message="<b>인증번호</b> 123456")
    client(cloud, "ses").verify_email_identity(EmailAddress="from@example.com")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "from@example.com", "to@example.com", "안내"
    mail.set_content("앱을 설치해 주세요.")
    client(cloud, "sesv2").send_email(
        FromEmailAddress="from@example.com",
        Destination={"ToAddresses": ["to@example.com"]},
        Content={"Raw": {"Data": mail.as_bytes()}},
    )
    messages = httpx.get(f"{cloud.inbox}/messages.json").json()
    assert [(m["kind"], m["to"], m["subject"], m["text"].strip()) for m in messages[:2]] == [
        ("MAIL", "to@example.com", "안내", "앱을 설치해 주세요."),
        ("SMS", "+821012345678", "", "<b>인증번호</b> 123456"),
    ]
    asked = {"to": "010-1234-5678", "since": messages[1]["at"]}
    assert httpx.get(f"{cloud.inbox}/code", params=asked).text == "123456\n"
    assert httpx.get(f"{cloud.inbox}/code", params={**asked, "since": "2999-01-01T00:00:00Z"}).status_code == 404
    assert httpx.get(f"{cloud.inbox}/code", params={**asked, "to": "to@example.com"}).status_code == 404
    for moment in ("yesterday", "2026-10-01T00:00:00"):
        assert httpx.get(f"{cloud.inbox}/code", params={"since": moment}).status_code == 400
    page = httpx.get(cloud.inbox).text
    assert "&lt;b&gt;인증번호&lt;/b&gt; 123456" in page
    assert "<b>" not in page
    # The terminal reads the same file, whoever else may not.
    path = cloud.home / "sent.jsonl"
    assert [message.id for message in read(path)][::-1] == [m["id"] for m in messages]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_pages_elsewhere_can_not_use_the_server(cloud: Cloud, headers: dict[str, str]) -> None:
    assert httpx.post(f"{cloud.endpoint}/bizcall/dropped", content=b"x", headers=headers).status_code == 403


def test_the_inbox_answers_under_this_machines_name_only(cloud: Cloud) -> None:
    assert httpx.get(cloud.inbox, headers={"Host": "evil.example"}).status_code == 421


def test_nobody_resets_the_server(cloud: Cloud) -> None:
    assert httpx.post(f"{cloud.endpoint}/moto-api/reset").status_code == 403


def test_a_body_called_a_form_is_stored_as_it_is(cloud: Cloud) -> None:
    """curl calls every body a form unless told otherwise."""
    s3 = client(cloud, "s3")
    make_bucket(s3, versioned=True)
    body = b"PK\x03\x04\xff\xfe=&%00"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = httpx.put(f"{cloud.endpoint}/{BUCKET}/sheet.xlsx", content=body, headers=form, timeout=5)
    assert answer.status_code == 200
    assert s3.get_object(Bucket=BUCKET, Key="sheet.xlsx")["Body"].read() == body


def upload(cloud: Cloud, body: bytes, changed: dict[str, str] | None = None, *, seconds: int = 60) -> tuple[int, str]:
    """Send a presigned form for 1 to 10 bytes of text under one key; `changed` replaces or adds fields."""
    form = client(cloud, "s3").generate_presigned_post(
        BUCKET,
        "uploads/one",
        Fields={"Content-Type": "text/plain"},
        Conditions=[{"Content-Type": "text/plain"}, ["content-length-range", 1, 10]],
        ExpiresIn=seconds,
    )
    answer = httpx.post(form["url"], data={**form["fields"], **(changed or {})}, files={"file": ("가.txt", body)})
    return answer.status_code, answer.text


def test_a_browsers_upload_keeps_its_policy(tmp_path: pathlib.Path) -> None:
    """What S3 refuses is refused here: size, key, type, further fields, and a form that is too old."""
    cloud = Cloud(tmp_path)
    cloud.start()
    try:
        s3 = client(cloud, "s3")
        make_bucket(s3, versioned=True)
        assert upload(cloud, b"x" * 10)[0] == 204
        assert s3.get_object(Bucket=BUCKET, Key="uploads/one")["Body"].read() == b"x" * 10
        for expected, code, answer in (
            (400, "EntityTooLarge", upload(cloud, b"x" * 11)),
            (400, "EntityTooSmall", upload(cloud, b"")),
            (403, "AccessDenied", upload(cloud, b"x", {"key": "uploads/other"})),
            (403, "AccessDenied", upload(cloud, b"x", {"Content-Type": "text/html"})),
            (403, "Extra input fields: acl", upload(cloud, b"x", {"acl": "public-read"})),
            (403, "Policy expired", upload(cloud, b"x", seconds=-60)),
        ):
            assert answer[0] == expected
            assert code in answer[1]
        assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["uploads/one"]
        assert s3.get_object(Bucket=BUCKET, Key="uploads/one")["Body"].read() == b"x" * 10
    finally:
        cloud.stop()


def falls_silent(endpoint: str) -> bool:
    """Whether nobody answers there any more within a few seconds."""
    for _ in range(100):
        try:
            httpx.get(endpoint)
        except httpx.TransportError:
            return True
        time.sleep(0.05)
    return False


def test_the_server_ends_when_its_parent_is_killed(tmp_path: pathlib.Path) -> None:
    script = (
        "import pathlib, sys, time; from local.cloud import Cloud; cloud = Cloud(pathlib.Path(sys.argv[1]));"
        "cloud.start(); print(cloud.endpoint, flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        endpoint = parent.stdout.readline().strip()
        assert httpx.get(endpoint).status_code == 200
        parent.kill()
    assert falls_silent(endpoint)
