"""The parent's side of the AWS-compatible server: starts it, learns its addresses, stops it."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import select
import subprocess
import sys

from local.state import free_port

ROOT = pathlib.Path(__file__).parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 5.0

# Signatures are not checked, but clients refuse to work without credentials. The account is moto's own.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "ap-northeast-2",
    "AWS_REGION": "ap-northeast-2",
}


class CloudFailed(Exception):
    """The server did not start; carries the end of its log."""


class Cloud:
    """One server on 127.0.0.1 which ends with the process that started it, however that one ends.

    `home` keeps the objects, the messages sent and the log. The ports are only preferred: busy ones are avoided.
    """

    def __init__(self, home: pathlib.Path, *, port: int = 0, inbox_port: int = 0) -> None:
        self.home = home
        self.endpoint = self.inbox = ""
        self._ports = port, inbox_port
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers, about 1.5 s. Raises CloudFailed."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = self.home / "server.log"
        port, inbox_port = map(free_port, self._ports)
        environment = {
            **os.environ,
            **CREDENTIALS,
            # The buckets' own rules are to be in force, not moto's "everything from everywhere".
            "MOTO_DISABLE_GLOBAL_CORS": "1",
            "PYTHONPATH": str(ROOT),
        }
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.cloud", str(self.home), str(port), str(inbox_port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=environment,
                cwd="/",
                text=True,
                start_new_session=True,  # Ctrl-C in the terminal is for the parent, who stops things in order.
            )
        answer = self._process.stdout
        ready = answer is not None and select.select([answer], [], [], START_SECONDS)[0]
        line = answer.readline() if answer is not None and ready else ""
        if not line:
            self.stop()
            raise CloudFailed(log.read_text(errors="replace")[-2000:].strip() or "no answer in time")
        addresses = json.loads(line)
        self.endpoint, self.inbox = addresses["endpoint"], addresses["inbox"]

    @property
    def pid(self) -> int:
        """The process's id; raises RuntimeError when nothing was started."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.pid

    def ended(self) -> bool:
        """Whether a server that was started has stopped by itself."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """Stop the server; harmless when nothing runs. Objects need no saving: that was done before acknowledging."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
