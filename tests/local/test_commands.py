"""What every command says of a state folder that can't be used."""

from __future__ import annotations

import pathlib

import pytest
from typer.testing import CliRunner

from local.__main__ import app


@pytest.mark.parametrize(
    "asked",
    [
        ["run"],
        ["logs"],
        ["inbox"],
        ["drop", "calls.csv"],
        ["provision", "calls.csv"],
        ["feed", "calls.csv"],
        ["letters", "list", "sms"],
        ["accounts"],
        ["audit-verify"],
        ["stats", "verify", "--from", "2026-10-01", "--to", "2026-10-31"],
        ["stop"],
        ["psql"],
        ["reset", "--yes"],
    ],
    ids=lambda asked: asked[0],
)
def test_a_state_folder_that_can_not_be_made_is_told(
    asked: list[str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "calls.csv"
    file.touch()

    done = CliRunner().invoke(app, [*asked, "--state", str(file)])

    assert (done.exit_code, done.stderr) == (1, f"{file} can't be made: File exists\n")
