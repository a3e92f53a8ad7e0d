"""What the command that feeds the laptop refuses before it asks anybody (FD-01)."""

from __future__ import annotations

import pathlib
import shutil

import pytest
from typer.testing import CliRunner

from local import state
from local.__main__ import app


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("calls.csv", "faxes", "--kind is one of calls, messages, customers.\n"),
        ("calls.xlsx", "calls", "calls.xlsx does not end in one of .jsonl.gz, .csv.gz, .jsonl, .csv.\n"),
        ("calls.csv", "calls", "Nothing is running; start scripts/run first.\n"),
    ],
)
def test_FD_01_what_can_not_be_fed_is_told(name: str, kind: str, told: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / name
    file.touch()
    home = state.scratch()

    done = CliRunner().invoke(app, ["feed", str(file), "--kind", kind, "--state", str(home)])
    shutil.rmtree(home)

    assert (done.exit_code, done.stderr) == (1, told)
