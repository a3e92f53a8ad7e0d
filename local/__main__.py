"""The laptop's commands: `python -m local run`, `inbox`, `drop`, `provision`, `feed`, `letters`, `stop`, …"""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import shutil
import signal
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, NoReturn
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.markup import escape

from local import locks, logbook, state
from local.cloud.sent import Message, read
from local.loglines import readable

if TYPE_CHECKING:
    from local.stack import Addresses

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False)

State = Annotated[
    pathlib.Path | None,
    typer.Option("--state", envvar="BIZCALL_STATE", help="Folder of all that is kept; each has a system of its own."),
]
_STOP_SECONDS = 30.0
_FOLLOW_SECONDS = 0.5


@app.command()
def run(
    home: State = None,
    port: Annotated[int | None, typer.Option(help="Port of the API; without it a free one is found.")] = None,
) -> None:
    """Start the whole product and follow its log until Ctrl-C."""
    from bizcall.migrate import MigrationChanged
    from bizcall.table_locks import TablesBusy
    from local import run as command
    from local.cloud import CloudFailed
    from local.deploy import DeployError
    from local.postgres import Failed
    from local.stack import AlreadyRunning, Died

    try:
        asyncio.run(command.run(state.folder(home), port, console, _print))
    except AlreadyRunning as other:
        where = f": {other.addresses.api}, inbox {other.addresses.inbox}" if other.addresses else ""
        _give_up(f"BizCall Admin is running already (process {other.pid}){where}")
    except MigrationChanged as changed:
        _give_up(f"{changed} differs from what made this database; `python -m local reset` forgets it and all its data")
    except (state.Unusable, state.PortBusy, Failed, CloudFailed, DeployError, Died, TablesBusy) as error:
        _give_up(str(error))


def _print(function: str, line: str) -> None:
    text = readable(function, line)
    if text is not None:
        console.print(text, soft_wrap=True)


@app.command()
def logs(
    home: State = None,
    request: Annotated[str | None, typer.Option(help="Only one request (x-request-id) and what came of it.")] = None,
) -> None:
    """Show what the functions printed, oldest first."""
    for function, line in logbook.lines(_folder(home), request):
        _print(function, line)


@app.command()
def inbox(
    home: State = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the file's lines of JSON.")] = False,
) -> None:
    """Show the SMS and mails that were sent, oldest first."""
    path = _folder(home) / "aws" / "sent.jsonl"
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


@app.command()
def drop(
    file: Annotated[pathlib.Path, typer.Argument(exists=True, dir_okay=False, help="A filled form.")],
    home: State = None,
) -> None:
    """Drop a file into the demo company's inbox in the bucket, as operations do, and show what became of each row."""
    from local.drop import NoAnswer, dropped

    addresses = _addresses(_folder(home))
    try:
        key, rows = dropped(addresses, file)
    except NoAnswer as missing:
        _give_up(str(missing))
    for row in rows:
        console.print(escape("  ".join(row)), soft_wrap=True)
    console.print(f"The result lies in the bucket: {escape(key)}", soft_wrap=True)


@app.command()
def provision(
    file: Annotated[pathlib.Path, typer.Argument(exists=True, dir_okay=False, help="An event (docs/provisioning.md).")],
    home: State = None,
) -> None:
    """Drop an event of the provider's into the bucket and show how it stands; a welcome message comes to the inbox."""
    from local.provision import provisioned

    addresses = _addresses(_folder(home))
    for line in provisioned(addresses, file):
        console.print(escape(line), soft_wrap=True)


