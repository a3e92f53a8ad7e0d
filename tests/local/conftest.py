"""The local AWS server, and a stack of small functions deployed onto it."""

from __future__ import annotations

import logging
import pathlib
from collections.abc import AsyncIterator, Iterator

import pytest

from local.deploy import Deployment, deploy
from local.runtime import Functions
from local.template import Translation, translate
from tests.local.actors import Actors

TEMPLATE = pathlib.Path(__file__).parent / "handlers" / "template.yaml"


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """The address of an AWS-compatible server of this run's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_DISABLE_GLOBAL_CORS", "1")
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Translation:
    """The translated template of the small functions, with a fresh folder for what they record."""
    return translate(TEMPLATE, {"RecordFolder": str(tmp_path_factory.mktemp("record"))})


@pytest.fixture(scope="session")
def deployment(aws: str, stage: Translation) -> Deployment:
    """The small functions deployed."""
    return deploy(stage, endpoint=aws, stack="stage")


@pytest.fixture(scope="session")
async def actors(aws: str, deployment: Deployment, stage: Translation) -> AsyncIterator[Actors]:
    """The small functions running, with pollers and schedules."""
    lines: list[tuple[str, str]] = []
    folder = pathlib.Path(stage.parameters["RecordFolder"])
    async with (
        Functions(
            deployment,
            endpoint=aws,
            env={"LENT": "yes"},
            on_log=lambda function, line: lines.append((function, line)),
            retry_after=0,
            retry_delay=0.05,
        ) as running,
        Actors.open(aws, deployment, running, lines, folder) as actors,
    ):
        yield actors
