"""A forecasting plug-in with a memory: says what it is told to say, and fails on command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from edgewarm.sources.settings import Plugin
from support.fake_server import FakeServer

Json = dict[str, Any]


def steady(value: float) -> Callable[[Json], Json]:
    """The same point for every horizon."""
    return lambda question: {"points": [[value for _ in question["horizons"]] for _ in question["series"]]}


@dataclass
class FakePlugin(FakeServer):
    """`says` maps a question to its answer; `broken` is "hang", an HTTP status, or a body that is sent as it is."""

    says: Callable[[Json], Any] = field(default_factory=lambda: steady(100.0))
    broken: str | int | bytes | None = None
    asked: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_post("/forecast", self._serve)
        return app

    @property
    def url(self) -> str:
        return f"http://{self.host}/forecast"

    def declared(self, name: str = "oracle", **fields: Any) -> Plugin:
        """As the administrator declares it."""
        return Plugin(name, self.url, **{"timeout_seconds": 2.0, **fields})

    async def _serve(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        if self.broken == "hang":
            await self.gone.wait()
        if isinstance(self.broken, int):
            return web.Response(status=self.broken, headers={"Location": "/elsewhere"})
        if isinstance(self.broken, bytes):
            return web.Response(body=self.broken)
        return web.json_response(self.says(self.asked[-1]))
