"""A stack of small functions deployed onto the laptop's AWS-compatible server, and folders for PostgreSQL."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import AsyncIterator, Iterator

import pytest

from local import state
from local.deploy import Deployment, deploy
from local.runtime import Functions
from local.template import Translation, translate
from tests.local.actors import Actors

TEMPLATE = pathlib.Path(__file__).parent / "handlers" / "template.yaml"


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Translation:
    """The translated template of the small functions, with a fresh folder for what they record."""
    return translate(TEMPLATE, {"RecordFolder": str(tmp_path_factory.mktemp("record"))})


@pytest.fixture(scope="session")
def deployment(endpoint: str, stage: Translation) -> Deployment:
    """The small functions deployed."""
    return deploy(stage, endpoint=endpoint, stack="stage")


@pytest.fixture(scope="session")
async def actors(endpoint: str, deployment: Deployment, stage: Translation) -> AsyncIterator[Actors]:
    """The small functions running, with pollers and schedules."""
    lines: list[tuple[str, str]] = []
    folder = pathlib.Path(stage.parameters["RecordFolder"])
    async with (
        Functions(
            deployment,
            endpoint=endpoint,
            env={"LENT": "yes"},
            on_log=lambda function, line: lines.append((function, line)),
            retry_after=0,
        ) as running,
        Actors.open(endpoint, deployment, running, lines, folder) as actors,
    ):
        running.listen()
        yield actors


@pytest.fixture
def empty() -> Iterator[pathlib.Path]:
    """An empty folder that the server's user can reach."""
    folder = state.scratch()
    yield folder
    shutil.rmtree(folder)