@app.command()
def feed(
    files: Annotated[list[pathlib.Path], typer.Argument(exists=True, dir_okay=False, help="Files (docs/feeds.md).")],
    kind: Annotated[str, typer.Option(help="What is in them: calls, messages or customers")] = "calls",
    company: Annotated[str, typer.Option(help="A number of the company's; the demo company's without it.")] = "",
    home: State = None,
) -> None:
    """Drop files of calls, messages or customers into the bucket and show what went in and what was refused."""
    from local import feed as command
    from local.seed import NUMBERS

    if kind not in command.KINDS:
        _give_up(f"--kind is one of {', '.join(command.KINDS)}.")
    whole = True
    try:
        for file in files:
            command.require_feed(file)
        addresses = _addresses(_folder(home))
        owner = command.owner(addresses, company or NUMBERS[0])
        for file in files:
            read, lines = command.fed(addresses, kind, owner, file)
            whole = whole and read
            for line in lines:
                console.print(escape(line), soft_wrap=True)
    except command.Unfit as unfit:
        _give_up(str(unfit))
    if not whole:
        raise typer.Exit(1)


@app.command()
def letters(
    do: Annotated[str, typer.Argument(help="list or redrive")],
    queue: Annotated[str, typer.Argument(help="imports, registrations, sms, deliveries …")],
    home: State = None,
    limit: Annotated[int | None, typer.Option(help="At most so many.")] = None,
) -> None:
    """List a queue's dead letters with their reasons, or send them back to work."""
    from local import letters as command

    addresses = _addresses(_folder(home))
    for line in command.letters(addresses, [do, queue, *(("--limit", str(limit)) if limit is not None else ())]):
        console.print(escape(line), soft_wrap=True)


@app.command()
def accounts(home: State = None) -> None:
    """List the operators, and the servers that have a token."""
    _account(home, {"list": True})


@app.command()
def operator_create(
    login_id: Annotated[str, typer.Argument(help="A name of 3 to 20 small letters, digits and ._-")],
    name: Annotated[str, typer.Argument(help="The person's name.")],
    mobile: Annotated[str, typer.Argument(help="Where the welcome message and codes go.")],
    home: State = None,
) -> None:
    """Make an operator's account; the welcome message is in the local inbox."""
    _account(home, {"operatorCreate": {"loginId": login_id, "name": name, "mobile": mobile}})


@app.command()
def operator_end(login_id: str, home: State = None) -> None:
    """End an operator's account with its sessions."""
    _account(home, {"operatorEnd": {"loginId": login_id}})


@app.command()
def service_create(
    name: Annotated[str, typer.Argument(help="A name of 3 to 40 small letters, digits and ._-")], home: State = None
) -> None:
    """Make a token for a server, such as the phone app's; it is shown this once."""
    _account(home, {"serviceCreate": {"name": name}})


@app.command()
def service_end(name: str, home: State = None) -> None:
    """End a server's token."""
    _account(home, {"serviceEnd": {"name": name}})


def _account(home: pathlib.Path | None, event: dict[str, object]) -> None:
    from local import accounts as command

    folder = _folder(home)
    addresses = _addresses(folder)
    answer = command.answered(addresses, folder, event)
    print(json.dumps(answer, ensure_ascii=False, indent=2))
    if "problems" in answer:
        raise typer.Exit(1)


@app.command()
def audit_verify(home: State = None) -> None:
    """Recompute the seals over all companies' audit records; exits with 1 when some were tampered with."""
    from local import audit as command

    addresses = _addresses(_folder(home))
    held, lines = command.verified(addresses)
    for line in lines:
        console.print(escape(line), soft_wrap=True)
    if not held:
        raise typer.Exit(1)


@app.command()
def generate_calls(
    month: Annotated[str, typer.Option(help="The month, as in 2026-10.")],
    out: Annotated[pathlib.Path, typer.Option(help="The file to write; gzipped if its name ends in .gz.")],
    calls: Annotated[int, typer.Option(min=1, max=100_000_000, help="How many calls; of messages, as many.")] = 10_000,
    kind: Annotated[str, typer.Option(help="calls, messages, or the customers who make so many calls")] = "calls",
    company: Annotated[str, typer.Option(help="The company's first number; its lines are counted from it.")] = "",
    lines: Annotated[int, typer.Option(min=1, max=20_000, help="How many lines the company has.")] = 30,
    seed: Annotated[int, typer.Option(help="Another seed gives other calls.")] = 1,
) -> None:
    """Write a file of invented calls, as they arrive in feeds (docs/feeds.md); the demo company's without --company."""
    from local import generator
    from local.seed import NUMBERS

    year, dash, number = month.partition("-")
    first = company.replace("-", "") or NUMBERS[0]
    if not (dash and year.isdecimal() and number.isdecimal() and 1 <= int(number) <= 12 and first.isdecimal()):
        _give_up("--month is a month such as 2026-10, --company a number such as 07080001000.")
    if kind not in generator.HEADERS:
        _give_up(f"--kind is one of {', '.join(generator.HEADERS)}.")
    numbers = [f"0{int(first) + place}" for place in range(lines)]
    generator.write(out, kind, numbers, int(year), int(number), calls, seed)


