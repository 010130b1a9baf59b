"""A policy with two resources: the binding one switches, one goes blind, and everybody who tells of it names it."""

from __future__ import annotations

import pytest

from support.operator_world import MIDNIGHT, OperatorWorld

pytestmark = pytest.mark.component

GIB = 2**30
OPENING = MIDNIGHT + 8 * 3600
DEMAND = {
    "resources": [
        {"name": "cpu", "query": "cores", "perPod": "500m"},
        {"name": "memory", "query": "bytes", "perPod": "2Gi"},
    ]
}


async def running(world: OperatorWorld, cores: float, gib: float, replicas: int = 2) -> OperatorWorld:
    """Two pods that use this much, all the time."""
    world.deployment(replicas=replicas)
    use(world, cores, gib)
    world.policy(demand=DEMAND)
    await world.start()
    await world.passes(60)
    return world


def use(world: OperatorWorld, cores: float | None, gib: float | None) -> None:
    """From now on; None is no series."""
    world.prometheus.queries["cores"] = lambda at: [({}, cores)]
    world.prometheus.queries["bytes"] = lambda at: [({}, None if gib is None else gib * GIB)]


def resources(world: OperatorWorld) -> dict[str, tuple[str | None, int | None]]:
    """name -> (demand, need) in the status."""
    return {r["name"]: (r.get("demand"), r.get("need")) for r in world.status()["resources"]}


async def test_the_binding_resource_switches_and_is_named_everywhere(world: OperatorWorld) -> None:
    await running(world, cores=0.8, gib=3.0)  # 1.6 and 1.5 pods
    use(world, cores=1.7, gib=3.0)  # 3.4 pods of cpu
    await world.passes(60)
    assert (world.replicas(), world.status()["bindingResource"]) == (4, "cpu")
    assert "cpu 1.7 now, 0.5 per pod" in world.decisions()[-1]["spec"]["summary"]
    assert world.decisions()[-1]["spec"]["bindingResource"] == "cpu"

    use(world, cores=1.7, gib=13.0)  # 6.5 pods of memory
    await world.passes(60)
    assert (world.replicas(), world.status()["need"], world.status()["bindingResource"]) == (7, 7, "memory")
    last = world.decisions()[-1]["spec"]
    assert (last["reason"], last["bindingResource"]) == ("ReactiveFloor", "memory")
    assert "memory 13Gi now, 2Gi per pod" in last["summary"]
    notes = [event["message"] for event in world.api.objects("Event")]
    assert any("memory 13Gi now, 2Gi per pod" in note for note in notes)
    assert resources(world) == {"cpu": ("1.7", 4), "memory": (str(13 * GIB), 7)}
    assert 'edgewarm_resource_demand{namespace="shop",policy="checkout",resource="cpu"} 1.7' in world.series()
    assert not any(line.startswith("edgewarm_demand{") for line in world.series())


async def test_each_resource_is_forecast_by_itself(world: OperatorWorld) -> None:
    """Every day at 08:00 memory rises from 2 to 16 GiB (8 pods); cpu stays at .2 cores. Pods take 90 s."""

    def bytes_at(at: float) -> float:
        return (16.0 if 8 <= (at - MIDNIGHT) % 86400 / 3600 < 20 else 2.0) * GIB

    world.clock.now = OPENING - 600
    world.lead = 90.0
    world.deployment(replicas=1)
    world.prometheus.queries |= {"cores": lambda at: [({}, 0.2)], "bytes": lambda at: [({}, bytes_at(at))]}
    world.policy(demand=DEMAND, forecast={"historyWindow": "49h", "predictionHorizon": "90s"})
    await world.start()
    await world.until(lambda: world.clock.now >= OPENING - 15, 900)
    assert world.replicas() >= 8
    early = next(d["spec"] for d in world.decisions() if d["spec"]["reason"] == "Forecast")
    lead = early["predictions"][0]
    assert (early["bindingResource"], lead["resource"]) == ("memory", "memory")
    assert "Gi expected at 0" in early["summary"]
    assert (lead["horizon"], lead["current"]) == ("lead", str(2 * GIB))


async def test_while_one_resource_is_blind_nothing_falls_and_the_other_may_raise(world: OperatorWorld) -> None:
    await running(world, cores=2.6, gib=3.0, replicas=6)
    use(world, cores=0.1, gib=None)
    await world.passes(900)
    ready = world.condition("Ready")
    assert ready is not None
    assert (ready["status"], ready["reason"]) == ("False", "NoSeries")
    assert "resource memory: " in ready["message"]
    assert "holding 6 replicas" in ready["message"]
    assert (world.replicas(), world.status()["reason"]) == (6, "Blind")
    assert resources(world) == {"cpu": ("0.1", 1), "memory": (None, None)}

    use(world, cores=3.9, gib=None)  # 7.8 pods of cpu
    await world.passes(60)
    assert world.replicas() == 8

    use(world, cores=0.1, gib=3.0)  # both seen again: 2 pods of memory, after the scale-down window
    await world.passes(900)
    assert world.replicas() < 8
    assert world.standing() == "Forecasting"


async def test_a_resource_may_be_added_to_a_demand(world: OperatorWorld) -> None:
    world.deployment(replicas=2)
    world.asked["checkout"] = lambda at: 90.0
    world.policy()
    await world.start()
    await world.passes(60)
    use(world, cores=1.7, gib=1.0)
    beside = {"query": "demand:checkout", "capacityPerPod": "50", **DEMAND}
    world.change("WarmingPolicy", "checkout", demand=beside)
    await world.passes(120)
    assert (world.replicas(), world.standing()) == (4, "Forecasting")
    assert resources(world).keys() == {"demand", "cpu", "memory"}
    assert resources(world)["demand"] == ("90", 2)
