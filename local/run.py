"""The whole product in the foreground: what `python -m local run` prints, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import pathlib
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape

from local import logbook, seed
from local.stack import running


async def run(home: pathlib.Path, port: int | None, console: Console, show: Callable[[str, str], None]) -> None:
    """Start the system on the state folder, print where everything is, and follow its log until a signal ends it.

    `show` prints one line of a function: its logical id and the line. Raises as `local.stack.running` does.
    """
    stop = asyncio.Event()
    starting = asyncio.current_task()

    def end() -> None:
        if not stop.is_set() and starting is not None and not started:
            starting.cancel()
        stop.set()

    started = False
    logging.basicConfig(level=logging.WARNING, handlers=[RichHandler(console=console, show_path=False)])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end)
    before = time.monotonic()
    try:
        async with AsyncExitStack() as stack:
            keep = stack.enter_context(logbook.writing(home))

            def log(function: str, line: str) -> None:
                keep(function, line)
                show(function, line)

            system = await stack.enter_async_context(
                running(
                    home,
                    port=port,
                    say=lambda text: console.print(f"  {escape(text)}", style="dim"),
                    log=log,
                )
            )
            started = True
            addresses = system.addresses
            for line in (
                f"[bold]BizCall Admin runs[/] ({time.monotonic() - before:.1f} s)",
                f"  API        {addresses.graphql}   try it out at {addresses.api}/ide",
                f"  inbox      {addresses.inbox}   SMS and mails; also: .venv/bin/python -m local inbox",
                f"  bucket     {addresses.bucket} at {addresses.aws}",
                f"  sign in    {seed.LOGIN_ID} / {seed.PASSWORD}   {seed.COMPANY_NAME}; the code is in the inbox",
                f"             {seed.OPERATOR_LOGIN_ID} / {seed.PASSWORD}      the operator",
                f"  state      {home}",
                "Ctrl-C stops everything. The log:",
            ):
                console.print(line, soft_wrap=True)
            await system.until(stop)
            console.print("Stopping ...")
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
    console.print("Stopped.")
