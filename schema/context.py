"""What resolvers are given beside their arguments: `info.context` and its types."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from bizcall import networks, throttles
from bizcall.admins import Role, Viewer
from bizcall.audit import Actor, ActorKind, View
from bizcall.audit.views import ADMINS
from bizcall.database import reading
from bizcall.errors import Unauthenticated
from bizcall.ports import Clock, Queue, Storage
from bizcall.service_clients import ServiceClient
from bizcall.settings import Settings
from bizcall.support import Documents
from schema.messages import Language

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

SESSION_COOKIE = "session"
DEVICE_COOKIE = "device"


class Services(Protocol):
    """The outside world, given by the composition root of the process."""

    @property
    def settings(self) -> Settings:
        """What the environment told."""

    @property
    def storage(self) -> Storage:
        """The bucket."""

    @property
    def queue(self) -> Queue:
        """The workers' queues."""

    @property
    def clock(self) -> Clock:
        """What time it is."""


@dataclass(frozen=True)
class Cookie:
    """A cookie to set with the answer: HttpOnly, SameSite=Lax, Secure but on the laptop. `seconds` 0 removes it."""

    name: str
    value: str
    seconds: int


@dataclass(eq=False)
class Context:
    """One request.

    Until the operation is known to be within its limits, when `identify` is asked and told whether a stranger would
    reach the database and whether the session is used, `viewer` and `service` are None; afterwards `viewer` is the
    person who is signed in, or `service` the server that asks, or both are None. `documents` are those that anybody may
    download.
    `token` is what the client presented, of a session that may have ended, `by_cookie` whether it did so in a cookie;
    `device` is the device cookie's value.
    `cookies` collects what mutations set, `codes` those of the errors that are told. `reads` says, once the operation
    is known, that it can have no effect.
    `views` collects the keys of the rows whose personal data was resolved (`schema/personal.py`).
    """

    services: Services
    documents: Documents
    request_id: str
    language: Language = Language.KO
    client_address: str = ""
    user_agent: str = ""
    token: str | None = None
    by_cookie: bool = False
    device: str | None = None
    viewer: Viewer | None = None
    service: ServiceClient | None = None
    identify: Callable[[bool, bool], Awaitable[Viewer | ServiceClient | None]] | None = None
    introspection: bool = True
    reads: bool = False
    cookies: list[Cookie] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    views: defaultdict[View, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    _loaders: dict[Any, DataLoader[Any, Any]] = field(default_factory=dict)
    _batches: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def signed_in(self) -> Viewer:
        """The viewer; raises Unauthenticated when there is none."""
        if self.viewer is None:
            raise Unauthenticated
        return self.viewer

    def demand_fresh_factor(self) -> None:
        """Let pass a session in which a code was right lately (S6); raises Unauthenticated, Invalid: CODE_REQUIRED."""
        self.signed_in.demand_fresh(self.services.clock())

    @property
    def company_id(self) -> UUID:
        """The viewer's company; raises Unauthenticated."""
        return self.signed_in.company_id

    @property
    def role(self) -> Role | None:
        """What the one who asks is; None when nobody is signed in."""
        caller = self.viewer or self.service
        return caller.role if caller is not None else None

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit record."""
        kind = ActorKind.NOBODY if self.role is None else ActorKind(self.role)
        key = self.viewer.admin_id if self.viewer is not None else self.service.id if self.service is not None else None
        return Actor(kind, key, self.client_address, self.request_id, self.counted_address, self._outside)

    async def recognise(self, *, counted: bool, activity: bool) -> None:
        """Find out who asks, unless it is known.

        `counted` says that a stranger would reach the database, `activity` that the session is used by it.
        """
        if self.viewer is not None or self.service is not None or self.identify is None:
            return
        caller = await self.identify(counted, activity)
        if isinstance(caller, ServiceClient):
            self.service = caller
        else:
            self.viewer = caller

    @property
    def seen(self) -> Mapping[View, set[UUID]]:
        """What is to be recorded of `views`: nobody is told on for looking at himself."""
        own = {self.viewer.admin_id} if self.viewer else set()
        views = {view: keys - own if view is ADMINS else keys for view, keys in self.views.items()}
        return {view: keys for view, keys in views.items() if keys or view is not ADMINS}

    @property
    def counted_address(self) -> str | None:
        """What the bounds of `throttles` per address count this request as; None where none of them holds."""
        return throttles.counted_address(self.client_address, self.services.settings.exempt_networks)

    @property
    def _outside(self) -> bool:
        """Whether the client's address lies outside the networks from which operators may come, if there are such."""
        permitted = self.services.settings.operator_networks
        return bool(permitted) and not networks.within(networks.read(self.client_address), permitted)

    async def load(self, fetch: Callable[[UUID, Sequence[K]], Awaitable[Mapping[K, V]]], key: K) -> V | None:
        """The value for a key, asked once per request and together with all keys that are wanted at the same time.

        `fetch` is a function of a `bizcall` module (no lambda: it is what the batch is known by). Raises
        Unauthenticated. None for a key that `fetch` leaves out.
        """
        return await self.loader(fetch).load(key)

    def loader(self, fetch: Callable[[UUID, Sequence[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V | None]:
        """The request's DataLoader over a `bizcall` function, for `load_many`, `prime` and `clear`."""
        if fetch not in self._loaders:
            company_id = self.company_id

            async def batch(keys: list[K]) -> Sequence[V | None]:
                async with reading(company_id):
                    found = await fetch(company_id, keys)
                return [found.get(key) for key in keys]

            self._loaders[fetch] = DataLoader(load_fn=self._noted(batch))
        return self._loaders[fetch]

    def forget(self) -> None:
        """Drop what loaders remember; called after each mutation, which may have changed it."""
        self._loaders.clear()

    async def settle(self) -> None:
        """Cancel batches that still run and wait for them: the transaction under them is about to end."""
        for task in self._batches:
            task.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)

    def _noted(self, batch: Callable[[list[K]], Awaitable[Sequence[V | None]]]) -> Callable[[list[K]], Any]:
        """The same function, its task known to `settle`."""

        async def noted(keys: list[K]) -> Sequence[V | None]:
            task = asyncio.current_task()
            if task is not None:
                self._batches.add(task)
                task.add_done_callback(self._batches.discard)
            return await batch(keys)

        return noted


Info = strawberry.Info[Context, None]
