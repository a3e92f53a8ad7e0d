"""Records: seals and rollups that are computed again, calls that are invented, and requests that ask for them."""

from __future__ import annotations

import pathlib
from typing import Annotated

import typer
from rich.markup import escape

from local.commands.terminal import State, addresses_of, console, folder_of, give_up


def audit_verify(home: State = None) -> None:
    """Recompute the seals over all companies' audit records; exits with 1 when some were tampered with."""
    from local import audit as command

    addresses = addresses_of(folder_of(home))
    held, lines = command.verified(addresses)
    for line in lines:
        console.print(escape(line), soft_wrap=True)
    if not held:
        raise typer.Exit(1)


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
        give_up("--month is a month such as 2026-10, --company a number such as 07080001000.")
    if kind not in generator.HEADERS:
        give_up(f"--kind is one of {', '.join(generator.HEADERS)}.")
    numbers = [f"0{int(first) + place}" for place in range(lines)]
    generator.write(out, kind, numbers, int(year), int(number), calls, seed)


def example(
    name: Annotated[str, typer.Argument(help="As in histories/calls; without it all names are listed.")] = "",
) -> None:
    """Print an operation of examples/operations as the body of a request, its dates moved to the last month."""
    from local import examples

    if not name:
        print("\n".join(examples.names()))
    elif name not in examples.names():
        give_up(f"There is no examples/operations/{name}.graphql.")
    else:
        print(examples.body(name))


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

    addresses = addresses_of(folder_of(home))
    event = {"do": do, "company": company or str(COMPANY_ID), "from": first, "to": last}
    try:
        print(command.stats(addresses, event))
    except InvocationFailed as failed:
        give_up(f"{failed}: the log above tells why")
