"""Functions in their own processes: answers, limits, crashes, concurrency, and what they leave behind."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time
from typing import Any

import pytest

from local.deploy import Deployment
from local.runtime import FunctionError, Functions, Throttled, TooLarge
from local.runtime.environment import Environment, Settings
from tests.local.actors import Actors
from tests.patience import PATIENCE, ends


def state(pid: int) -> str:
    """Linux's letter for a process's state, "?" elsewhere; "" when there is no such process."""
    try:
        if sys.platform != "linux":
            os.kill(pid, 0)
            return "?"
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def gone(pid: int) -> bool:
    """Whether a process has ended (or waits for its parent to notice)."""
    return state(pid) in ("", "Z")


async def test_a_handler_gets_the_event_and_its_context(actors: Actors) -> None:
    event = {"text": "안녕 \u0000 \U0001f600", "list": [1, 2.5, None, True]}
    answer = await actors.running.invoke("Act", event)
    assert answer["event"] == event
    assert answer["arn"] == actors.deployment.functions["Act"].arn
    assert len(answer["id"]) == 36


async def test_a_warm_environment_is_used_again(actors: Actors) -> None:
    first, second = [await actors.running.invoke("Act", {}) for _ in range(2)]
    assert first["pid"] == second["pid"]
    assert actors.running.processes("Act")[first["pid"]]


async def test_the_environment_is_lambdas_and_not_the_shells(
    actors: Actors, monkeypatch: pytest.MonkeyPatch, deployment: Deployment
) -> None:
    monkeypatch.setenv("ONLY_IN_MY_SHELL", "yes")
    # Another process, which could have inherited the variable.
    with pytest.raises(FunctionError):
        await actors.running.invoke("Quick", {"do": "exit", "status": 1})
    variables = await actors.running.invoke("Quick", {"do": "environment"})
    assert "ONLY_IN_MY_SHELL" not in variables
    assert variables["AWS_LAMBDA_FUNCTION_NAME"] == "stage-Quick"
    assert variables["TZ"] == ":UTC"
    assert variables["STAGE"] == "local"
    assert variables["LENT"] == "yes"
    assert variables["UPLOADS"] == deployment.buckets["Uploads"]


async def test_an_exception_is_told_and_leaves_the_environment_usable(actors: Actors) -> None:
    before = (await actors.running.invoke("Act", {}))["pid"]
    with pytest.raises(FunctionError, match="ValueError: 안 됩니다") as caught:
        await actors.running.invoke("Act", {"do": "fail"})
    assert caught.value.kind == "ValueError"
    assert caught.value.payload["stackTrace"]
    assert (await actors.running.invoke("Act", {}))["pid"] == before


async def test_the_time_limit_kills(actors: Actors) -> None:
    before = (await actors.running.invoke("Quick", {}))["pid"]
    started = time.monotonic()
    async with ends():
        with pytest.raises(FunctionError, match=r"Task timed out after 1\.00 seconds") as caught:
            await actors.running.invoke("Quick", {"do": "hang"})
    assert caught.value.kind == "Sandbox.Timedout"
    assert time.monotonic() - started > 0.9
    assert gone(before)
    assert any("Task timed out" in line for function, line in actors.lines if function == "Quick")
    assert (await actors.running.invoke("Quick", {}))["pid"] != before


async def test_a_function_can_tell_how_much_time_remains(actors: Actors) -> None:
    assert 1500 < (await actors.running.invoke("Act", {"do": "clock"}))["remaining"] <= 2000


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"do": "exit", "status": 3}, "Runtime exited with error: exit status 3"),
        ({"do": "exit", "status": 0}, "Runtime exited without providing a reason"),
        ({"do": "die"}, "Runtime exited with error: signal: killed"),
    ],
)
async def test_a_crash_is_told_and_the_next_event_gets_a_new_process(
    actors: Actors, event: dict[str, Any], told: str
) -> None:
    with pytest.raises(FunctionError, match=told) as caught:
        await actors.running.invoke("Act", event)
    assert caught.value.kind == "Runtime.ExitError"
    assert (await actors.running.invoke("Act", {"n": 1}))["event"] == {"n": 1}


async def test_a_module_that_can_not_be_imported_is_told_after_a_second_try(actors: Actors) -> None:
    with pytest.raises(FunctionError, match="broken at import"):
        await actors.running.invoke("Broken", {})
    lines = [line for function, line in actors.lines if function == "Broken"]
    assert len([line for line in lines if line == "[ERROR] RuntimeError: broken at import"]) == 2
    assert not actors.running.processes("Broken")


async def test_a_handler_that_does_not_exist_is_told(actors: Actors) -> None:
    function = dataclasses.replace(actors.deployment.functions["Act"], handler="actors.nobody")
    with pytest.raises(FunctionError, match="Handler 'nobody' missing on module 'actors'") as caught:
        await Environment.start(function, Settings("moon", {}, lambda function, line: None), "request")
    assert caught.value.kind == "Runtime.HandlerNotFound"


async def test_a_slow_initialisation_is_cut_and_tried_once_more(actors: Actors) -> None:
    lines: list[str] = []
    settings = Settings("moon", {}, lambda function, line: lines.append(line), init_limit=0.5)
    function = actors.deployment.functions["SlowStart"]
    environment = await Environment.start(function, settings, "request")
    assert await environment.invoke(b"{}", "request") == b'"started"'
    await environment.stop()
    assert "INIT_REPORT Phase: init Status: timeout" in lines


async def test_payload_limits_are_lambdas(actors: Actors) -> None:
    with pytest.raises(TooLarge, match="6291456"):
        await actors.running.invoke("Act", {"text": "x" * 6_291_456})
    assert len(await actors.running.invoke("Act", {"do": "answer", "bytes": 6_000_000})) == 6_000_000
    with pytest.raises(FunctionError, match="exceeded maximum allowed payload size") as caught:
        await actors.running.invoke("Act", {"do": "answer", "bytes": 6_300_000})
    assert caught.value.kind == "Function.ResponseSizeTooLarge"
    assert (await actors.running.invoke("Act", {}))["event"] == {}


async def test_output_is_followed_line_by_line(actors: Actors) -> None:
    await actors.running.invoke("Act", {"do": "print"})
    await actors.until(lambda: any("by logging" in line for _, line in actors.lines))
    lines = [line for function, line in actors.lines if function == "Act"]
    assert "한 줄" in lines
    # A traceback arrives as lines as well, though the runtime writes it as one.
    with pytest.raises(FunctionError):
        await actors.running.invoke("Act", {"do": "fail"})
    assert ("Act", "Traceback (most recent call last):") in actors.lines


async def test_above_the_reserved_concurrency_events_are_throttled(actors: Actors) -> None:
    answers = await asyncio.gather(
        *(actors.running.invoke("Quick", {"do": "hang", "seconds": 0.3}) for _ in range(4)), return_exceptions=True
    )
    assert [type(answer) for answer in answers].count(Throttled) == 2
    assert len({answer["pid"] for answer in answers if isinstance(answer, dict)}) == 2


async def test_above_the_laptops_own_limit_events_wait(actors: Actors) -> None:
    answers = await asyncio.gather(*(actors.running.invoke("Act", {"do": "hang", "seconds": 0.1}) for _ in range(10)))
    assert len({answer["pid"] for answer in answers}) <= 4
    assert len(actors.running.processes("Act")) <= 4


async def test_a_process_killed_while_idle_is_replaced(actors: Actors) -> None:
    await actors.running.invoke("Act", {})
    idle = set(actors.running.processes("Act"))
    for pid in idle:
        os.kill(pid, signal.SIGKILL)
    await actors.until(lambda: not idle & set(actors.running.processes("Act")))
    assert (await actors.running.invoke("Act", {"n": 2}))["event"] == {"n": 2}


async def test_nothing_is_left_running(endpoint: str, deployment: Deployment) -> None:
    # Without sources, which belong to the other running stage.
    quiet = dataclasses.replace(deployment, sources=[])
    async with Functions(quiet, endpoint=endpoint, on_log=lambda function, line: None) as running:
        pid = (await running.invoke("Act", {}))["pid"]
        busy = asyncio.create_task(running.invoke("Quick", {"do": "hang"}))
        async with asyncio.timeout(PATIENCE):
            while not running.processes("Quick"):  # noqa: ASYNC110 - a process that starts tells nobody
                await asyncio.sleep(0.01)
        pids = [pid, *running.processes("Quick")]
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)
    with pytest.raises(FunctionError):
        await busy


async def test_a_process_that_is_starting_does_not_escape_the_end(endpoint: str, deployment: Deployment) -> None:
    quiet = dataclasses.replace(deployment, sources=[], schedules={})
    async with Functions(quiet, endpoint=endpoint, on_log=lambda function, line: None) as running:
        starting = asyncio.create_task(running.invoke("Act", {}))
        await asyncio.sleep(0.01)
    with pytest.raises(FunctionError, match="killed"):
        await starting
    assert not running.processes("Act")
    with pytest.raises(FunctionError, match="killed"):
        await running.invoke("Act", {})


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a busy child ends with its invocation")
async def test_processes_die_with_a_parent_that_is_killed(actors: Actors, tmp_path: pathlib.Path) -> None:
    handler = tmp_path / "endless.py"
    handler.write_text("import time\n\ndef handler(event, context):\n    time.sleep(60)\n", encoding="utf-8")
    script = textwrap.dedent(f"""
        import asyncio, pathlib
        from local.deploy.model import Function
        from local.runtime.environment import Environment, Settings

        async def main():
            function = Function("F", "f", "arn", "endless.handler", pathlib.Path({str(tmp_path)!r}), {{}}, 60, 128)
            environment = await Environment.start(function, Settings("moon", {{}}, print), "request")
            print(environment.pid, flush=True)
            await environment.invoke(b"{{}}", "request")

        asyncio.run(main())
    """)
    root = pathlib.Path(__file__).parents[2]
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=subprocess.PIPE, cwd=root)
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert not gone(pid)
    parent.kill()
    await parent.wait()
    await actors.until(lambda: gone(pid))
