"""The whole product on one machine: PostgreSQL, the AWS-compatible server, the deployed template, its functions.

    async with running(state, port=8000, say=print, log=print) as system:
        system.addresses.api

This is the laptop's composition root: everything is started here, in this order, and stopped in the reverse one. What
other processes need to know (`python -m local inbox`, tests) is in `running.json` while it runs.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pathlib
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, TypeVar

import httpx

from bizcall import database, migrate
from local import demo, locks, logbook, publications, seed
from local.cloud import Cloud
from local.cloud.process import CREDENTIALS, ROOT
from local.deploy import Deployment, clients, database_secret, deploy, put_secret
from local.gateway import gateway
from local.postgres import Postgres
from local.runtime import Functions
from local.serving import serving
from local.state import PortBusy, free_port, read_json, write_json
from local.template import translate

T = TypeVar("T")

TEMPLATE = ROOT / "infra" / "template.yaml"
REGION = CREDENTIALS["AWS_REGION"]
MAIL_DOMAIN = "bizcall.example"
# Where front-end developers' own servers usually listen: allowed by CORS on the API and the bucket.
ORIGINS = tuple(f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 4173, 5173, 8080))
PREFERRED_PORTS = {"api": 8000, "aws": 4566, "inbox": 8025}
_WATCH_SECONDS = 1.0
_FIRST_ANSWER_SECONDS = 30.0


class _Urls(NamedTuple):
    app: str
    owner: str


class AlreadyRunning(Exception):
    """Another process runs this state folder; `addresses` are its, or None while it is still starting."""

    def __init__(self, pid: int | None, addresses: Addresses | None) -> None:
        super().__init__(f"already running as process {pid}")
        self.pid, self.addresses = pid, addresses


class Died(Exception):
    """A server ended by itself while the system was running."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running system is reached. `database` is the URL of the role `app`; `queues` are URLs by logical id."""

    pid: int
    api: str
    graphql: str
    inbox: str
    aws: str
    bucket: str
    queues: dict[str, str]
    database: str


