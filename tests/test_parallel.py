"""How the suite is spread over processes; by itself pytest-xdist says nothing when its groups have no effect."""

from __future__ import annotations

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process runs everything")
def test_a_file_stays_in_one_process(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@test_parallel.py")
