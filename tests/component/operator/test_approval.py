"""Mode Act under a pool's thresholds: what the forecast adds waits for a person, what demand needs does not."""

from __future__ import annotations

from typing import Any

import pytest

from support.operator_world import MIDNIGHT, OperatorWorld

pytestmark = pytest.mark.component
OPENING = MIDNIGHT + 8 * 3600


def shop_hours(at: float) -> float:
    """90 requests/s at night (2 pods), 390 from 08:00 to 20:00 (8 pods)."""
    return 390.0 if 8 <= (at - MIDNIGHT) % 86400 / 3600 < 20 else 90.0


async def before_opening(world: OperatorWorld, **pool: Any) -> None:
    """07:50, two pods of half a core, and a pool with terms."""
    world.clock.now = OPENING - 600
    world.lead = 90.0
    world.deployment(replicas=2)
    container = {"name": "app", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}
    world.change("Deployment", "checkout", template={"spec": {"containers": [container]}})
    selector = {"matchLabels": {"site": "north"}}
    world.api.put({"kind": "EdgeNodePool", "metadata": {"name": "north"}, "spec": {"selector": selector, **pool}})
    world.asked["checkout"] = shop_hours
    world.policy(poolRef={"name": "north"}, forecast={"historyWindow": "49h", "predictionHorizon": "90s"})
    await world.start()


async def test_a_decision_says_what_it_costs_and_risks(world: OperatorWorld) -> None:
    await before_opening(world, prices={"cpuCoreHour": "0.2"})
    await world.until(lambda: world.replicas() == 8, 900)
    spec = world.decisions()[0]["spec"]
    added = spec["actions"][0]["to"] - 2
    assert float(spec["estimatedCost"]) == pytest.approx(added * (0.5 * 0.2 + 0.01) * 4, abs=0.01)
    assert float(spec["scalingFactor"]) == (2 + added) / 2
    assert spec["risk"] == {"level": "Low"}  # two days of history, and no more than doubled
    assert "approvalReasons" not in spec  # the pool asks for none
    first, last = spec["candidates"][0], spec["candidates"][1]
    assert float(first["expectedShort"]) > float(last["expectedShort"])
    assert float(first["expectedIdle"]) <= float(last["expectedIdle"])
    pod_hour = 0.5 * 0.2 + 0.01  # and kappa is 10
    assert float(last["expectedIdleCost"]) == pytest.approx(float(last["expectedIdle"]) * pod_hour, abs=0.01)
    assert float(first["expectedShortageCost"]) == pytest.approx(
        10 * float(first["expectedShort"]) * pod_hour, abs=0.05
    )
    assert spec["expectedShortageCost"] == last["expectedShortageCost"]  # the last word is what was decided


async def test_above_the_thresholds_a_person_is_asked_and_demand_does_not_wait(world: OperatorWorld) -> None:
    await before_opening(world, approval={"costAbove": "0.1"})
    await world.until(lambda: world.clock.now >= OPENING - 15, 900)
    assert world.replicas() == 2
    *_, asked = world.decisions()
    assert asked["status"]["phase"] == "AwaitingApproval"
    assert "above 0.1" in asked["spec"]["approvalReasons"][0]
    assert asked["spec"]["expiresAt"]
    await world.passes(60)
    assert world.replicas() == 8  # demand is there: nobody is asked
    assert "Superseded" in world.phases()
    assert world.phases()[-1] == "Executed"


async def test_an_approved_rise_is_carried_out_in_time(world: OperatorWorld) -> None:
    await before_opening(world, approval={"costAbove": "0.1"})
    await world.until(lambda: world.clock.now >= OPENING - 150, 900)
    waiting = world.decisions()[-1]
    assert (world.replicas(), waiting["status"]["phase"]) == (2, "AwaitingApproval")
    world.change("ScalingDecision", waiting["metadata"]["name"], approval="Approved")
    await world.passes(30)  # the phase says Approved first
    assert world.clock.now < OPENING
    assert world.replicas() == waiting["spec"]["actions"][0]["to"] > 2
    assert "Executed" in world.phases()


async def test_below_the_thresholds_nobody_is_asked(world: OperatorWorld) -> None:
    await before_opening(world, approval={"risk": "High", "costAbove": "1000"})
    world.change("WarmingPolicy", "checkout", scaling={"behavior": {"scaleUp": {"policies": [PODS_A_MINUTE]}}})
    await world.until(lambda: world.clock.now >= OPENING - 15, 900)
    assert world.replicas() > 2  # 2 -> 4 is twice as many, not more
    assert "AwaitingApproval" not in world.phases()


PODS_A_MINUTE = {"type": "Pods", "value": 2, "periodSeconds": 60}


async def test_a_pool_that_is_not_there_is_named(world: OperatorWorld) -> None:
    await before_opening(world)
    world.change("WarmingPolicy", "checkout", poolRef={"name": "south"})
    await world.passes(30)
    assert world.standing() == "PoolNotFound"
    assert world.condition("Ready", "checkout")["message"] == (  # type: ignore[index]
        "there is no EdgeNodePool south: create it, or correct poolRef.name"
    )
