"""Other policies, other autoscalers, missing targets and absurd values: each stays its own trouble."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from support.operator_world import FLEET_QUERY, SHOP, OperatorWorld

pytestmark = pytest.mark.component


def busy(world: OperatorWorld, *names: str, **spec: Any) -> None:
    """Each deployment has two pods and needs six."""
    for name in names:
        world.deployment(name, replicas=2)
        world.asked[name] = lambda at: 290.0 if at >= world.now else None
        world.policy(name, **spec)


def hpa(world: OperatorWorld, target: str) -> None:
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    spec = {"scaleTargetRef": ref, "minReplicas": 2, "maxReplicas": 9}
    meta = {"name": f"{target}-hpa", "namespace": SHOP}
    world.api.put({"kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": spec})


async def test_one_failing_source_never_stops_the_others(world: OperatorWorld) -> None:
    busy(world, "checkout")
    world.deployment("lost", replicas=3)
    world.policy("lost", demand={"source": "dead", "query": "up", "capacityPerPod": "50"})
    await world.start()
    await world.passes(60)
    assert (world.standing("checkout"), world.standing("lost")) == ("Forecasting", "SourceUnavailable")
    assert (world.replicas("checkout"), world.replicas("lost")) == (6, 3)


ABSURD: list[tuple[str, dict[str, Any], float]] = [
    ("a tiny capacity", {"demand": {"query": "demand:absurd", "capacityPerPod": "2n"}}, 5e8),
    ("a demand beyond all pods", {}, 1e18),
    pytest.param(  # type: ignore[list-item]
        "more pods than a float can count",
        {"demand": {"query": "demand:absurd", "capacityPerPod": "1n"}},
        1.7e308,
    ),
    pytest.param(  # type: ignore[list-item]
        "a schedule for a day that never comes",
        {"schedules": [{"name": "never", "start": "0 0 30 2 *", "end": "0 1 * * *", "min": 3}]},
        90.0,
    ),
    ("a window of an hour", {"forecast": {"historyWindow": "1h", "predictionHorizon": "24h"}}, 90.0),
]


@pytest.mark.parametrize(("what", "spec", "demand"), ABSURD)
async def test_one_absurd_policy_never_stops_the_others(
    world: OperatorWorld, what: str, spec: dict[str, Any], demand: float
) -> None:
    busy(world, "checkout")
    world.deployment("absurd", replicas=2)
    world.asked["absurd"] = lambda at: demand
    world.policy("absurd", **spec)
    await world.start()
    await world.passes(120)
    assert world.replicas("checkout") == 6
    assert world.replicas("absurd") <= 100


@pytest.mark.parametrize("replicas", [0, 5000])
async def test_an_absurd_workload_is_brought_within_bounds(world: OperatorWorld, replicas: int) -> None:
    busy(world, "checkout")
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "odd"}}}
    world.controller.tick = lambda now: None  # type: ignore[method-assign]  # no five thousand pods
    world.api.put({"kind": "Deployment", "metadata": {"name": "odd", "namespace": SHOP}, "spec": spec})
    world.asked["odd"] = lambda at: 90.0 if at >= world.now else None
    world.policy("odd")
    await world.start()
    await world.passes(60)
    assert world.replicas("checkout") == 6
    assert 2 <= world.replicas("odd") <= 100


async def test_a_spec_that_cannot_be_read_is_stalled_and_alone(world: OperatorWorld) -> None:
    busy(world, "checkout")
    world.deployment("wrong")
    world.policy("wrong", scaling={"minReplicas": 9, "maxReplicas": 3})
    await world.start()
    await world.passes(30)
    stalled = world.condition("Stalled", "wrong")
    assert stalled is not None
    assert "scaling.minReplicas must not be above scaling.maxReplicas" in stalled["message"]
    assert world.replicas("checkout") == 6
    assert 'edgewarm_policies{state="stalled"} 1.0' in world.series()


async def test_the_younger_of_two_policies_stands_back_until_the_elder_goes(world: OperatorWorld) -> None:
    busy(world, "checkout")
    world.clock.advance(60)
    world.asked["younger"] = lambda at: 490.0 if at >= world.now else None
    world.policy("younger", target="checkout")
    await world.start()
    await world.passes(60)
    stalled = world.condition("Stalled", "younger")
    assert stalled is not None
    assert stalled["reason"] == "TargetAlreadyManaged"
    assert "shop/checkout" in stalled["message"]
    assert world.replicas() == 6
    world.api.delete("WarmingPolicy", SHOP, "checkout")
    await world.passes(60)
    assert world.standing("younger") == "Forecasting"
    assert world.condition("Stalled", "younger") is None
    assert world.replicas() == 10


async def test_a_target_that_is_made_later_is_taken_up(world: OperatorWorld) -> None:
    world.asked["checkout"] = lambda at: 290.0 if at >= world.now else None
    world.policy()
    await world.start()
    await world.passes(60)
    assert world.standing() == "TargetNotFound"
    assert world.condition("Reconciling") is not None
    world.deployment(replicas=2)
    await world.passes(30)
    assert (world.replicas(), world.standing()) == (6, "Forecasting")


async def test_a_target_with_an_autoscaler_is_left_alone_and_ours_when_that_goes(world: OperatorWorld) -> None:
    busy(world, "checkout")
    hpa(world, "checkout")
    await world.start()
    await world.passes(120)
    owned = world.condition("ScaledByOther")
    assert owned is not None
    assert "checkout-hpa" in owned["message"]
    assert world.standing() == "ScaledByOther"
    assert world.written("/deployments/") == []
    world.api.delete("HorizontalPodAutoscaler", SHOP, "checkout-hpa")
    await world.passes(30)
    assert world.condition("ScaledByOther") is None
    assert world.replicas() == 6


async def test_an_autoscaler_that_appears_stops_us_at_once(world: OperatorWorld) -> None:
    busy(world, "checkout")
    await world.start()
    await world.passes(60)
    hpa(world, "checkout")
    world.asked["checkout"] = lambda at: 900.0
    await world.passes(120)
    assert world.replicas() == 6


async def test_observe_watches_a_target_of_another_autoscaler(world: OperatorWorld) -> None:
    busy(world, "checkout", mode="Observe")
    hpa(world, "checkout")
    await world.start()
    await world.passes(120)
    assert world.standing() == "Forecasting"
    assert world.condition("ScaledByOther") is not None
    assert world.phases() == ["Observed"]


async def test_two_hundred_policies_of_one_template_are_one_query_and_one_pass(world: OperatorWorld) -> None:
    names = [f"app-{number}" for number in range(200)]
    world.deployment(*names, replicas=2)
    for name in names:
        world.fleet[name] = lambda at: 290.0 if at >= world.now else None
        template = {"name": "fleet", "arguments": [{"name": "app", "value": name}]}
        world.policy(name, demand={"template": template, "capacityPerPod": "50"})
    await world.start()
    asked = len(world.prometheus.asked)
    with capture_logs() as logs:
        await world.passes(15)
    live = [a for a in world.prometheus.asked[asked:] if a.endpoint == "query"]
    assert [a.form["query"] for a in live] == [FLEET_QUERY]
    assert {world.replicas(name) for name in names} == {6}
    assert {phase for name in names for phase in world.phases(name)} == {"Executed"}
    assert [line for line in logs if line["log_level"] in ("warning", "error")] == []


MALFORMED: list[dict[str, Any]] = [
    {"confidence": {"blocks": [{"start": "nonsense", "gain": "1", "saved": "1"}]}},
    {"confidence": {"blocks": [{"start": "2026-11-01T00:00:00Z", "saved": "1"}]}},
    {"scores": "many", "leadTime": {"source": "Measured", "p90Seconds": "soon"}},
    {"scores": {"simulated": False, "since": "2026-11-01T00:00:00Z", "hits": [1]}},
]


@pytest.mark.parametrize("status", MALFORMED)
async def test_a_status_that_cannot_be_read_is_begun_anew_and_stops_nobody(
    world: OperatorWorld, status: dict[str, Any]
) -> None:
    busy(world, "checkout", "odd")
    found = world.api.get("WarmingPolicy", SHOP, "odd")
    assert found is not None
    world.api.store.validators.pop("WarmingPolicy")  # it was written under another schema
    world.api.put({**found, "status": status})
    await world.start()
    with capture_logs() as logs:
        await world.passes(60)
    assert (world.replicas("checkout"), world.replicas("odd")) == (6, 6)
    assert [entry["policy"] for entry in logs if entry["log_level"] == "error"] == [f"{SHOP}/odd"]
    assert world.standing("odd") == "Forecasting"
