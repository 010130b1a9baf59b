"""The same morning under each strategy: what is there before demand jumps, and what is left when it falls."""

from __future__ import annotations

from typing import Any

import pytest

from support.operator_world import MIDNIGHT, OperatorWorld

pytestmark = pytest.mark.component
OPENING = MIDNIGHT + 8 * 3600
WORKDAY = [{"name": "workday", "start": "0 8 * * *", "end": "0 20 * * *", "min": 5}]


def shop_hours(at: float) -> float:
    """90 requests/s at night (2 pods), 390 from 08:00 to 20:00 (8 pods)."""
    return 390.0 if 8 <= (at - MIDNIGHT) % 86400 / 3600 < 20 else 90.0


async def opened(world: OperatorWorld, strategy: str, **spec: Any) -> OperatorWorld:
    """07:50 with a day of history, two pods, and pods that take 90 s to start; until 08:00."""
    world.clock.now = OPENING - 600
    world.lead = 90.0
    world.deployment(replicas=2)
    world.asked["checkout"] = shop_hours
    forecast = {"historyWindow": "49h", "predictionHorizon": "90s"}
    world.policy(forecast=forecast, scaling={"strategy": strategy}, **spec)
    await world.start()
    await world.until(lambda: world.clock.now >= OPENING - 15, 900)
    return world


@pytest.mark.parametrize(
    ("strategy", "least", "most"),
    [
        pytest.param("Reactive", 3, 3, id="ceil(90 / (50 x .8)) = 3, whatever history says"),
        pytest.param("Predictive", 8, 8, id="ceil(390 / 50) = 8 are known from yesterday"),
        pytest.param("Hybrid", 8, 8, id="the same"),
        pytest.param("Aggressive", 8, 16, id="at least the same"),
    ],
)
async def test_who_sees_the_morning_coming(world: OperatorWorld, strategy: str, least: int, most: int) -> None:
    await opened(world, strategy)
    assert least <= world.replicas() <= most


async def test_conservative_rises_one_pod_a_pass(world: OperatorWorld) -> None:
    await opened(world, "Conservative")
    counts = [count for _, count in world.scaled()]
    assert counts == list(range(3, 3 + len(counts)))
    assert len(counts) >= 3


async def test_scheduled_follows_its_windows_and_not_the_forecast(world: OperatorWorld) -> None:
    await opened(world, "Scheduled", schedules=WORKDAY)
    assert world.replicas() == 5
    assert world.decisions()[-1]["spec"]["reason"] == "ScheduleMinimum"
    await world.passes(120)
    assert world.replicas() == 8  # ceil(390 / 50): the reactive floor stands below every strategy


async def test_a_service_level_is_what_is_held(world: OperatorWorld) -> None:
    await opened(world, "Predictive", objective={"serviceLevel": "95%"})
    assert "(p95)" in world.decisions()[0]["spec"]["summary"]
