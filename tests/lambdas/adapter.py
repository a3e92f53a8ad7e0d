"""The API's function in a process of its own: takes events and prints answers, as lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Context:
    """The part of Lambda's context that is used."""

    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        """Half a minute."""
        return 30_000


def answers(events: list[dict[str, Any]], **environment: str) -> list[dict[str, Any]]:
    """What the function answers, one event after the other, in the process that these variables set up."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.lambdas.adapter"],
        cwd=ROOT,
        input="\n".join(json.dumps(event) for event in events),
        env={"PATH": os.environ["PATH"], "STAGE": "test", "AWS_REGION": "ap-northeast-2", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"statusCode"')]
    assert len(found) == len(events), done.stderr
    return found


if __name__ == "__main__":
    from lambdas.api import handler

    for line in sys.stdin:
        answer = handler(json.loads(line), Context())
        sys.stdout.write(json.dumps({"statusCode": answer["statusCode"], **answer}) + "\n")
