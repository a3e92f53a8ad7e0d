"""What is dropped into the bucket, and what could not be worked on."""

from __future__ import annotations

import pathlib
from typing import Annotated

import typer
from rich.markup import escape

from local.commands.terminal import State, addresses_of, console, folder_of, give_up


def drop(
    file: Annotated[pathlib.Path, typer.Argument(exists=True, dir_okay=False, help="A filled form.")],
    home: State = None,
) -> None:
    """Drop a file into the demo company's inbox in the bucket, as operations do, and show what became of each row."""
    from local.drop import dropped
    from local.waiting import NoAnswer

    addresses = addresses_of(folder_of(home))
    try:
        key, rows = dropped(addresses, file)
    except NoAnswer as missing:
        give_up(str(missing))
    for row in rows:
        console.print(escape("  ".join(row)), soft_wrap=True)
    console.print(f"The result lies in the bucket: {escape(key)}", soft_wrap=True)


def provision(
    file: Annotated[pathlib.Path, typer.Argument(exists=True, dir_okay=False, help="An event (docs/provisioning.md).")],
    home: State = None,
) -> None:
    """Drop an event of the provider's into the bucket and show how it stands; a welcome message comes to the inbox."""
    from local.provision import provisioned
    from local.waiting import NoAnswer

    addresses = addresses_of(folder_of(home))
    try:
        taken, lines = provisioned(addresses, file)
    except NoAnswer as missing:
        give_up(str(missing))
    for line in lines:
        console.print(escape(line), soft_wrap=True)
    if not taken:
        raise typer.Exit(1)


def feed(
    files: Annotated[list[pathlib.Path], typer.Argument(exists=True, dir_okay=False, help="Files (docs/feeds.md).")],
    kind: Annotated[str, typer.Option(help="What is in them: calls, messages or customers")] = "calls",
    company: Annotated[str, typer.Option(help="A number of the company's; the demo company's without it.")] = "",
    home: State = None,
) -> None:
    """Drop files of calls, messages or customers into the bucket and show what went in and what was refused."""
    from local import feed as command
    from local.seed import NUMBERS
    from local.waiting import NoAnswer

    if kind not in command.KINDS:
        give_up(f"--kind is one of {', '.join(command.KINDS)}.")
    whole = True
    try:
        for file in files:
            command.require_feed(file)
        addresses = addresses_of(folder_of(home))
        owner = command.owner(addresses, company or NUMBERS[0])
        for file in files:
            read, lines = command.fed(addresses, kind, owner, file)
            whole = whole and read
            for line in lines:
                console.print(escape(line), soft_wrap=True)
    except (command.Unfit, NoAnswer) as missing:
        give_up(str(missing))
    if not whole:
        raise typer.Exit(1)


def letters(
    do: Annotated[str, typer.Argument(help="list or redrive")],
    queue: Annotated[str, typer.Argument(help="imports, registrations, sms, deliveries …")],
    home: State = None,
    limit: Annotated[int | None, typer.Option(help="At most so many.")] = None,
) -> None:
    """List a queue's dead letters with their reasons, or send them back to work."""
    from local import letters as command

    addresses = addresses_of(folder_of(home))
    for line in command.letters(addresses, [do, queue, *(("--limit", str(limit)) if limit is not None else ())]):
        console.print(escape(line), soft_wrap=True)
