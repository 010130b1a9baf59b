"""The main job: capacity is there before the demand that history foretells, and the decision says why."""

from __future__ import annotations

import pytest

from support.operator_world import MIDNIGHT, SHOP, OperatorWorld, crd, misfits

pytestmark = pytest.mark.component
OPENING = MIDNIGHT + 8 * 3600


def shop_hours(at: float) -> float:
    """100 requests/s at night, 400 from 08:00 to 20:00."""
    return 400.0 if 8 <= (at - MIDNIGHT) % 86400 / 3600 < 20 else 100.0


@pytest.fixture
async def morning(world: OperatorWorld) -> OperatorWorld:
    """07:50, two days of history, two pods, a measured lead time of 90 s."""
    world.clock.now = OPENING - 600
    world.lead = 90.0
    world.deployment(replicas=2)
    world.asked["checkout"] = shop_hours
    forecast = {"historyWindow": "49h", "predictionHorizon": "90s"}
    world.policy(forecast=forecast)
    await world.start()
    return world


async def test_a_rise_that_history_foretells_is_served_by_pods_that_are_ready_when_it_comes(
    morning: OperatorWorld,
) -> None:
    await morning.until(lambda: morning.clock.now >= OPENING)
    assert morning.ready() >= 8  # 400 / 50
    first, *_ = [at for at, count in morning.scaled() if count >= 8]
    assert 90 <= OPENING - first <= 240  # not so early that the pods stand idle
    print(morning.scaled(), morning.status())
