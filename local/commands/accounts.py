"""Accounts of operators, and tokens of servers."""

from __future__ import annotations

import json
import pathlib
from typing import Annotated

import typer

from local.commands.terminal import State, addresses_of, folder_of


def accounts(home: State = None) -> None:
    """List the operators, and the servers that have a token."""
    _account(home, {"list": True})


def operator_create(
    login_id: Annotated[str, typer.Argument(help="A name of 3 to 20 small letters, digits and ._-")],
    name: Annotated[str, typer.Argument(help="The person's name.")],
    mobile: Annotated[str, typer.Argument(help="Where the welcome message and codes go.")],
    home: State = None,
) -> None:
    """Make an operator's account; the welcome message is in the local inbox."""
    _account(home, {"operatorCreate": {"loginId": login_id, "name": name, "mobile": mobile}})


def operator_end(login_id: str, home: State = None) -> None:
    """End an operator's account with its sessions."""
    _account(home, {"operatorEnd": {"loginId": login_id}})


def service_create(
    name: Annotated[str, typer.Argument(help="A name of 3 to 40 small letters, digits and ._-")], home: State = None
) -> None:
    """Make a token for a server, such as the phone app's; it is shown this once."""
    _account(home, {"serviceCreate": {"name": name}})


def service_end(name: str, home: State = None) -> None:
    """End a server's token."""
    _account(home, {"serviceEnd": {"name": name}})


def _account(home: pathlib.Path | None, event: dict[str, object]) -> None:
    from local import accounts as command

    folder = folder_of(home)
    addresses = addresses_of(folder)
    answer = command.answered(addresses, folder, event)
    print(json.dumps(answer, ensure_ascii=False, indent=2))
    if "problems" in answer:
        raise typer.Exit(1)
