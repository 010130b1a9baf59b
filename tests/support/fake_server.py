"""A server on a port of its own, for as long as it is entered: what the fakes of other systems have in common."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web


@dataclass(kw_only=True)
class FakeServer(ABC):
    """`host` is where it listens; `gone` is set when it ends, so that nothing hangs for longer."""

    address: str = "127.0.0.1"
    host: str = ""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    @abstractmethod
    def app(self) -> web.Application:
        """What it answers."""

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.address, 0).start()
        self.host = f"{self.address}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gone.set()
        assert self._runner is not None
        await self._runner.cleanup()
