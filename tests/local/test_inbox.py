"""The inbox's JSON, as tests of a front end read it."""

from __future__ import annotations

import json
import pathlib
from dataclasses import asdict

import pytest
from werkzeug.test import Client

from local.cloud.inbox import Inbox
from local.cloud.sent import Message


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", "4 3 2 1"),
        ("?newest=1", "4"),
        ("?to=010-0000-0000", "3 1"),
        ("?to=01000000000&newest=1", "3"),
        ("?to=%2B821000000000", "3 1"),
        ("?to=someone@example.com", "2"),
        ("?to=010-0000-0009", ""),
    ],
)
def test_messages_are_filtered_by_recipient_and_number(tmp_path: pathlib.Path, query: str, ids: str) -> None:
    recipients = ["+821000000000", "someone@example.com", "+821000000000", "+821000000001"]
    path = tmp_path / "sent.jsonl"
    path.write_text(
        "".join(
            json.dumps(asdict(Message(str(n), "2026-10-01T00:00:00+00:00", "SMS", to, "", "123456"))) + "\n"
            for n, to in enumerate(recipients, 1)
        )
    )

    answer = Client(Inbox(path)).get(f"/messages.json{query}", base_url="http://127.0.0.1:8025")
    assert [each["id"] for each in json.loads(answer.data)] == ids.split()
