"""A forecasting plug-in with a memory: says what it is told to say, and fails on command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web

from edgewarm.sources.settings import Plugin

Json = dict[str, Any]


def steady(value: float) -> Callable[[Json], Json]:
    """The same point for every horizon."""
    return lambda question: {"points": [[value for _ in question["horizons"]] for _ in question["series"]]}


@dataclass
class FakePlugin:
    """`says` maps a question to its answer; `broken` is "hang", an HTTP status, or a body that is sent as it is."""

    says: Callable[[Json], Any] = field(default_factory=lambda: steady(100.0))
    broken: str | int | bytes | None = None
    asked: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> FakePlugin:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_post("/forecast", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/forecast"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gone.set()
        assert self._runner is not None
        await self._runner.cleanup()

    def declared(self, name: str = "oracle", **fields: Any) -> Plugin:
        """As the administrator declares it."""
        return Plugin(name, self.url, **{"timeout_seconds": 2.0, **fields})

    async def _serve(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        if self.broken == "hang":
            await self._gone.wait()
        if isinstance(self.broken, int):
            return web.Response(status=self.broken, headers={"Location": "/elsewhere"})
        if isinstance(self.broken, bytes):
            return web.Response(body=self.broken)
        return web.json_response(self.says(self.asked[-1]))
