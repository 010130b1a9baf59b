"""/metrics, /healthz, /readyz and further routes over HTTP; 503 with a sentence when the answer is no."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType

from aiohttp import web

from edgewarm.telemetry.health import Health, Verdict
from edgewarm.telemetry.metrics import Metrics


class TelemetryServer:
    """Serves on host:port while started; port 0 takes a free one, which `port` then tells. `clock` is Health's."""

    def __init__(
        self,
        metrics: Metrics,
        health: Health,
        clock: Callable[[], float],
        host: str,
        port: int,
        routes: Iterable[web.RouteDef] = (),
    ) -> None:
        self._routes = tuple(routes)
        self._metrics = metrics
        self._health = health
        self._clock = clock
        self._host = host
        self._wanted_port = port
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; RuntimeError before `start`."""
        if self._runner is None or not self._runner.addresses:
            raise RuntimeError("the telemetry server is not started")
        return int(self._runner.addresses[0][1])

    async def start(self) -> None:
        """Listen; OSError when the port is taken."""
        app = web.Application()
        app.router.add_get("/metrics", self._serve_metrics)
        app.router.add_get("/healthz", self._serve_health)
        app.router.add_get("/readyz", self._serve_readiness)
        app.router.add_routes(self._routes)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._wanted_port).start()
        except OSError:
            await self.close()
            raise

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def __aenter__(self) -> TelemetryServer:
        """Started."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closed."""
        await self.close()

    async def _serve_metrics(self, request: web.Request) -> web.Response:
        body, content_type = self._metrics.exposition(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _serve_health(self, _: web.Request) -> web.Response:
        return _answer(self._health.alive(self._clock()))

    async def _serve_readiness(self, _: web.Request) -> web.Response:
        return _answer(self._health.ready())


def _answer(verdict: Verdict) -> web.Response:
    return web.Response(status=200 if verdict.ok else 503, text=verdict.sentence + "\n")
