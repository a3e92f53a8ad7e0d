"""The operators' check of audit records, against the running system (P2)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg

from local import stack
from tests.journeys.system import System

ROOT = Path(__file__).parents[2]


def verified(system: System) -> subprocess.CompletedProcess[str]:
    """What the command prints, and how it ends."""
    return subprocess.run(
        [sys.executable, "-m", "local", "audit-verify", "--state", str(system.log.parent)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def forge(address: str) -> str:
    """A seal that nobody made, put in by the application's own role; returns whose."""
    connection = await asyncpg.connect(address)
    company_id = await connection.fetchval("SELECT company_id FROM number_directory LIMIT 1")
    await connection.execute("SELECT set_config('app.company_id', $1, false)", str(company_id))
    await connection.execute(
        "INSERT INTO audit_seal"
        " (company_id, number, recorded_from, recorded_to, records, previous_hash, hash, sealed_at)"
        " VALUES ($1, 1000, now() + interval '1 day', now() + interval '2 days', 1, sha256('x'), sha256('x'), now())",
        company_id,
    )
    await connection.close()
    return str(company_id)


def test_P2_the_command_says_that_all_is_well_and_what_is_not(system: System) -> None:
    done = verified(system)
    assert (done.returncode, done.stdout.strip().partition(" ")[2]) == (0, "seals, all as they were made"), done
    addresses = stack.addresses_in(system.log.parent)
    assert addresses is not None
    company_id = asyncio.run(forge(addresses.database))
    done = verified(system)
    assert done.returncode == 1
    assert f"{company_id}  seal 1000  RECORDS_REMOVED" in done.stdout
