"""The only way out of a client that is not ours: a proxy on loopback to one host, within the limits of the class.

The git client knows no rate, no most bytes and no list of hosts, but HTTP proxies (CONNECT, RFC 9110 section 9.3.6).
What passes is encrypted: it is counted, not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from edgewarm.fetch.order import Limits, Order
from edgewarm.fetch.transfer import Tell

CHUNK = 1 << 16
MARGIN = 1 << 20
"""Handshakes, headers and the names of files, which do not count as bytes of an item."""


@dataclass
class Tunnel:
    """`refusal` is why it let something not pass; `received` counts bytes from the source."""

    order: Order
    limits: Limits
    tell: Tell = lambda have, whole: None
    refusal: str = ""
    received: int = 0
    _begun: float = 0.0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """The proxy's address, until the end."""
        self._begun = asyncio.get_running_loop().time()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self.limits.idle_seconds):
                wanted = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0].decode("latin-1")
                far = await self._far(wanted, writer)
            if far is not None:
                await self._both_ways((reader, writer), far)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client sees that its connection is gone, and says so
        finally:
            writer.close()

    async def _far(
        self, wanted: str, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        parts = urlsplit(self.order.address)
        host, port = parts.hostname or "", parts.port or 443
        if wanted.lower().split(" ")[:2] != ["connect", f"{host}:{port}"]:
            self.refusal = f"{self.order.url} leads to another host: {wanted}"
            writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return None
        far = await asyncio.open_connection(host, port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return far

    async def _both_ways(
        self,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """The end of either is the end of both: HTTP closes whole connections."""
        ways = [asyncio.create_task(_up(near[0], far[1])), asyncio.create_task(self._down(far[0], near[1]))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        far[1].close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """No faster and no more than allowed; a source that is silent for too long is left."""
        most, told = self.limits.most(self.order)
        loop, rate = asyncio.get_running_loop(), self.limits.bytes_per_second
        while True:
            async with asyncio.timeout(self.limits.idle_seconds):
                chunk = await reader.read(CHUNK)
            self.received += len(chunk)
            if self.received > most + MARGIN:
                self.refusal = f"{self.order.url} sends {self.received} bytes or more, {told}"
            if not chunk or self.refusal:
                return
            writer.write(chunk)
            await writer.drain()
            self.tell(self.received, None)
            if rate:
                await asyncio.sleep(max(0.0, self._begun + self.received / rate - loop.time()))


async def _up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
