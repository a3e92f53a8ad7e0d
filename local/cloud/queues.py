"""Queues that many use at once: moto's, whose changes are made one at a time here.

moto answers every request in a thread of its own, and takes a message out of a queue by putting another list in the
place of the old one. What somebody sends in between is lost then, and what somebody else deletes in between comes
again. So whoever changes a queue holds its lock. A long poll holds it for as long as it looks, not while it waits.
"""

from __future__ import annotations

import time
from typing import Any

from moto.sqs.models import Message, SQSBackend, sqs_backends

LOOK_SECONDS = 0.5
"""How often a long poll looks by itself: nobody tells it of messages whose delay or time-out is over."""


class Queues(SQSBackend):
    """All queues of an account and a region."""

    # By this moto finds the addresses that it answers for a backend.
    __module__ = SQSBackend.__module__

    def send_message(self, queue_name: str, *arguments: Any, **named: Any) -> Message:
        """Append a message, unless a FIFO queue has it."""
        with self.get_queue(queue_name)._messages_lock:
            return super().send_message(queue_name, *arguments, **named)

    def receive_message(
        self,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Message]:
        """Up to `count` messages that are visible, or none after `wait_seconds_timeout`."""
        queue = self.get_queue(queue_name)
        changed = queue._messages_lock
        end = time.monotonic() + wait_seconds_timeout
        with changed:
            while True:
                # moto notices one by one whose time-out is over, and lets the last of a group overtake the others.
                queue._pending_messages = {message for message in queue.pending_messages if not message.visible}
                found = super().receive_message(queue_name, count, 0, visibility_timeout, message_attribute_names)
                left = end - time.monotonic()
                if found or left <= 0:
                    return found
                changed.wait(min(left, LOOK_SECONDS))

    def delete_message(self, queue_name: str, receipt_handle: str) -> None:
        """Take a message out; those that wait behind it in its group can be received."""
        changed = self.get_queue(queue_name)._messages_lock
        with changed:
            super().delete_message(queue_name, receipt_handle)
            changed.notify_all()

    def change_message_visibility(self, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
        """Let a message come again after another time-out, from now on."""
        changed = self.get_queue(queue_name)._messages_lock
        with changed:
            super().change_message_visibility(queue_name, receipt_handle, visibility_timeout)
            changed.notify_all()

    def purge_queue(self, queue_name: str) -> None:
        """Forget all messages."""
        with self.get_queue(queue_name)._messages_lock:
            super().purge_queue(queue_name)


def install() -> None:
    """Make moto use these queues; before its first request."""
    sqs_backends.backend = Queues
