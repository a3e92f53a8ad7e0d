"""A process of its own that asks who presents tokens: `python asker.py DATABASE_URL`, a token a line."""

from __future__ import annotations

import asyncio
import sys

from bizcall import admins, database


async def main(url: str) -> None:
    """Answer each line with `somebody` or `nobody`."""
    await database.connect(url, size=1)
    while token := (await asyncio.to_thread(sys.stdin.readline)).strip():
        sys.stdout.write("somebody\n" if await admins.authenticate(token) else "nobody\n")
        sys.stdout.flush()
    await database.disconnect()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
