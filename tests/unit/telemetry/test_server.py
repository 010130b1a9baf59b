"""The three addresses that Kubernetes and Prometheus ask."""

from __future__ import annotations

import aiohttp
import pytest

from edgewarm.telemetry.health import Health
from edgewarm.telemetry.metrics import Metrics
from edgewarm.telemetry.server import TelemetryServer

pytestmark = pytest.mark.unit


async def get(server: TelemetryServer, path: str) -> tuple[int, str, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}{path}") as response,
    ):
        return response.status, response.headers["Content-Type"], await response.text()


async def test_it_serves_metrics_health_and_readiness():
    now = 1000.0
    health = Health(started_at=now)
    async with TelemetryServer(Metrics("9.9"), health, lambda: now, "127.0.0.1", 0) as server:
        status, kind, text = await get(server, "/metrics")
        assert status == 200
        assert kind.startswith("text/plain; version=0.0.4")
        assert 'edgewarm_build_info{version="9.9"} 1.0' in text
        assert (await get(server, "/readyz"))[::2] == (503, "the cluster is still being read\n")
        health.synced()
        health.beat(now)
        assert (await get(server, "/readyz"))[::2] == (200, "ok\n")
        assert (await get(server, "/healthz"))[::2] == (200, "ok\n")
        now = 1061.0
        assert (await get(server, "/healthz"))[::2] == (503, "the loop stalls: last pass 61 s ago, limit 60 s\n")
        assert (await get(server, "/other"))[0] == 404


async def test_a_taken_port_is_an_error_and_leaves_nothing_open():
    async with TelemetryServer(Metrics("1"), Health(0), lambda: 0.0, "127.0.0.1", 0) as server:
        second = TelemetryServer(Metrics("1"), Health(0), lambda: 0.0, "127.0.0.1", server.port)
        with pytest.raises(OSError, match="address already in use"):
            await second.start()
        with pytest.raises(RuntimeError, match="not started"):
            assert second.port
