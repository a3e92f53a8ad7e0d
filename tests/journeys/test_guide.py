"""The guide for front-end teams, pasted block by block into a shell as a reader would."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess

from tests.journeys.system import System

ROOT = pathlib.Path(__file__).parents[2]


def test_the_guide_for_front_end_teams_works_as_it_stands(system: System) -> None:
    text = (ROOT / "docs" / "frontend.md").read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    script = "\n".join(blocks)

    answer = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "API": system.addresses["graphql"], "INBOX": system.addresses["inbox"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert len(blocks[0].splitlines()) == 5, "the guide begins with five lines that sign in"
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert '"errors"' not in answer.stdout
    assert re.search(r'"userErrors":\[\{', answer.stdout) is None
    assert '"state":"REGISTERED"' in answer.stdout
    assert "김민준" in answer.stdout
