"""The real process, kopf included, in real time: it starts, answers its probes, acts, and stops when told to."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from edgewarm.app import Operator, Settings
from support.fake_api import Request
from support.fake_api.waiting import eventually
from support.operator_world import OperatorWorld

pytestmark = pytest.mark.component


@asynccontextmanager
async def operating(world: OperatorWorld, monkeypatch: pytest.MonkeyPatch, path: Path) -> AsyncIterator[str]:
    """The URL of a running operator, which is told to stop by SIGTERM and must do so."""
    monkeypatch.setenv("KUBECONFIG", str(world.api.kubeconfig(path / "kubeconfig")))
    source = f"sources:\n- {{name: prometheus, type: Prometheus, url: '{world.prometheus.url}'}}\n"
    (path / "sources.yaml").write_text(source)
    port = path / "port"
    settings = Settings(path / "sources.yaml", host="127.0.0.1", port=0, pass_seconds=1.0, port_file=port)
    running = asyncio.create_task(Operator(settings).run())
    await eventually(lambda: running.done() or port.exists(), 10.0)
    try:
        yield f"http://127.0.0.1:{port.read_text()}"
    finally:
        if not running.done():
            os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(20):
            await running


async def answer(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


def populate(world: OperatorWorld) -> None:
    """One of each of our kinds: kopf falls over the null that the fake answers for an empty list."""
    world.api.put(
        {"kind": "EdgeNodePool", "metadata": {"name": "edge"}, "spec": {"selector": {"matchLabels": {"a": "b"}}}}
    )
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "old"}
    action = {"rung": "Replica", "from": 1, "to": 2, "executeAt": "2023-11-15T08:00:00Z"}
    spec = {"policy": "old", "target": target, "mode": "Act", "reason": "Forecast", "summary": "", "actions": [action]}
    world.api.put({"kind": "ScalingDecision", "metadata": {"name": "old-1", "namespace": "shop"}, "spec": spec})


def kopfs(world: OperatorWorld) -> list[Request]:
    return [request for request in world.api.requests if "edgewarm" not in request.headers.get("User-Agent", "")]


def kopf_watches(world: OperatorWorld) -> set[str]:
    return {request.path.rsplit("/", 1)[1] for request in kopfs(world) if request.verb == "watch"}


async def test_it_starts_answers_its_probes_acts_and_stops(
    real_time: OperatorWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world = real_time
    world.deployment(replicas=2)
    world.asked["checkout"] = lambda at: 290.0
    world.policy()
    populate(world)
    async with operating(world, monkeypatch, tmp_path) as url:
        await eventually(lambda: world.replicas() == 6, 15.0)
        await eventually(lambda: world.phases() == ["Executed"])
        assert (await answer(f"{url}/healthz"))[0] == 200
        assert await answer(f"{url}/readyz") == (200, "ok\n")
        status, text = await answer(f"{url}/metrics")
        assert status == 200
        assert 'edgewarm_need_pods{namespace="shop",policy="checkout"} 6.0' in text
        assert 'edgewarm_api_requests_total{code="200",resource="deployments/scale",verb="patch"} 1.0' in text
        await eventually(lambda: world.standing() == "Forecasting", 15.0)
        status, text = await answer(f"{url}/forecasts/shop/checkout")
        assert status == 200
        assert '"why":[{"level":"p50"' in text
        await eventually(lambda: kopf_watches(world) == {"warmingpolicies", "edgenodepools", "scalingdecisions"}, 15.0)
        assert {request.verb for request in kopfs(world)} == {"get", "list", "watch"}  # the shell writes nothing
    stored = world.api.get("WarmingPolicy", "shop", "checkout")
    assert stored is not None
    assert not stored["metadata"].get("finalizers")
    assert not stored["metadata"].get("annotations")


async def test_without_an_api_server_it_is_not_ready_and_stops_all_the_same(
    real_time: OperatorWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real_time.api.fail(503, times=1e9)
    async with operating(real_time, monkeypatch, tmp_path) as url:
        assert (await answer(f"{url}/readyz"))[0] == 503
        assert (await answer(f"{url}/healthz"))[0] == 200
        assert (await answer(f"{url}/forecasts"))[0] == 503
