"""Bounds, schedules, pauses, the scale-down window, and the small numbers around zero."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.model.units import format_time
from support.operator_world import OperatorWorld

pytestmark = pytest.mark.component


async def asked(world: OperatorWorld, demand: float, replicas: int, **spec: Any) -> OperatorWorld:
    """One policy, constant demand, no history, an operator that has been up for longer than any window."""
    await world.start()
    world.clock.advance(900)
    start = world.clock.now
    world.deployment(replicas=replicas)
    world.asked["checkout"] = lambda at: demand if at >= start else None
    world.policy(**spec)
    return world


@pytest.mark.parametrize(
    ("demand", "low", "high", "wanted"),
    [(2000.0, 1, 7, 7), (10.0, 3, 100, 3), (90.0, 0, 100, 2), (20.0, 0, 100, 1), (0.0, 0, 100, 0), (0.0, 1, 100, 1)],
)
async def test_demand_within_bounds_and_the_last_ceil(
    world: OperatorWorld, demand: float, low: int, high: int, wanted: int
) -> None:
    await asked(world, demand, 2, scaling={"minReplicas": low, "maxReplicas": high})
    await world.passes(660)
    assert world.replicas() == wanted


async def test_from_zero_demand_wakes_it(world: OperatorWorld) -> None:
    await asked(world, 0.0, 0, scaling={"minReplicas": 0})
    await world.passes(300)
    assert world.scaled() == []
    world.asked["checkout"] = lambda at: 20.0
    await world.passes(15)
    assert world.replicas() == 1


async def test_a_raised_minimum_comes_back_down_after_it_was_lowered(world: OperatorWorld) -> None:
    await asked(world, 90.0, 2, scaling={"minReplicas": 1})
    await world.passes(60)
    world.change("WarmingPolicy", "checkout", scaling={"minReplicas": 8})
    await world.passes(60)
    assert world.replicas() == 8
    assert world.status()["reason"] == "MinReplicas"
    world.change("WarmingPolicy", "checkout", scaling={"minReplicas": 1})
    await world.passes(400)
    assert world.replicas() == 2


async def test_a_fall_waits_for_the_scale_down_window(world: OperatorWorld) -> None:
    await asked(world, 290.0, 6)
    await world.passes(120)
    fell = world.clock.now
    world.asked["checkout"] = lambda at: 90.0
    await world.passes(600)
    (at, count), *_ = world.scaled()
    assert count == 2
    assert 285 <= at - fell <= 330


async def test_a_policy_that_is_new_lowers_nothing_for_one_window(world: OperatorWorld) -> None:
    """As the HPA does, whose first recommendation is the count it finds."""
    await asked(world, 90.0, 8)
    await world.passes(240)
    assert world.scaled() == []


async def test_a_policy_that_is_new_lowers_nothing_before_its_history_is_learned(world: OperatorWorld) -> None:
    await asked(world, 90.0, 8)
    world.asked["checkout"] = lambda at: 90.0 + 300.0 * (at % 3600 >= 1800)
    await world.passes(15)
    assert world.standing() == "LearningHistory"
    assert world.scaled() == []


async def test_a_schedule_is_served_when_it_opens_and_not_long_before(world: OperatorWorld) -> None:
    world.lead = 60.0
    window = {"name": "lunch", "start": "30 8 * * *", "end": "0 9 * * *", "min": 6}  # world.now is 08:00, +15 min
    await asked(world, 90.0, 2, schedules=[window])
    opens = world.now + 1800
    await world.until(lambda: world.clock.now >= opens, 1800)
    assert world.ready() == 6
    assert 60 <= opens - world.scaled()[0][0] <= 120
    assert world.decisions()[0]["spec"]["reason"] == "ScheduleMinimum"
    await world.until(lambda: world.replicas() == 2, 1800 + 400)
    assert world.clock.now >= opens + 1800


async def test_a_schedule_without_a_forecast_opens_by_the_measured_lead_time(world: OperatorWorld) -> None:
    world.lead = 240.0
    window = {"name": "lunch", "start": "30 8 * * *", "end": "0 9 * * *", "min": 6}
    await asked(world, 90.0, 2, schedules=[window])  # both pods were seen starting
    await world.until(lambda: world.clock.now >= world.now + 1800, 1800)
    assert world.status()["leadTime"]["p90Seconds"] == 240
    assert not world.status().get("forecast")
    assert world.ready() == 6


async def test_a_schedule_s_maximum_holds_against_demand(world: OperatorWorld) -> None:
    window = {"name": "quiet", "start": "0 8 * * *", "end": "0 9 * * *", "max": 3}
    await asked(world, 490.0, 2, schedules=[window])
    await world.passes(120)
    assert world.replicas() == 3
    assert world.decisions()[0]["spec"]["reason"] == "ScheduleMaximum"


@pytest.mark.parametrize("by", ["spec", "annotation"])
async def test_a_pause_changes_nothing_until_it_ends(world: OperatorWorld, by: str) -> None:
    until = format_time(world.now + 900 + 300)
    await asked(world, 290.0, 2, **({"pausedUntil": until} if by == "spec" else {}))
    if by == "annotation":
        found = world.api.get("WarmingPolicy", "shop", "checkout")
        assert found is not None
        world.api.put({**found, "metadata": {**found["metadata"], "annotations": {"edgewarm.io/paused-until": until}}})
    await world.passes(285)
    assert world.scaled() == []
    assert world.status()["reason"] == "Paused"
    await world.passes(30)
    assert world.replicas() == 6


async def test_a_lead_time_of_nothing_is_measured_too(world: OperatorWorld) -> None:
    """Pods that are Ready within the second in which they were made."""
    world.lead = 0.0
    await asked(world, 290.0, 2)
    world.asked["checkout"] = lambda at: 290.0
    await world.passes(120)
    assert world.status()["leadTime"]["source"] == "Measured"
    assert world.status()["leadTime"]["p90Seconds"] == 0
    assert world.status()["forecast"][0]["seconds"] == 15  # nothing but a pass


async def test_demand_at_a_whole_number_of_pods_does_not_flap(world: OperatorWorld) -> None:
    await asked(world, 300.0, 6)
    await world.passes(3600)
    assert len(world.scaled()) <= 2


async def test_a_changed_query_is_not_answered_with_the_old_one_s_forecast(world: OperatorWorld) -> None:
    await asked(world, 90.0, 2)
    world.asked["checkout"] = lambda at: 4000.0
    world.asked["other"] = lambda at: 80.0  # two pods, and as many with the margin of an hour's history
    world.policy("other", target="other")  # teaches Prometheus the query
    world.api.delete("WarmingPolicy", "shop", "other")
    world.change("WarmingPolicy", "checkout", mode="Observe")
    await world.passes(15)  # 4,000 is learned in the background
    demand = {"query": "demand:other", "capacityPerPod": "50"}
    world.change("WarmingPolicy", "checkout", mode="Act", demand=demand)
    await world.passes(60)
    assert world.replicas() == 2