class System:
    """A running system; `functions` invokes its functions and fires its schedules."""

    def __init__(self, addresses: Addresses, deployment: Deployment, functions: Functions, servers: list[Any]) -> None:
        self.addresses, self.deployment, self.functions = addresses, deployment, functions
        self._servers = servers

    async def until(self, stop: asyncio.Event) -> None:
        """Wait for the event; raises Died if a server or an event source ends before."""
        stopping, broken = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(self.functions.watch())
        try:
            while not stop.is_set():
                for server in self._servers:
                    if server.ended():
                        name = type(server).__name__
                        raise Died(f"{name} has ended by itself; its log is {server.home / 'server.log'}")
                await asyncio.wait((stopping, broken), timeout=_WATCH_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if broken.done():
                    raise Died("an event source broke") from broken.exception()
        finally:
            stopping.cancel()
            broken.cancel()


def addresses_in(home: pathlib.Path) -> Addresses | None:
    """The addresses of the system that runs on that state folder; None if none does, or none is ready."""
    found = read_json(home / "running.json")
    return Addresses(**found) if found else None


@asynccontextmanager
async def running(
    home: pathlib.Path,
    *,
    port: int | None,
    say: Callable[[str], None],
    log: Callable[[str, str], None],
    environment: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> AsyncIterator[System]:
    """Start everything on that state folder and stop it at the end. `log` gets (function's logical id, line).

    `environment` is laid over the variables of all functions, for example to put another gateway in their way, and
    `secrets` are the texts of those that it names.

    `port` is the API's and must be free; without it a free one is found. With DATABASE_URL set no PostgreSQL is
    started: it is the address of role `app`, DATABASE_OWNER_URL that of the tables' owner (the same if not set).
    Raises AlreadyRunning, state.PortBusy, state.Unusable, postgres.Failed, cloud.CloudFailed.
    """
    async with AsyncExitStack() as stack:
        try:
            stack.callback(locks.hold(home / "lock").close)
        except locks.Held as held:
            raise AlreadyRunning(held.pid, addresses_in(home)) from None
        (home / "running.json").unlink(missing_ok=True)
        ports = _ports(home, port)
        urls, postgres, cloud = await _servers(stack, home, ports, say)
        with _step(say, "database"):
            await _prepare(urls, say)
        with _step(say, f"{TEMPLATE.name} deployed"):
            api = f"http://127.0.0.1:{ports['api']}"
            deployment = await _blocking(lambda: _deploy(home, cloud, urls, api, secrets or {}))
        variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": cloud.endpoint, **(environment or {})}
        (bucket,) = deployment.buckets.values()
        await _blocking(lambda: publications.put(clients(cloud.endpoint, REGION)("s3"), bucket))
        functions = await stack.enter_async_context(
            Functions(deployment, endpoint=cloud.endpoint, env=variables, on_log=log)
        )
        (http_api,) = deployment.apis.values()
        api = await stack.enter_async_context(serving(gateway(http_api, functions.invoke), port=ports["api"]))
        with _step(say, "API answers"):
            await _first_answer(api, say)
        # Not before: workers that start beside the API would keep whoever waits for it.
        functions.listen()
        addresses = Addresses(
            pid=os.getpid(),
            api=api,
            graphql=f"{api}/graphql",
            inbox=cloud.inbox,
            aws=cloud.endpoint,
            bucket=bucket,
            queues=deployment.queues,
            database=urls.app,
        )
        write_json(home / "running.json", asdict(addresses))
        stack.callback((home / "running.json").unlink, missing_ok=True)
        yield System(addresses, deployment, functions, [server for server in (postgres, cloud) if server])


def forget(home: pathlib.Path) -> None:
    """Remove all that was kept: database, objects, messages, keys. Raises AlreadyRunning."""
    try:
        lock = locks.hold(home / "lock")
    except locks.Held as held:
        raise AlreadyRunning(held.pid, addresses_in(home)) from None
    with lock:
        for folder in ("postgres", "aws"):
            shutil.rmtree(home / folder, ignore_errors=True)
        for file in ("running.json", "ports.json", "key", logbook.NAME, f"{logbook.NAME}.1"):
            (home / file).unlink(missing_ok=True)


async def _servers(
    stack: AsyncExitStack, home: pathlib.Path, ports: dict[str, int], say: Callable[[str], None]
) -> tuple[_Urls, Postgres | None, Cloud]:
    """Start both servers beside each other; the translator, slow to import, is imported meanwhile."""
    cloud = Cloud(home / "aws", port=ports["aws"], inbox_port=ports["inbox"])
    stack.callback(cloud.stop)
    given = os.environ.get("DATABASE_URL")
    postgres = None if given else Postgres(home / "postgres")
    if postgres is not None:
        stack.callback(postgres.stop)

    async def start(name: str, call: Callable[[], object]) -> None:
        with _step(say, name):
            await _blocking(call)

    starts = [
        start("AWS-compatible server", cloud.start),
        _blocking(lambda: importlib.import_module("samtranslator.translator.translator")),
    ]
    if postgres is not None:
        starts.append(start("PostgreSQL", postgres.start))
    # All of them are waited for: what is still starting could not be stopped.
    results = await asyncio.gather(*starts, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    if postgres is not None:
        urls = _Urls(postgres.url("app"), postgres.url("owner"))
    else:
        urls = _Urls(str(given), os.environ.get("DATABASE_OWNER_URL", str(given)))
    return urls, postgres, cloud


async def _prepare(urls: _Urls, say: Callable[[str], None]) -> None:
    for name in await migrate.apply(urls.owner):
        say(f"migration {name}")
    await database.connect(urls.app, size=1)
    try:
        if await seed.seed():
            say(f"demo company {seed.COMPANY_NAME}")
            with _step(say, "calls, messages and customers of three months"):
                await demo.feed()
    finally:
        await database.disconnect()


async def _first_answer(api: str, say: Callable[[str], None]) -> None:
    """Let the API's function start before somebody waits for it; one that can't is told, the rest runs all the same."""
    async with httpx.AsyncClient(base_url=api, timeout=_FIRST_ANSWER_SECONDS) as client:
        try:
            answer = await client.get("/readyz")
        except httpx.HTTPError as error:
            say(f"the API does not answer: {error!r}")
        else:
            if answer.is_error:
                say(f"the API is not ready: {answer.status_code} {answer.text}")


def _deploy(home: pathlib.Path, cloud: Cloud, urls: _Urls, api: str, secrets: Mapping[str, str]) -> Deployment:
    """Put the secrets where the template expects them, then deploy the template as it is."""
    manager = clients(cloud.endpoint, REGION)("secretsmanager")
    for name, text in secrets.items():
        put_secret(manager, name, text)
    parameters = {
        "Stage": "local",
        "WebOrigins": ",".join((api, api.replace("127.0.0.1", "localhost"), *ORIGINS)),
        # Front-end teams' own tests run here without a pause, all from one address.
        "ExemptNetworks": "127.0.0.0/8,::1/128",
        "DatabaseSecretArn": put_secret(manager, "database", database_secret(urls.app)),
        "OwnerSecretArn": put_secret(manager, "owner", database_secret(urls.owner)),
        # Until there is a web page, the page to try the API with is what a welcome message can lead to.
        "SiteUrl": f"{api}/ide",
    }
    # Nobody has to prove on a laptop that the domain is his.
    clients(cloud.endpoint, REGION)("sesv2").create_email_identity(EmailIdentity=MAIL_DOMAIN)
    translation = translate(TEMPLATE, parameters, region=REGION)
    # Sign-in codes under way and sessions must outlive a restart, so the key from which they are derived has to.
    return deploy(
        translation, endpoint=cloud.endpoint, region=REGION, secrets={"KeySecret": _key(home)}, api_endpoint=api
    )


def _key(home: pathlib.Path) -> str:
    kept = read_json(home / "key") or {"key": secrets.token_urlsafe(48)}
    write_json(home / "key", kept)
    return str(kept["key"])


def _ports(home: pathlib.Path, wanted: int | None) -> dict[str, int]:
    """Free ports, those of the last time if possible, so that bookmarks and presigned addresses stay good."""
    remembered = read_json(home / "ports.json") or {}
    ports: dict[str, int] = {}
    for name, usual in PREFERRED_PORTS.items():
        preferred = wanted if wanted is not None and name == "api" else remembered.get(name, usual)
        ports[name] = free_port(preferred)
        if wanted is not None and name == "api" and ports[name] != wanted:
            raise PortBusy(wanted)
    write_json(home / "ports.json", ports)
    return ports


@contextmanager
def _step(say: Callable[[str], None], name: str) -> Iterator[None]:
    before = time.monotonic()
    yield
    say(f"{name} ({time.monotonic() - before:.1f} s)")


async def _blocking(call: Callable[[], T]) -> T:
    """Run a blocking call in a thread and wait for its end even when cancelled, so that its servers can be stopped."""
    task = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
