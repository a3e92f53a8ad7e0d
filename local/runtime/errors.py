"""What an invocation can end with other than an answer, in Lambda's own words."""

from __future__ import annotations

from typing import Any


class FunctionError(Exception):
    """The function failed: `kind` is Lambda's errorType, the message its errorMessage, `payload` its whole answer.

    A handler's exception has its own name as kind; "Sandbox.Timedout", "Runtime.ExitError", "Runtime.ImportModuleError"
    and their like come from the environment.
    """

    def __init__(self, payload: dict[str, Any]) -> None:
        self.payload = payload
        self.kind = str(payload.get("errorType", ""))
        super().__init__(str(payload.get("errorMessage", "")))

    def __str__(self) -> str:
        return f"{self.kind}: {self.args[0]}" if self.kind else str(self.args[0])


class Throttled(Exception):
    """All of the function's reserved concurrency is in use: nothing ran (AWS: 429 TooManyRequestsException)."""


class TooLarge(Exception):
    """The event is larger than Lambda takes, MAX_PAYLOAD bytes: nothing ran (AWS: 413 RequestTooLargeException)."""


def timed_out(request_id: str, seconds: float) -> FunctionError:
    """The function was still running at its time limit and was killed."""
    return _sandbox("Sandbox.Timedout", request_id, f"Task timed out after {seconds:.2f} seconds")


def exited(request_id: str, returncode: int) -> FunctionError:
    """The process ended by itself; `returncode` is negative for a signal, as subprocess has it."""
    if returncode == 0:
        return _sandbox("Runtime.ExitError", request_id, "Runtime exited without providing a reason")
    if returncode < 0:
        reason = "signal: killed" if returncode == -9 else f"signal: {-returncode}"
    else:
        reason = f"exit status {returncode}"
    return _sandbox("Runtime.ExitError", request_id, f"Runtime exited with error: {reason}")


def too_large(size: int, limit: int) -> FunctionError:
    """The answer is larger than Lambda passes on."""
    text = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({limit} bytes)."
    return FunctionError({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": text})


def _sandbox(kind: str, request_id: str, text: str) -> FunctionError:
    return FunctionError({"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {text}"})
