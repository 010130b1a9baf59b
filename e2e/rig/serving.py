"""Servers of the tests in a thread of their own, at an address of this host that pods of a real node reach."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType
from typing import Generic, Protocol, TypeVar


class Server(Protocol):
    """What listens while it is entered, at `host` with its port."""

    host: str

    async def __aenter__(self) -> object: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


Served = TypeVar("Served", bound=Server)


class Serving(Generic[Served]):
    """`server` remembers what was asked; `host` is its address with its port."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="server", daemon=True)

    @property
    def host(self) -> str:
        return self.server.host

    def __enter__(self) -> Serving[Served]:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.server.__aenter__(), self._loop).result(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self.server.__aexit__(None, None, None), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()


def own_address() -> str:
    """Of the interface that leads out, or whatever the host's name means; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return socket.gethostbyname(socket.gethostname())
        address: str = probe.getsockname()[0]
        return address
