"""Composition root: settings, the clock, and which implementation fills which port."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

import structlog

from edgewarm.api.parse import parse_decision, parse_policy
from edgewarm.api.parse_pool import parse_pool
from edgewarm.cluster.adapter import KubeCluster, Parsers
from edgewarm.cluster.client import ApiClient
from edgewarm.cluster.credentials import Credentials
from edgewarm.cluster.informer import Timing
from edgewarm.engine.forecasts import Forecasts
from edgewarm.engine.ladder import every_rung
from edgewarm.engine.tick import Engine, Ports
from edgewarm.handlers.nudges import run_until
from edgewarm.manifests.forecast import forecast_answer, forecast_list
from edgewarm.model.errors import Unavailable
from edgewarm.model.identity import Key
from edgewarm.sources.demand import DemandSources
from edgewarm.sources.models import ForecastModels
from edgewarm.sources.settings import load_sources
from edgewarm.telemetry.forecasts import forecast_routes
from edgewarm.telemetry.health import Health
from edgewarm.telemetry.logs import configure
from edgewarm.telemetry.metrics import Metrics
from edgewarm.telemetry.server import TelemetryServer

log = structlog.get_logger()
SHORTEST_LOOK_SECONDS = 0.02  # between two looks for promotions: one burst of changes is one look
SHORTEST_PASS_SECONDS = 1.0  # between two passes, however often we are nudged


@dataclass(frozen=True)
class Settings:
    """Everything an administrator can set; the chart writes the same as arguments."""

    sources: Path
    host: str = "0.0.0.0"
    port: int = 8080
    pass_seconds: float = 15.0
    log_format: str = "json"
    log_level: str = "info"
    port_file: Path | None = None


class Told:
    """What is served below /forecasts: the engine's forecasts, as soon as there is an engine."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.forecasts: Forecasts | None = None

    def all(self) -> Mapping[str, Any]:
        return forecast_list(self._known().listed())

    def one(self, key: Key, resource: str | None) -> Mapping[str, Any]:
        return forecast_answer(self._known().told(key, self._clock(), resource))

    def _known(self) -> Forecasts:
        if self.forecasts is None:
            raise Unavailable("Starting: the cluster is still being read")
        return self.forecasts


class Operator:
    """One process: informers, sources, engine, telemetry, and kopf in a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopped = asyncio.Event()
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._metrics = Metrics(version("edgewarm"))
        self._health = Health(time.monotonic())
        self._kopf_stop = threading.Event()
        api = ApiClient(Credentials(), time.monotonic, on_request=self._count_request)
        parsers = Parsers(parse_policy, parse_pool, parse_decision)
        self._cluster = KubeCluster(api, parsers, Timing(time.monotonic), self._wake.set)
        self._configuration = load_sources(settings.sources)
        self._demand = DemandSources(
            self._configuration,
            time.monotonic,
            Random(),
            on_error=lambda source, cause: self._metrics.source_error(source, str(cause)),
            on_query=self._metrics.source_query,
        )
        self._models = ForecastModels(self._configuration, time.monotonic, Random(), self._metrics.model_fit)
        self._told = Told(time.time)
        routes = forecast_routes(self._told)
        clock, host, port = time.monotonic, settings.host, settings.port
        self._server = TelemetryServer(self._metrics, self._health, clock, host, port, routes)

    def _count_request(self, verb: str, resource: str, code: int) -> None:
        self._metrics.api_request(verb, resource, str(code) if code else "error")

    async def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stopped.set)
        kopf_thread = threading.Thread(target=self._run_kopf, name="kopf", daemon=True)
        async with self._server, self._demand, self._models:
            self._announce_port()
            await self._cluster.start()
            kopf_thread.start()
            try:
                await self._passes()
            finally:
                self._kopf_stop.set()
                await self._cluster.stop()
        await asyncio.to_thread(kopf_thread.join, 10.0)
        log.info("stopped")

    def _run_kopf(self) -> None:
        def wake() -> None:
            self._loop.call_soon_threadsafe(self._wake.set)

        def exited(problem: BaseException | None) -> None:
            log.warning("kopf ended and is started again", problem=str(problem) if problem else None)

        run_until(self._kopf_stop, wake, exited)

    def _announce_port(self) -> None:
        log.info("listening", port=self._server.port, version=version("edgewarm"))
        if self._settings.port_file is not None:
            self._settings.port_file.write_text(str(self._server.port))

    async def _passes(self) -> None:
        if not await self._until_stopped(self._cluster.wait_synced()):
            return
        self._health.synced()
        log.info("caches are full")
        ports = Ports(self._cluster, self._demand, self._metrics, self._wake.set, self._models)
        known = self._configuration
        rungs = every_rung({one.name: one for one in known.fetchers}, known.node_room)
        engine = Engine(ports, time.time(), self._settings.pass_seconds, terms=known.terms, rungs=rungs)
        self._told.forecasts = engine.forecasts
        promoting = asyncio.create_task(self._promote(engine), name="promotions")
        try:
            while not self._stopped.is_set():
                await self._pass(engine)
        finally:
            promoting.cancel()
            await asyncio.gather(promoting, return_exceptions=True)
            await engine.close()

    async def _promote(self, engine: Engine) -> None:
        """Promotions follow what the cluster tells, between passes too; after a bug the pass still promotes."""
        while True:
            await self._cluster.stirred()
            try:
                await engine.promote(time.time())
            except Exception:
                log.exception("looking for promotions failed")
            await asyncio.sleep(SHORTEST_LOOK_SECONDS)

    async def _pass(self, engine: Engine) -> None:
        """One pass and the wait for the next; a bug is logged, and the missing beat fails /healthz if it stays."""
        started = time.monotonic()
        self._wake.clear()
        try:
            await engine.run_pass(time.time())
            self._health.beat(time.monotonic())
        except Exception:
            log.exception("the pass failed")
        seconds = time.monotonic() - started
        self._metrics.caches(self._cluster.ages(time.monotonic()))
        self._metrics.passed(seconds, time.time(), overrun=seconds > self._settings.pass_seconds)
        await self._until_stopped(asyncio.sleep(SHORTEST_PASS_SECONDS))
        rest = self._settings.pass_seconds - (time.monotonic() - started)
        if rest > 0:
            await self._until_stopped(asyncio.wait_for(self._wake.wait(), rest))

    async def _until_stopped(self, work: Awaitable[Any]) -> bool:
        """Wait for `work` or the end of the process; False when it is the end."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for left in (task, stopping):
            left.cancel()
        results = await asyncio.gather(task, stopping, return_exceptions=True)
        expected = (asyncio.CancelledError, TimeoutError)
        if isinstance(results[0], BaseException) and not isinstance(results[0], expected):
            raise results[0]
        return not self._stopped.is_set()


async def serve(settings: Settings) -> None:
    """Run the operator until it is told to stop; Invalid when the configuration cannot be used."""
    await Operator(settings).run()


def run(settings: Settings) -> None:
    """The process: logs first, then everything else."""
    configure(settings.log_format, settings.log_level)
    asyncio.run(serve(settings))
