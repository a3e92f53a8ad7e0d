"""Dead letters for operators: why messages ended there, and back to work with them.

    python -m lambdas.letters list QUEUE [--limit 100]      reasons, oldest first; nothing is moved
    python -m lambdas.letters redrive QUEUE [--limit 10]    back into the queue; all that wait, without a limit

Needs the environment of the functions (QUEUE_URLS, and DATABASE_URL or DATABASE_SECRET_ID). Where the database can only
be reached from inside, the same is done by a function, whose event is {"do": "list", "queue": …, "limit": …}. On a
laptop `python -m local letters` sets the environment.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from bizcall import aws
from bizcall.dead_letter_queues import SqsDeadLetters
from bizcall.dispatch import dead_letters
from bizcall.settings import Settings, settings
from lambdas.runtime import Context, Event, Process, Services, process

LISTED = 100


class Operator:
    """The context of a call by hand: nobody kills it."""

    aws_request_id = "operator"

    def get_remaining_time_in_millis(self) -> int:
        """An hour."""
        return 3_600_000


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """List or redrive, as the event says; KeyError for a queue that the deployment doesn't have."""
    queue, limit = event["queue"], event.get("limit")
    clients = aws.Clients()
    try:
        letters = SqsDeadLetters(clients, services.settings.queue_urls)
        if event["do"] == "redrive":
            done = await dead_letters.redrive(queue, letters=letters, limit=limit, clock=services.clock)
            return {"redriven": list(done.ids), "left": done.left}
        found = await dead_letters.listed(queue, letters=letters, limit=limit or LISTED)
        return {"letters": [_told(letter) for letter in found], "waiting": await letters.count(queue)}
    finally:
        await clients.close()


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)


def main(arguments: Sequence[str], known: Settings) -> list[str]:
    """The lines that the command prints."""
    parser = argparse.ArgumentParser(prog="python -m lambdas.letters", description="Dead letters, for operators.")
    parser.add_argument("do", choices=["list", "redrive"])
    parser.add_argument("queue", choices=sorted(known.queue_urls))
    parser.add_argument("--limit", type=int)
    asked = parser.parse_args(arguments)
    running = Process(known)
    try:
        answer = running.run(handle, vars(asked), Operator())
    finally:
        running.close()
    if asked.do == "redrive":
        return [*answer["redriven"], f"{len(answer['redriven'])} sent again, {answer['left']} left"]
    return [*(_line(letter) for letter in answer["letters"]), f"{answer['waiting']} in all"]


def _told(letter: dead_letters.Listed) -> dict[str, Any]:
    reason = letter.reason
    return {
        "id": letter.id,
        "sentAt": letter.sent_at.isoformat(timespec="seconds"),
        "failedAt": reason.failed_at.isoformat(timespec="seconds") if reason.failed_at else None,
        "failures": reason.failures,
        "redriven": reason.redriven,
        "reason": reason.text,
    }


def _line(letter: dict[str, Any]) -> str:
    again = f", redriven {letter['redriven']}×" if letter["redriven"] else ""
    return f"{letter['id']}  sent {letter['sentAt']}, failed {letter['failures']}×{again}  {letter['reason']}"


if __name__ == "__main__":
    print("\n".join(main(sys.argv[1:], settings())))
