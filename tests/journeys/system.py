"""A client of the running system: what an administrator's browser, an operator's shell and a fault do to it."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import signal
import time
from collections.abc import Callable
from typing import Any, TypeVar

import boto3
import httpx
from botocore.config import Config

from local import seed

T = TypeVar("T")

WAIT_SECONDS = 220
"""What a process that died, or was too busy, leaves behind goes on with the sweep, which comes once a minute, or when
the queue's three minutes are over."""
SIGN_IN = (
    "mutation ($input: SignInInput!) { signIn(input: $input) { challenge { token } userErrors { code message } } }"
)
CODE_SEND = "mutation ($input: SignInCodeSendInput!) { signInCodeSend(input: $input) { userErrors { code } } }"
VERIFY = """
mutation ($input: SignInVerifyInput!) {
  signInVerify(input: $input) { session { token viewer { company { name } admin { name } } } userErrors { code } }
}
"""


class System:
    """Addresses of a running system, and what can be done to it without signing in."""

    def __init__(self, addresses: dict[str, Any], log: pathlib.Path) -> None:
        self.addresses = addresses
        self.log = log
        self.http = httpx.Client(base_url=addresses["api"], timeout=35)
        self._inbox = httpx.Client(base_url=addresses["inbox"], timeout=10)
        self._clients: dict[str, Any] = {}

    def close(self) -> None:
        """Let go of all connections."""
        self.http.close()
        self._inbox.close()
        for client in self._clients.values():
            client.close()

    def graphql(self, document: str, variables: dict[str, Any] | None = None, token: str | None = None) -> Any:
        """The data of an operation; fails on a top-level error, naming it."""
        answer = self.http.post(
            "/graphql",
            json={"query": document, "variables": variables or {}},
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
        body = answer.json()
        assert "errors" not in body, body
        assert "data" in body, (answer.status_code, body)
        return body["data"]

    def sign_in(self, login_id: str = seed.LOGIN_ID, password: str = seed.PASSWORD) -> Administrator:
        """ID and password, then the code from the local inbox (AU-20)."""
        signing = {"loginId": login_id, "password": password}
        challenge = self.graphql(SIGN_IN, {"input": signing})["signIn"]["challenge"]["token"]
        before = len(self.messages())
        # Whoever signed in a moment ago must wait for the next code.
        sending = {"input": {"challenge": challenge}}
        until(lambda: not self.graphql(CODE_SEND, sending)["signInCodeSend"]["userErrors"], every=1, what="no code")
        text = until(lambda: self.messages()[before:])[-1]["text"]
        found = re.search(r"\d{6}", text)
        assert found, text
        verified = self.graphql(VERIFY, {"input": {"challenge": challenge, "code": found[0]}})["signInVerify"]
        assert verified["session"], verified
        return Administrator(self, verified["session"]["token"])

    def messages(self) -> list[dict[str, Any]]:
        """What the local inbox shows, oldest first."""
        found: list[dict[str, Any]] = self._inbox.get("/messages.json").json()
        return found[::-1]

    def aws(self, service: str) -> Any:
        """A client of the AWS-compatible server, as an operator's shell has one."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.addresses["aws"],
                region_name="ap-northeast-2",
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=Config(s3={"addressing_style": "path"}),
            )
        return self._clients[service]

    def drop(self, key: str, body: bytes) -> None:
        """Put an object into the bucket."""
        self.aws("s3").put_object(Bucket=self.addresses["bucket"], Key=key, Body=body)

    def read(self, key: str) -> bytes | None:
        """An object of the bucket; None while it isn't there."""
        s3 = self.aws("s3")
        with contextlib.suppress(s3.exceptions.NoSuchKey):
            found: bytes = s3.get_object(Bucket=self.addresses["bucket"], Key=key)["Body"].read()
            return found
        return None

    def deliver(self, queue: str, body: str, times: int = 1, *, group: str | None = None) -> None:
        """Send a message to a queue, several times: what a queue may do by itself."""
        sqs = self.aws("sqs")
        for number in range(times):
            fifo = {"MessageGroupId": group, "MessageDeduplicationId": f"{time.time_ns()}{number}"} if group else {}
            sqs.send_message(QueueUrl=self.addresses["queues"][queue], MessageBody=body, **fifo)

    def waiting(self, queue: str) -> int:
        """How many messages a queue holds, those in flight included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.aws("sqs").get_queue_attributes(QueueUrl=self.addresses["queues"][queue], AttributeNames=names)
        return sum(int(value) for value in found["Attributes"].values())

    def purge(self, queue: str) -> None:
        """Forget a queue's messages."""
        self.aws("sqs").purge_queue(QueueUrl=self.addresses["queues"][queue])

    def kill(self, function: str) -> int:
        """Kill (-9) every process that runs the function, wherever it stands; returns how many there were."""
        killed = 0
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environment = (process / "environ").read_bytes().split(b"\0")
                mine = f"AWS_ENDPOINT_URL={self.addresses['aws']}".encode() in environment
                if mine and any(
                    entry.startswith(b"AWS_LAMBDA_FUNCTION_NAME=") and function.encode() in entry
                    for entry in environment
                ):
                    os.kill(int(process.name), signal.SIGKILL)
                    killed += 1
        return killed


class Administrator:
    """Somebody who is signed in."""

    def __init__(self, system: System, token: str) -> None:
        self.system, self.token = system, token

    def ask(self, document: str, **variables: Any) -> Any:
        """The data of an operation."""
        return self.system.graphql(document, variables, self.token)


def until(
    found: Callable[[], T | None], *, seconds: float = WAIT_SECONDS, every: float = 0.1, what: str = "nothing"
) -> T:
    """The first thing that is there; fails, saying what didn't come, when nothing comes in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(every)
    raise AssertionError(f"{what} within {seconds} s")
