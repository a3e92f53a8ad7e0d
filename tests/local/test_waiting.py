"""How the laptop's commands wait for what becomes of a file, and what they say and leave with when nothing does."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Awaitable, Callable
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from local import drop, provision, state, waiting
from local.__main__ import app
from local.commands import files
from local.waiting import NoAnswer, waited_for


def told(*answers: int) -> Callable[[], Awaitable[int]]:
    """Who tells these one after the other, then always the last."""
    left = list(answers)

    async def ask() -> int:
        return left.pop(0) if len(left) > 1 else left[0]

    return ask


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a hundred times a second."""
    monkeypatch.setattr(waiting, "_PAUSE", 0.01)


async def test_the_first_answer_is_told() -> None:
    assert await waited_for(told(1, 1, 2, 3), lambda number: number > 1, "nothing", seconds=60) == 2


async def test_silence_is_told() -> None:
    with pytest.raises(NoAnswer, match=r"^nothing came within 0 s; the log of scripts/run may tell why$"):
        await waited_for(told(1), lambda number: number > 1, "nothing came", seconds=0.05)


async def test_what_moves_is_waited_for_longer() -> None:
    assert await waited_for(told(*range(30)), lambda number: number == 29, "nothing", seconds=0.15) == 29


@pytest.mark.parametrize(("command", "module"), [("drop", drop), ("provision", provision)])
def test_a_command_that_hears_nothing_says_so_and_fails(
    command: str, module: object, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> NoReturn:
        raise NoAnswer("not read within 30 s")

    monkeypatch.setattr(files, "addresses_of", lambda _: None)
    monkeypatch.setattr(module, "dropped" if module is drop else "provisioned", silent)
    file = tmp_path / "event.json"
    file.touch()
    home = state.scratch()

    done = CliRunner().invoke(app, [command, str(file), "--state", str(home)])
    shutil.rmtree(home)

    assert (done.exit_code, done.stderr) == (1, "not read within 30 s\n")
