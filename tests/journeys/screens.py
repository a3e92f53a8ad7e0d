"""Sends the operations of `examples/operations/` to the running system and tells where answers differ from the files.

`python -m tests.journeys.screens` starts a system of its own, sends all of them and writes the answers beside them, as
short as their shape lets them be.
"""

from __future__ import annotations

import asyncio
import json
import pathlib
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import asyncpg
import httpx

from bizcall import months
from bizcall.ports import now
from local import examples, publications, seed
from schema.node import key_of, split
from tests.journeys.steps import PLACES, STEPS, Step
from tests.journeys.system import Administrator, System, until
from tests.journeys.workbooks import plain

HIDDEN = frozenset({"token", "deviceToken", "url", "downloadUrl"})
"""What a recorded answer doesn't tell: it is long, good for minutes, and different each time."""

FORM = pathlib.Path(__file__).parents[1] / "data" / "form_filled.xlsx"
ROWS = (
    ("070-8000-1025", "서새벽", "영업팀", "사원", "010-0000-0125", "user25@demo.example.com", "OFF", "ON"),
    ("070-8000-1026", "문초롱", "영업팀", "사원", "010-12", "user26@demo.example.com", "ON", "ON"),
)
"""A good row, and one with findings."""

_PASSWORD = re.compile(r"비밀번호: (\w+)|임시비번 (\w+)")
_FILED = "0000000000007020"
"""How keys begin that stand in files for those of jobs, uploads and invitations."""


class Sender:
    """Sends step after step, each with what the ones before it gave."""

    def __init__(self, system: System, administrator: Administrator) -> None:
        self.system = system
        self.known: dict[str, Any] = {"month": str(months.today(now).replace(day=1))}
        self._tokens: dict[str, str | None] = {
            "admin": administrator.token,
            "app": seed.SERVICE_TOKEN,
            "nobody": None,
            "operator": system.sign_in(seed.OPERATOR_LOGIN_ID).token,
        }
        self._keys = 0

    def send(self, step: Step) -> Any:
        """The answer's data; fails on errors of either kind."""
        if step.code_to:
            asyncio.run(self._later(step.code_to))
        if step.failed:
            asyncio.run(self._fail())
        body = self._body(step.uploads)
        before = {mobile: self._texts(mobile).keys() for mobile in (step.code_to, step.password_to) if mobile}
        data = self._asked(step)
        for name, path in step.keeps.items():
            self.known[name] = reached(data, path)
        for mobile, seen in before.items():
            self._read(mobile, seen, step)
        if step.uploads:
            self._upload(data, body)
        return data

    def _asked(self, step: Step) -> Any:
        def once() -> Any:
            data = self.system.graphql(examples.document(step.name), self._variables(step), self._token(step.by))
            if step.unless_over and any("STATE" in codes(value) for value in data.values()):
                self.send(next(each for each in STEPS if each.name == step.unless_over))
                return None
            assert not any(codes(value) for value in data.values()), (step, data)
            return data if step.until is None or _holds(data, *step.until) else None

        return until(once)

    def _token(self, by: str) -> str | None:
        return self._tokens[by] if by in self._tokens else str(self.known[by])

    def _variables(self, step: Step) -> Any:
        self._keys += 1
        self.known["key"] = f"screens-{time.time_ns()}-{self._keys}"
        variables = self._filed(examples.variables(step.name))
        for path, value in step.given.items():
            *steps, last = path.split(".")
            target = reached(variables, ".".join(steps)) if steps else variables
            target[int(last) if isinstance(target, list) else last] = self._filled(value)
        return variables

    def _filed(self, value: Any) -> Any:
        """Variables of a file with the places of the step before filled."""
        if isinstance(value, dict):
            return {name: self._filed(entry) for name, entry in value.items()}
        if isinstance(value, list):
            return [self._filed(entry) for entry in value]
        if not isinstance(value, str):
            return value
        if value in PLACES:
            return self.known[PLACES[value]]
        kind, key = split(value) or ("", "")
        return self.known[kind] if kind in self.known and key.startswith(_FILED) else value

    def _filled(self, value: Any) -> Any:
        """What a step gives, with `<name>` replaced by what was kept."""
        if isinstance(value, dict):
            return {name: self._filled(entry) for name, entry in value.items()}
        return self.known[value[1:-1]] if isinstance(value, str) and value.startswith("<") else value

    def _texts(self, mobile: str) -> dict[str, str]:
        """What came to a mobile, oldest first, by the message's id."""
        digits = mobile.replace("-", "")
        return {each["id"]: each["text"] for each in self.system.messages() if each["to"].endswith(digits[1:])}

    def _read(self, mobile: str, seen: Collection[str], step: Step) -> None:
        """What came to a mobile since: a code or a temporary password."""
        text = until(
            lambda: [text for key, text in self._texts(mobile).items() if key not in seen],
            what=f"no text of {step.name} to {mobile}",
        )[-1]
        if password := _PASSWORD.search(text):
            self.known["password"] = password[1] or password[2]
        else:
            self.known["code"] = re.findall(r"\d{6}", text)[0]

    def _body(self, uploads: str) -> bytes:
        bodies: dict[str, Callable[[], bytes]] = {
            "": bytes,
            "rows": lambda: plain(ROWS),
            "form": FORM.read_bytes,
            "document": lambda: publications.page(["Plans"]),
        }
        body = bodies[uploads]()
        self.known["size"] = len(body)
        return body

    def _upload(self, data: Any, body: bytes) -> None:
        form = data["uploadCreate"]["form"]
        fields = {each["name"]: each["value"] for each in form["fields"]}
        httpx.post(form["url"], data=fields, files={"file": ("file", body)}, timeout=30).raise_for_status()

    async def _later(self, mobile: str) -> None:
        """Half a minute passes, which must lie between two codes of one purpose."""
        digits = mobile.replace("-", "")
        await self._execute(
            "UPDATE verification_code SET created_at = created_at - interval '31 seconds' WHERE mobile = $1", digits
        )

    async def _fail(self) -> None:
        await self._execute(
            "UPDATE delivery SET state = 'FAILED' WHERE company_id = $1 AND invitation_id = $2",
            seed.COMPANY_ID,
            key_of(self.known["Invitation"], "Invitation"),
        )

    async def _execute(self, statement: str, *values: Any) -> None:
        connection = await asyncpg.connect(self.system.addresses["database"])
        try:
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.company_id', $1, true)", str(seed.COMPANY_ID))
                await connection.execute(statement, *values)
        finally:
            await connection.close()


