"""A process of its own that guesses at a password: `python guesser.py DATABASE_URL LOGIN_ID ATTEMPTS`, all at once."""

from __future__ import annotations

import asyncio
import sys

from bizcall import admins, database
from bizcall.audit import Actor, ActorKind
from tests.patience import wait_for_connections


async def main(url: str, login_id: str, attempts: int) -> None:
    """Guess wrong; every attempt is refused in one way or another."""
    wait_for_connections()
    await database.connect(url, size=4)
    guesses = (admins.sign_in(login_id, "Wrong00Horse", actor=Actor(ActorKind.NOBODY)) for _ in range(attempts))
    await asyncio.gather(*guesses, return_exceptions=True)
    await database.disconnect()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
