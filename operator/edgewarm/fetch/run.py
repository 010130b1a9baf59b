"""The whole way of one order, with as many tries as its class allows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from edgewarm.fetch.order import Interrupted, Limits, Order
from edgewarm.fetch.store import Blob, Keeping, Store
from edgewarm.fetch.transfer import Tell, Transfer

EVERYTHING = Keeping()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`found`: it was there already. `resumed_from` is the byte from which the last try went on."""

    size: int
    found: bool
    tries: int = 0
    resumed_from: int = 0
    evicted: tuple[Blob, ...] = ()


@dataclass(frozen=True)
class Fetcher:
    """`clock` tells Unix seconds, of which the store remembers last uses."""

    store: Store
    limits: Limits
    clock: Callable[[], float]
    keeping: Keeping = EVERYTHING
    tell: Tell = lambda have, whole: None
    wait_seconds: float = 1.0  # between two looks while another process fetches the same

    async def bring(self, order: Order) -> Outcome:
        """Until the blob is there under its name; Refused, or Interrupted after the last try."""
        self.limits.check(order.url)
        while True:
            with self.store.locked(order.digest) as mine:
                if self.store.has(order):
                    return Outcome(self._used(order), found=True)
                if mine:
                    return await self._fetched(order)
            await asyncio.sleep(self.wait_seconds)

    async def _fetched(self, order: Order) -> Outcome:
        evicted = self.store.make_room(order, self.keeping, self.clock())
        idle = self.limits.idle_seconds
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=idle, sock_read=idle)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True, auto_decompress=False) as session:
            tries, start = await self._tried(order, Transfer(session, self.store, self.limits, self.tell))
        self.store.finish(order.digest)
        return Outcome(self._used(order), False, tries, start, evicted)

    async def _tried(self, order: Order, transfer: Transfer) -> tuple[int, int]:
        """How many tries it took, and from which byte the last went on."""
        tries = 1
        while True:
            try:
                return tries, await transfer.bring(order)
            except Interrupted:
                if tries >= self.limits.attempts:
                    raise
            await asyncio.sleep(self.limits.pause_seconds * 2 ** (tries - 1))
            tries += 1

    def _used(self, order: Order) -> int:
        """Its bytes, now that it is used."""
        return self.store.use(order, self.clock()).stat().st_size