def answer(name: str) -> pathlib.Path:
    """The file with an operation's recorded answer."""
    return examples.FOLDER / f"{name}.answer.json"


def codes(payload: Any) -> list[str]:
    """Those of a payload's user errors; none where it has no such field."""
    return [each["code"] for each in (payload.get("userErrors") or [])] if isinstance(payload, dict) else []


def reached(data: Any, path: str) -> Any:
    """The value at a path such as notices.nodes.0.id; None where the path ends before."""
    for step in path.split("."):
        if data is None or data == []:
            return None
        data = data[int(step) if isinstance(data, list) else step]
    return data


def differences(recorded: Any, found: Any, path: str = "data", *, listed: bool = False) -> Iterator[str]:
    """Where an answer has another shape than the recorded one.

    Values may be null, as a job's times are until it has run; objects and lists only within entries of lists. What may
    never be null, the schema sees to.
    """
    if recorded is None or (found is None and (listed or not isinstance(recorded, dict | list))):
        return
    if isinstance(recorded, dict) and isinstance(found, dict):
        if recorded.keys() != found.keys():
            yield f"{path}: {sorted(found)} instead of {sorted(recorded)}"
            return
        for name, value in recorded.items():
            yield from differences(value, found[name], f"{path}.{name}", listed=listed)
    elif isinstance(recorded, list) and isinstance(found, list):
        if recorded and not found and not listed:
            yield f"{path}: nothing"
        for place, entry in enumerate(found if recorded else []):
            tried = [list(differences(one, entry, f"{path}.{place}", listed=True)) for one in recorded]
            if all(tried):
                yield from tried[0]
    elif type(recorded) is not type(found):
        yield f"{path}: {type(found).__name__} instead of {type(recorded).__name__}"


def shortened(value: Any) -> Any:
    """An answer to look at: of lists the first entry, and those of another shape."""
    if isinstance(value, Mapping):
        return {
            name: "…" if isinstance(entry, str) and (name in HIDDEN or _is_signature(entry)) else shortened(entry)
            for name, entry in value.items()
        }
    if not isinstance(value, list):
        return value
    kept: list[Any] = []
    for entry in map(shortened, value):
        if not any(_keys(entry) == _keys(one) for one in kept):
            kept.append(entry)
    return kept


def _is_signature(text: str) -> bool:
    return len(text) > 200 and " " not in text


def _holds(data: Any, path: str, wanted: Any) -> bool:
    value = reached(data, path)
    return value == wanted if wanted is not None else value is not None


def _keys(value: Any) -> Any:
    """The shape of a value, to tell entries of a list apart."""
    if isinstance(value, dict):
        return {name: _keys(entry) for name, entry in value.items() if isinstance(entry, dict)} | {"": sorted(value)}
    return type(value).__name__


def record() -> None:
    """Send all steps to a system of one's own and write the answers."""
    from tests.journeys.conftest import running

    with running() as system:
        sender = Sender(system, system.sign_in())
        for step in STEPS:
            began = time.monotonic()
            data = sender.send(step)
            print(f"{time.monotonic() - began:6.2f} s  {step.name}", flush=True)
            if step.compared:
                text = json.dumps({"data": shortened(data)}, ensure_ascii=False, indent=2)
                answer(step.name).write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    record()
