"""The output of a function's process, cut into lines for whoever follows it."""

from __future__ import annotations

from asyncio import StreamReader
from collections.abc import Callable

_CHUNK = 65_536
# Bytes of a line; a longer one is passed on in pieces, so that no output is held whole.
_LONGEST = 262_144


class Lines:
    """Passes each line on as it ends. awslambdaric joins the lines of a traceback by CR and indents them by NBSP."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._rest = b""

    async def follow(self, stream: StreamReader) -> None:
        """Read until the stream ends."""
        while chunk := await stream.read(_CHUNK):
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            for line in whole:
                self._pass_on(line)
            if len(self._rest) > _LONGEST:
                self._pass_on(self._rest)
                self._rest = b""
        if self._rest:
            self._pass_on(self._rest)
            self._rest = b""

    def _pass_on(self, raw: bytes) -> None:
        for line in raw.decode("utf-8", "replace").split("\r"):
            if text := line.replace("\u00a0", " ").rstrip():
                self._say(text)
