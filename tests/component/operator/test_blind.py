"""Without demand: hold or rise, never lower, and say which of the kinds of nothing it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from support.operator_world import MIDNIGHT, OperatorWorld

pytestmark = pytest.mark.component
QUERY = "demand:checkout"


async def going_blind(world: OperatorWorld, **spec: Any) -> OperatorWorld:
    """Six pods, demand for six, so far."""
    world.deployment(replicas=6)
    world.asked["checkout"] = lambda at: 290.0 if at >= world.now else None
    world.policy(**spec)
    await world.start()
    await world.passes(60)
    return world


def no_series(world: OperatorWorld) -> None:
    del world.asked["checkout"]


def not_a_number(world: OperatorWorld) -> None:
    world.asked["checkout"] = lambda at: math.nan


def unavailable(world: OperatorWorld) -> None:
    world.prometheus.broken = (503, "starting")


def typo(world: OperatorWorld) -> None:
    world.prometheus.refusals[QUERY] = '1:5: parse error: unexpected identifier "form"'


KINDS = [
    (no_series, "NoSeries", "Reconciling", "matches no series"),
    (not_a_number, "DemandNotANumber", "Reconciling", "0/0 likely"),
    (unavailable, "SourceUnavailable", "Reconciling", "HTTP 503"),
    (typo, "InvalidQuery", "Stalled", "parse error"),
]


@pytest.mark.parametrize(("happens", "reason", "condition", "words"), KINDS)
async def test_each_kind_of_nothing_holds_and_has_its_own_sentence(
    world: OperatorWorld, happens: Callable[[OperatorWorld], None], reason: str, condition: str, words: str
) -> None:
    await going_blind(world)
    happens(world)
    await world.passes(900)
    ready, kstatus = world.condition("Ready"), world.condition(condition)
    assert ready is not None
    assert kstatus is not None
    assert (ready["status"], ready["reason"], kstatus["status"]) == ("False", reason, "True")
    assert words in ready["message"]
    assert "holding 6 replicas" in ready["message"]
    assert world.scaled() == []
    assert 'edgewarm_blind{namespace="shop",policy="checkout"} 1.0' in world.series()
    assert not any(line.startswith("edgewarm_demand{") for line in world.series())


async def test_the_reason_for_holding_is_blind(world: OperatorWorld) -> None:
    await going_blind(world)
    no_series(world)
    await world.passes(600)
    assert world.status()["reason"] == "Blind"


async def test_after_blindness_a_fall_still_waits_for_its_window(world: OperatorWorld) -> None:
    await going_blind(world)
    no_series(world)
    await world.passes(600)
    world.asked["checkout"] = lambda at: 90.0
    back = world.clock.now
    await world.passes(600)
    assert world.replicas() == 2
    assert world.scaled()[0][0] >= back + 285  # the last blind pass wanted six


@pytest.mark.parametrize("replicas", [2, 0])
async def test_fallback_rises_after_its_time_and_not_before(world: OperatorWorld, replicas: int) -> None:
    world.deployment(replicas=replicas)
    world.policy(fallback={"replicas": 4, "after": "5m"}, scaling={"minReplicas": 0})
    await world.start()
    await world.passes(300)
    assert world.scaled() == []
    await world.passes(60)
    assert world.replicas() == 4
    assert world.decisions()[-1]["spec"]["reason"] == "Fallback"


async def test_fallback_never_lowers(world: OperatorWorld) -> None:
    await going_blind(world, fallback={"replicas": 3, "after": "1m"})
    no_series(world)
    await world.passes(900)
    assert world.replicas() == 6


async def test_a_rise_that_was_foretold_happens_while_blind(world: OperatorWorld) -> None:
    opening = MIDNIGHT + 8 * 3600
    world.clock.now = opening - 600
    world.deployment(replicas=2)
    blind_from = opening - 300

    def shop_hours(at: float) -> float | None:
        return None if at >= blind_from else 390.0 if 8 <= (at - MIDNIGHT) % 86400 / 3600 < 20 else 90.0

    world.asked["checkout"] = shop_hours
    world.policy(forecast={"historyWindow": "49h", "predictionHorizon": "1m"})
    await world.start()
    await world.until(lambda: world.clock.now >= opening, 900)
    assert world.standing() == "NoSeries"
    assert world.ready() >= 8


async def test_a_source_that_is_back_is_used_again(world: OperatorWorld) -> None:
    await going_blind(world)
    unavailable(world)
    await world.passes(300)
    world.prometheus.broken = None
    await world.passes(60)
    assert world.standing() == "Forecasting"
    assert world.condition("Reconciling") is None


async def test_zero_is_a_value_and_nothing_is_not(world: OperatorWorld) -> None:
    world.deployment("zero", replicas=3)
    world.deployment("nothing", replicas=3)
    world.asked["zero"] = lambda at: 0.0
    for name in ("zero", "nothing"):
        world.policy(name, scaling={"minReplicas": 0})
    await world.start()
    await world.passes(400)
    assert (world.replicas("zero"), world.replicas("nothing")) == (0, 3)
