"""A workload that is called every ten minutes: asleep in between, warm before the next call, safe when it is not."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from support.operator_world import PASS, OperatorWorld

pytestmark = pytest.mark.component
PERIOD = 600.0
AT_ONCE = {"scaleDown": {"stabilizationWindowSeconds": 0}}


def timer(at: float) -> float:
    """40 requests/s for a minute every ten, less than a pod serves."""
    return 40.0 if at % PERIOD < 60 else 0.0


async def called(world: OperatorWorld, *, behavior: dict[str, Any], minutes: int) -> list[tuple[float, int, int]]:
    """(time, replicas, ready) after each pass, from the middle between two calls on."""
    world.clock.now += PERIOD / 2
    world.deployment(replicas=1)
    world.asked["checkout"] = world.asked.get("checkout", timer)
    scaling = {"minReplicas": 0, "maxReplicas": 5, "behavior": behavior}
    world.policy(scaling=scaling, forecast={"historyWindow": "2h", "predictionHorizon": "30s"})
    await world.start()
    seen = []
    for _ in range(round(minutes * 60 / PASS)):
        await world.passes(PASS)
        seen.append((world.clock.now, world.replicas(), world.ready()))
    return seen


@pytest.mark.parametrize(
    ("behavior", "asleep"),
    [
        pytest.param(AT_ONCE, 0.6, id="no scale-down window: at least six of ten minutes"),
        pytest.param({}, 0.2, id="five minutes of it: at least two of ten minutes"),
    ],
)
async def test_it_sleeps_between_calls_and_is_warm_before_the_next(
    world: OperatorWorld, behavior: dict[str, Any], asleep: float
) -> None:
    seen = await called(world, behavior=behavior, minutes=35)

    begin = world.now + PERIOD / 2 + 300  # one scale-down window after the start nothing is lowered
    calm = [(at, replicas) for at, replicas, _ in seen if at > begin + PERIOD / 2]
    calls = [(at, ready) for (before, *_), (at, _, ready) in pairwise(seen) if timer(at) and not timer(before)]
    assert len(calls) == 4
    assert all(ready >= 1 for _, ready in calls)
    assert sum(replicas == 0 for _, replicas in calm) >= asleep * len(calm)
    moves = {
        (d["spec"]["reason"], d["spec"]["actions"][0]["from"], d["spec"]["actions"][0]["to"]) for d in world.decisions()
    }
    assert ("WarmForArrival", 0, 1) in moves
    assert moves <= {("WarmForArrival", 0, 1), ("ScaledToZero", 1, 0)}


async def test_a_call_that_nobody_expected_wakes_it(world: OperatorWorld) -> None:
    surprise = world.now + PERIOD / 2 + 1200.0
    world.asked["checkout"] = lambda at: 40.0 if surprise <= at < surprise + 60 else timer(at)
    seen = await called(world, behavior=AT_ONCE, minutes=22)
    before = max(at for at, *_ in seen if at < surprise)
    after = min(at for at, *_ in seen if at >= surprise)
    assert {at: replicas for at, replicas, _ in seen if at in {before, after}} == {before: 0, after: 1}
    assert world.status()["reason"] in {"ReactiveFloor", "ScaledToZero"}


async def test_who_sleeps_blind_sleeps_on(world: OperatorWorld) -> None:
    gone = world.now + PERIOD / 2 + 600.0
    world.asked["checkout"] = lambda at: timer(at) if at < gone else None
    seen = await called(world, behavior=AT_ONCE, minutes=16)
    last = [replicas for at, replicas, _ in seen if at >= gone]
    assert all(later >= earlier for earlier, later in pairwise(last))
