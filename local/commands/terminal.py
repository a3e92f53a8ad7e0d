"""What every command has: its state folder, the running system, the console, and how it gives up."""

from __future__ import annotations

import pathlib
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from local import state

if TYPE_CHECKING:
    from local.stack import Addresses

console = Console(highlight=False)

State = Annotated[
    pathlib.Path | None,
    typer.Option("--state", envvar="BIZCALL_STATE", help="Folder of all that is kept; each has a system of its own."),
]


def folder_of(given: pathlib.Path | None) -> pathlib.Path:
    """The state folder; ends the command when it can't be used."""
    try:
        return state.folder(given)
    except state.Unusable as unusable:
        give_up(str(unusable))


def addresses_of(folder: pathlib.Path) -> Addresses:
    """Where the system on that state folder is reached; ends the command when none runs there."""
    from local.stack import addresses_in

    found = addresses_in(folder)
    if found is None:
        give_up("Nothing is running; start scripts/run first.")
    return found


def give_up(reason: str) -> NoReturn:
    """End the command with that reason."""
    print(reason, file=sys.stderr)
    raise typer.Exit(1)