@app.command()
def example(
    name: Annotated[str, typer.Argument(help="As in histories/calls; without it all names are listed.")] = "",
) -> None:
    """Print an operation of examples/operations as the body of a request, its dates moved to the last month."""
    from local import examples

    if not name:
        print("\n".join(examples.names()))
    elif name not in examples.names():
        _give_up(f"There is no examples/operations/{name}.graphql.")
    else:
        print(examples.body(name))


@app.command()
def stats(
    do: Annotated[str, typer.Argument(help="verify, rebuild or reattribute")],
    first: Annotated[str, typer.Option("--from", help="The first day, as in 2026-10-01.")],
    last: Annotated[str, typer.Option("--to", help="The last day.")],
    company: Annotated[str, typer.Option(help="The company's id; the demo company's without it.")] = "",
    home: State = None,
) -> None:
    """Count a company's days again, make their rollups anew, or attribute their records by the assignments of now."""
    from lambdas.runtime import InvocationFailed
    from local import stats as command
    from local.seed import COMPANY_ID

    addresses = _addresses(_folder(home))
    event = {"do": do, "company": company or str(COMPANY_ID), "from": first, "to": last}
    try:
        print(command.stats(addresses, event))
    except InvocationFailed as failed:
        _give_up(f"{failed}: the log above tells why")


@app.command()
def stop(home: State = None) -> None:
    """Stop the system that runs on the state folder."""
    lock = _folder(home) / "lock"
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
    _give_up("It does not stop.")


@app.command()
def psql(home: State = None) -> None:
    """Open a session of role `app` on the running database; no company's rows show before app.company_id is set."""
    from local.programs import programs

    folder = _folder(home)
    addresses = _addresses(folder)
    program = shutil.which("psql") or str(programs(folder / "postgres") / "psql")
    url = urlsplit(addresses.database)
    # The password goes by the environment, because other users can see the arguments of a process.
    open_url = url._replace(netloc=f"{url.username}@{url.hostname}:{url.port}").geturl()
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    os.execve(program, [program, open_url], environment)  # noqa: S606 - psql takes over this terminal


@app.command()
def reset(home: State = None, yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False) -> None:
    """Forget everything: the database, the objects in the bucket, the messages sent."""
    from local.stack import AlreadyRunning, forget

    folder = _folder(home)
    if not yes:
        typer.confirm(f"Remove the database and all files in {folder}?", abort=True)
    try:
        forget(folder)
    except AlreadyRunning as other:
        _give_up(f"Process {other.pid} is running on it; stop that first.")
    console.print("Forgotten.")


def _folder(given: pathlib.Path | None) -> pathlib.Path:
    """The state folder; ends the command when it can't be used."""
    try:
        return state.folder(given)
    except state.Unusable as unusable:
        _give_up(str(unusable))


def _addresses(folder: pathlib.Path) -> Addresses:
    """Where the system on that state folder is reached; ends the command when none runs there."""
    from local.stack import addresses_in

    found = addresses_in(folder)
    if found is None:
        _give_up("Nothing is running; start scripts/run first.")
    return found


def _give_up(reason: str) -> NoReturn:
    print(reason, file=sys.stderr)
    raise typer.Exit(1)


if __name__ == "__main__":
    app(prog_name="python -m local")
