"""A way for pods to a server that listens on loopback only: it counts what comes back, and breaks off on command."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import TracebackType

CHUNK = 1 << 16


@dataclass
class Relay:
    """`port` is where it leads, known later than its own `host`; `sent` counts the bytes of all answers.

    Each of `breaks` ends one connection after so many of them.
    """

    address: str
    port: int = 0
    host: str = ""
    breaks: list[int] = field(default_factory=list)
    sent: int = 0
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_server(self._connected, self.address, 0)
        self.host = f"{self.address}:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        ways = [asyncio.create_task(_up(reader, far_writer)), asyncio.create_task(self._down(far_reader, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for one in (writer, far_writer):
            one.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passed = 0
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
            passed += len(chunk)
            self.sent += len(chunk)
            if self.breaks and passed > self.breaks[0]:
                self.breaks.pop(0)
                return


async def _up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
