"""The sweep bites (security T3): it finds each of sixteen forgotten filters, and nothing without them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

import schema.admins.accounts
import schema.calls
import schema.departments
import schema.imports
import schema.subscribers
from bizcall import calls, departments, imports, messages, stats
from bizcall.imports import listing as imports_listing
from bizcall.invitations import listing as invitations_listing
from bizcall.subscribers import editing
from bizcall.subscribers import listing as subscribers_listing
from tests.security.holes import Hole, blind, seed, unwalled
from tests.security.ledger import Ledger
from tests.security.sweep import Sweep

HOLES = (
    Hole(schema.departments.Department, "fetch", ("Query.node",)),
    Hole(schema.subscribers.Line, "fetch", ("Query.nodes",)),
    Hole(schema.imports.Import, "fetch", ("Query.node",)),
    Hole(subscribers_listing, "listing", ("Query.subscribers",)),
    Hole(departments, "listing", ("Query.departments",)),
    Hole(imports_listing, "listing", ("Query.imports",)),
    Hole(invitations_listing, "listing", ("Query.invitations",)),
    Hole(imports, "cancel", ("Mutation.importCancel",)),
    Hole(editing, "remove", ("Mutation.subscriberRemove",)),
    Hole(schema.admins.accounts.Admin, "fetch", ("Query.node",)),
    Hole(departments, "save", ("Mutation.departmentsSave",)),
    Hole(imports_listing, "refused_rows", ("Mutation.importRefusedRowsDownload",)),
    Hole(calls, "listing", ("Query.calls",)),
    Hole(messages, "listing", ("Query.messages",)),
    Hole(stats, "statistics", ("Query.callStatistics",)),
    Hole(schema.calls.Call, "fetch", ("Query.node",)),
)


@pytest.fixture
async def undefended(books: Ledger, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Nothing but the filters keeps companies apart."""
    blind(monkeypatch)
    async with unwalled(books):
        yield


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: f"{getattr(hole.owner, '__name__', '')}.{hole.name}")
async def test_T3_a_forgotten_filter_is_found(
    swept: Sweep, undefended: None, hole: Hole, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(hole, monkeypatch)

    for key in hole.fields:
        await swept.field(key)

    assert any("not valid" not in finding for finding in swept.findings)
