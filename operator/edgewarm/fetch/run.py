"""The whole way of one order, with as many tries as its class allows.

file: one transfer. Artifact: its manifest, a transfer for each layer that is not there already, then a folder of links
to them (fetch.artifact). Commit: one fetch by the git client (fetch.commit).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import aiohttp

from edgewarm.fetch import artifact
from edgewarm.fetch.asking import Asking
from edgewarm.fetch.commit import Commits
from edgewarm.fetch.credentials import Credentials
from edgewarm.fetch.order import Interrupted, Kind, Limits, Order, Refused
from edgewarm.fetch.store import Blob, Keeping, Store
from edgewarm.fetch.transfer import Tell, Transfer

EVERYTHING = Keeping()
ANONYMOUS = Credentials()
CONNECT_SECONDS = 5.0
"""How long a neighbour may take to pick up: it would only have been nearer."""
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`found`: it was there already. `resumed_from` is the byte from which the last try went on.

    Of an artifact it is all bytes that were not fetched again; `shared` are those of its layers that were there for
    others. `near` are bytes of what came from a neighbour.
    """

    size: int
    found: bool
    tries: int = 0
    resumed_from: int = 0
    evicted: tuple[Blob, ...] = ()
    shared: int = 0
    near: int = 0


@dataclass(frozen=True)
class Fetcher:
    """`clock` tells Unix seconds, of which the store remembers last uses."""

    store: Store
    limits: Limits
    clock: Callable[[], float]
    keeping: Keeping = EVERYTHING
    tell: Tell = lambda have, whole: None
    wait_seconds: float = 1.0  # between two looks while another process fetches the same
    credentials: Credentials = ANONYMOUS

    async def bring(self, order: Order) -> Outcome:
        """Until it is there under its name; Refused, or Interrupted after the last try."""
        self.limits.check(order.address)
        ways = {Kind.FILE: self._file, Kind.ARTIFACT: self._artifact, Kind.COMMIT: self._commit}
        outcome = await self._once(order, ways[order.kind])
        return replace(outcome, size=self.store.use(order, self.clock()))

    async def _once(self, order: Order, fetch: Callable[[Order], Awaitable[Outcome]]) -> Outcome:
        """What is there is found; else one process fetches it, and the others wait."""
        while True:
            with self.store.locked(order.digest) as mine:
                if self.store.has(order):
                    return Outcome(self.store.touch(order, self.clock()), found=True)
                if mine:
                    return await fetch(order)
            await asyncio.sleep(self.wait_seconds)

    async def _file(self, order: Order) -> Outcome:
        evicted = self.store.make_room({order.digest: order.size}, self.keeping, self.clock())
        async with self._asking(order) as asking:
            return replace(await self._transferred(asking, order), evicted=evicted)

    async def _artifact(self, order: Order) -> Outcome:
        async with self._asking(order) as asking:
            raw, _ = await self._tried(lambda: artifact.manifest(asking, order))
            layers = artifact.layers(order, raw)
            parts = artifact.parts(order, layers)
            self._check_size(order, parts)
            evicted = self._room(order, parts)
            outcomes = [await self._once(one, lambda part: self._transferred(asking, part)) for one in parts]
        self.store.link(order, {one.path: one.digest for one in layers})
        fetched = [one for one in outcomes if not one.found]
        shared = sum(one.size for one in outcomes if one.found)
        tries, near = max((one.tries for one in fetched), default=1), sum(one.near for one in fetched)
        return Outcome(0, False, tries, sum(one.resumed_from for one in fetched), evicted, shared, near)

    async def _commit(self, order: Order) -> Outcome:
        evicted = self.store.make_room({order.digest: order.size}, self.keeping, self.clock())
        commits = Commits(self.store, self.limits, self.credentials, self.tell)
        _, tries = await self._tried(lambda: commits.bring(order))
        return Outcome(0, False, tries, 0, evicted)

    def _check_size(self, order: Order, parts: Sequence[Order]) -> None:
        size, (most, told) = sum(one.size for one in parts), self.limits.most(order)
        if size > most:
            raise Refused(f"{order.url} at {order.digest} has {size} bytes, {told}")

    def _room(self, order: Order, parts: Sequence[Order]) -> tuple[Blob, ...]:
        """For the layers that are not there, beside those that are."""
        missing = [one for one in parts if not self.store.has(one)]
        keeping = replace(self.keeping, digests=self.keeping.digests | {one.digest for one in parts})
        needed = {one.digest: one.size for one in missing} | {order.digest: 0}  # the artifact itself is but links
        evicted = self.store.make_room(needed, keeping, self.clock())
        begun = sum(self.store.begun_bytes(one.digest) for one in missing)
        self.store.guard(sum(one.size for one in missing) - begun, self.limits.spare_bytes)
        return evicted

    async def _transferred(self, asking: Asking, order: Order) -> Outcome:
        """Under its digest: from a neighbour that has it, else from its source."""
        transfer = Transfer(asking, self.store, self.limits, self.tell)
        near = await self._from_neighbour(order)
        start, tries = await self._tried(lambda: transfer.bring(order)) if near is None else (near, 1)
        self.store.finish(order.digest)
        size = self.store.touch(order, self.clock())
        return Outcome(size, False, tries, start, near=0 if near is None else size)

    async def _from_neighbour(self, order: Order) -> int | None:
        """The byte that it went on from; None where no neighbour has it. One try each: the source is what counts."""
        for address, limits in self.limits.near():
            blob = replace(order, url=f"{address}/blobs/{order.digest.replace(':', '-', 1)}")
            async with self._session(CONNECT_SECONDS) as session:
                asking = Asking(session, limits, blob.url)
                try:
                    return await Transfer(asking, self.store, limits, self.tell).bring(blob)
                except (Refused, Interrupted):
                    continue
        return None

    async def _tried(self, call: Callable[[], Awaitable[Found]]) -> tuple[Found, int]:
        """What came of it, and how many tries it took."""
        tries = 1
        while True:
            try:
                return await call(), tries
            except Interrupted:
                if tries >= self.limits.attempts:
                    raise
            await asyncio.sleep(self.limits.pause_seconds * 2 ** (tries - 1))
            tries += 1

    @asynccontextmanager
    async def _asking(self, order: Order) -> AsyncIterator[Asking]:
        async with self._session(self.limits.idle_seconds) as session:
            scope = artifact.scope(order) if order.kind is Kind.ARTIFACT else ""
            yield Asking(session, self.limits, order.address, self.credentials, scope)

    def _session(self, connect_seconds: float) -> aiohttp.ClientSession:
        idle = self.limits.idle_seconds
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=min(idle, connect_seconds), sock_read=idle)
        connector = aiohttp.TCPConnector(ssl=self.credentials.trusted())
        return aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=True, auto_decompress=False)
