"""The laptop's commands: `python -m local run`, `inbox`, `drop`, `provision`, `feed`, `letters`, `stop`, …"""

from __future__ import annotations

import typer

from local.commands import accounts, files, records, system

COMMANDS = (
    system.run,
    system.logs,
    system.inbox,
    files.drop,
    files.provision,
    files.feed,
    files.letters,
    accounts.accounts,
    accounts.operator_create,
    accounts.operator_end,
    accounts.service_create,
    accounts.service_end,
    records.audit_verify,
    records.generate_calls,
    records.example,
    records.stats,
    system.stop,
    system.psql,
    system.reset,
)
"""In the order of `--help`. What only one of them needs it imports when it is called, so that the others start fast."""

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for command in COMMANDS:
    app.command()(command)

if __name__ == "__main__":
    app(prog_name="python -m local")
