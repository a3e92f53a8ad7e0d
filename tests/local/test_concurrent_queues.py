"""Queues that many threads change at once, as the requests of the AWS-compatible server do, and groups' order."""

from __future__ import annotations

import sys
import time
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


def one(queues: Queues, wait: int) -> str | None:
    """The body of the message that is received, and deleted, next; None if none comes in time."""
    found = queues.receive_message("ordered.fifo", 1, wait, 60)
    for message in found:
        queues.delete_message("ordered.fifo", str(message.receipt_handle))
    return found[0].body if found else None


def test_a_group_that_comes_again_keeps_its_order(queues: Queues) -> None:
    for body in "ABC":
        queues.send_message("ordered.fifo", body, deduplication_id=body, group_id="one")
    assert len(queues.receive_message("ordered.fifo", 3, 0, 1)) == 3
    time.sleep(1.1)
    assert [one(queues, 5) for _ in range(3)] == ["A", "B", "C"]


@pytest.mark.parametrize("freed", ["deleted", "let go"])
def test_who_waits_for_a_group_gets_it_as_soon_as_it_is_free(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, freed: str
) -> None:
    monkeypatch.setattr("local.cloud.queues.LOOK_SECONDS", 60)
    for body in "AB":
        queues.send_message("ordered.fifo", body, deduplication_id=body, group_id="one")
    [first] = queues.receive_message("ordered.fifo", 1, 0, 60)
    with ThreadPoolExecutor(1) as pool:
        next_one = pool.submit(one, queues, 20)
        time.sleep(0.2)
        assert not next_one.done()
        if freed == "deleted":
            queues.delete_message("ordered.fifo", str(first.receipt_handle))
        else:
            queues.change_message_visibility("ordered.fifo", str(first.receipt_handle), 0)
        assert next_one.result(15) == ("B" if freed == "deleted" else "A")
