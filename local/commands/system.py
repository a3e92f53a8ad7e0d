"""The system as a whole: run, its log and messages, stop, the database, and to forget it all."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import time
from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from local import locks, logbook, state
from local.cloud.sent import Message, read
from local.commands.terminal import State, addresses_of, console, folder_of, give_up
from local.loglines import readable

_STOP_SECONDS = 30.0
_FOLLOW_SECONDS = 0.5


def run(
    home: State = None,
    port: Annotated[int | None, typer.Option(help="Port of the API; without it a free one is found.")] = None,
) -> None:
    """Start the whole product and follow its log until Ctrl-C."""
    from bizcall.migrate import MigrationChanged
    from bizcall.table_locks import AnotherRun, TablesBusy
    from local import run as command
    from local.cloud import CloudFailed
    from local.deploy import DeployError
    from local.postgres import Failed
    from local.stack import AlreadyRunning, Died

    try:
        asyncio.run(command.run(state.folder(home), port, console, _print))
    except AlreadyRunning as other:
        where = f": {other.addresses.api}, inbox {other.addresses.inbox}" if other.addresses else ""
        give_up(f"BizCall Admin is running already (process {other.pid}){where}")
    except MigrationChanged as changed:
        give_up(f"{changed} differs from what made this database; `python -m local reset` forgets it and all its data")
    except (state.Unusable, state.PortBusy, Failed, CloudFailed, DeployError, Died, AnotherRun, TablesBusy) as error:
        give_up(str(error))


def _print(function: str, line: str) -> None:
    text = readable(function, line)
    if text is not None:
        console.print(text, soft_wrap=True)


def logs(
    home: State = None,
    request: Annotated[str | None, typer.Option(help="Only one request (x-request-id) and what came of it.")] = None,
) -> None:
    """Show what the functions printed, oldest first."""
    for function, line in logbook.lines(folder_of(home), request):
        _print(function, line)


def inbox(
    home: State = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the file's lines of JSON.")] = False,
) -> None:
    """Show the SMS and mails that were sent, oldest first."""
    path = folder_of(home) / "aws" / "sent.jsonl"
    shown: set[str] = set()
    try:
        while True:
            for message in read(path):
                if message.id not in shown:
                    shown.add(message.id)
                    _show(message, as_json=as_json)
            if not follow:
                break
            time.sleep(_FOLLOW_SECONDS)
    except KeyboardInterrupt:
        return
    if not shown and not as_json:
        console.print("Nothing was sent yet.")


def _show(message: Message, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(message), ensure_ascii=False), flush=True)
        return
    console.print(f"[cyan]{message.clock}[/] [bold]{message.kind}[/] → {escape(message.to)} {escape(message.subject)}")
    console.print(escape(message.text), soft_wrap=True)


def stop(home: State = None) -> None:
    """Stop the system that runs on the state folder."""
    lock = folder_of(home) / "lock"
    deadline = time.monotonic() + _STOP_SECONDS
    asked = False
    while time.monotonic() < deadline:
        try:
            locks.hold(lock).close()
        except locks.Held as held:
            if held.pid and not asked:
                os.kill(held.pid, signal.SIGTERM)
                asked = True
            time.sleep(0.1)
        else:
            console.print("Stopped." if asked else "Nothing was running.")
            return
    give_up("It does not stop.")


def psql(home: State = None) -> None:
    """Open a session of role `app` on the running database; no company's rows show before app.company_id is set."""
    from local.programs import programs

    folder = folder_of(home)
    addresses = addresses_of(folder)
    program = shutil.which("psql") or str(programs(folder / "postgres") / "psql")
    url = urlsplit(addresses.database)
    # The password goes by the environment, because other users can see the arguments of a process.
    open_url = url._replace(netloc=f"{url.username}@{url.hostname}:{url.port}").geturl()
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    os.execve(program, [program, open_url], environment)  # noqa: S606 - psql takes over this terminal


def reset(home: State = None, yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False) -> None:
    """Forget everything: the database, the objects in the bucket, the messages sent."""
    from local.stack import AlreadyRunning, forget

    folder = folder_of(home)
    if not yes:
        typer.confirm(f"Remove the database and all files in {folder}?", abort=True)
    try:
        forget(folder)
    except AlreadyRunning as other:
        give_up(f"Process {other.pid} is running on it; stop that first.")
    console.print("Forgotten.")
