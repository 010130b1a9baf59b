"""One try to bring the bytes of an order, from where the last one stopped.

| there are n bytes, the server answers | then                                                                        |
|---------------------------------------|-----------------------------------------------------------------------------|
| 206 from byte n                       | they are added to                                                           |
| 200                                   | it knows no ranges, or has another version (If-Range): from the first byte  |
| 416, and n is all that there is       | nothing is left to fetch                                                    |
| 206 from elsewhere, or another 416    | what is there does not fit: dropped, from the first byte                    |
| 408, 429, 5xx, silence, a broken end  | Interrupted: what is there stays                                            |
| a redirect, 401, anything else        | as in fetch.asking                                                          |

The digest is checked over all bytes, also those of earlier tries. Where those do not fit they are dropped and it begins
again; where all bytes came in one try, the source has something else than what was ordered: Refused.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from edgewarm.fetch.asking import Asking
from edgewarm.fetch.order import Interrupted, Limits, Order, Refused
from edgewarm.fetch.store import Hash, Store

CHUNK = 1 << 16
RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

Tell = Callable[[int, int | None], None]
"""Told of bytes there, and of how many when that is known."""


@dataclass(frozen=True)
class Transfer:
    """One try for one order."""

    asking: Asking
    store: Store
    limits: Limits
    tell: Tell = lambda have, whole: None

    async def bring(self, order: Order) -> int:
        """Fetch and verify; the byte that it went on from."""
        have, tag, hasher = self.store.begun(order.digest)
        try:
            start, hasher = await self._fetch(order, have, tag, hasher)
        except (TimeoutError, aiohttp.ClientError) as error:
            raise Interrupted(f"{order.url}: {type(error).__name__} {error}".strip()) from error
        self._verify(order, start, f"sha256:{hasher.hexdigest()}")
        return start

    async def _fetch(self, order: Order, have: int, tag: str, hasher: Hash) -> tuple[int, Hash]:
        """The byte that it went on from, and the hash of all bytes."""
        async with self.asking.opened(order.url, _headers(have, self._tag(order, tag))) as answer:
            start, whole = _extent(answer, have)
            if start is None:
                self.store.drop(order.digest)
                raise Interrupted(f"{order.url} has no bytes from {have} on: it begins again")
            if start == 0:
                hasher = self.store.begin(order.digest, f"{_source(order)} {answer.headers.get('ETag', '')}")
            self._check_size(order, whole or 0)
            self.store.guard(max(0, (whole or order.size) - start), self.limits.spare_bytes)
            if start != whole:
                await self._stream(order, answer, (start, whole), hasher)
        return start, hasher

    def _tag(self, order: Order, noted: str) -> str:
        """The entity tag of the bytes that are there, where they are from the same source."""
        source, _, tag = noted.partition(" ")
        return tag if source == _source(order) else ""

    async def _stream(
        self, order: Order, answer: aiohttp.ClientResponse, extent: tuple[int, int | None], hasher: Hash
    ) -> None:
        """Append what comes, no faster than allowed."""
        (start, whole), loop = extent, asyncio.get_running_loop()
        have, begun = start, loop.time()
        with self.store.partial(order.digest).open("ab") as file:
            async for chunk in answer.content.iter_chunked(CHUNK):
                have += len(chunk)
                self._check_size(order, have)
                file.write(chunk)
                hasher.update(chunk)
                self.tell(have, whole)
                if self.limits.bytes_per_second:
                    due = begun + (have - start) / self.limits.bytes_per_second
                    await asyncio.sleep(max(0.0, due - loop.time()))

    def _check_size(self, order: Order, size: int) -> None:
        most, told = self.limits.most(order)
        if size > most:
            self.store.drop(order.digest)
            raise Refused(f"{order.url} has {size} bytes or more, {told}")

    def _verify(self, order: Order, start: int, digest: str) -> None:
        if digest == order.digest:
            return
        self.store.drop(order.digest)
        told = f"{order.url} has digest {digest}, ordered was {order.digest}"
        if start:
            raise Interrupted(f"{told}; a part was from an earlier try: it begins again")
        raise Refused(told)


def _source(order: Order) -> str:
    return order.url.partition("://")[2].partition("/")[0]


def _headers(have: int, tag: str) -> dict[str, str]:
    """Never compressed on the way, so that ranges and the digest are of the same bytes."""
    found = {"Accept-Encoding": "identity"}
    if have:
        found["Range"] = f"bytes={have}-"
        if tag and not tag.startswith("W/"):  # a weak tag says nothing about bytes
            found["If-Range"] = tag
    return found


def _extent(answer: aiohttp.ClientResponse, have: int) -> tuple[int | None, int | None]:
    """The first byte of the body (None: it does not go on from what is there), and how many the file has, if told."""
    told = answer.headers.get("Content-Range", "")
    if answer.status == 200:
        return 0, answer.content_length
    if answer.status == 416:  # of a file that is there already, nothing is left to ask for
        return (have, have) if told == f"bytes */{have}" else (None, None)
    found = RANGE.fullmatch(told)
    if found is None or int(found[1]) != have:
        return None, None
    return have, None if found[2] == "*" else int(found[2])
