"""A queue that many threads change at once, as the requests of the AWS-compatible server do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.cloud.queues import Queues

EACH = 80
NAMES = ("plain", "ordered.fifo")


@pytest.fixture
def queues() -> Iterator[Queues]:
    """An ordinary and a FIFO queue; threads take turns every few statements."""
    found = Queues("ap-northeast-2", "123456789012")
    found.create_queue("plain", None)
    found.create_queue("ordered.fifo", None, FifoQueue="true")
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield found
    sys.setswitchinterval(usual)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_sent_while_others_delete_comes_and_what_is_deleted_stays_away(queues: Queues, name: str) -> None:
    came: list[str] = []

    def send(sender: int) -> None:
        for number in range(EACH):
            word = f"{sender}-{number}"
            fifo = {"deduplication_id": word, "group_id": word} if name.endswith(".fifo") else {}
            queues.send_message(name, word, **fifo)

    def take() -> None:
        while messages := queues.receive_message(name, 10, 2, 60):
            came.extend(message.body for message in messages)
            for message in messages:
                queues.delete_message(name, str(message.receipt_handle))

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(send, number) for number in range(3)] + [pool.submit(take) for _ in range(3)]:
            done.result()

    assert sorted(came) == sorted(f"{sender}-{number}" for sender in range(3) for number in range(EACH))
    assert queues.get_queue(name)._messages == []
