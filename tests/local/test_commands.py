"""What every command says of a state folder that can't be used."""

from __future__ import annotations

import inspect
import pathlib

import pytest
from typer.testing import CliRunner

from local.__main__ import app

ASKED = [
    ["run"],
    ["logs"],
    ["inbox"],
    ["drop", "calls.csv"],
    ["provision", "calls.csv"],
    ["feed", "calls.csv"],
    ["letters", "list", "sms"],
    ["accounts"],
    ["operator-create", "kim.su", "김수", "010-1234-5678"],
    ["operator-end", "kim.su"],
    ["service-create", "phone-app"],
    ["service-end", "phone-app"],
    ["audit-verify"],
    ["stats", "verify", "--from", "2026-10-01", "--to", "2026-10-31"],
    ["stop"],
    ["psql"],
    ["reset", "--yes"],
]
"""Each command that has a state folder, with what it needs."""


def test_these_are_all_commands_that_have_a_state_folder() -> None:
    taking = {
        command.name or command.callback.__name__.replace("_", "-")
        for command in app.registered_commands
        if command.callback and "home" in inspect.signature(command.callback).parameters
    }
    assert {asked[0] for asked in ASKED} == taking


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked[0])
def test_a_state_folder_that_can_not_be_made_is_told(
    asked: list[str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "calls.csv"
    file.touch()

    done = CliRunner().invoke(app, [*asked, "--state", str(file)])

    assert (done.exit_code, done.stderr) == (1, f"{file} can't be made: File exists\n")
