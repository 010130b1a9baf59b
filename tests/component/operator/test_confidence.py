"""A forecast is acted on once it has proved itself: on history, or by six hours of life, and still after a restart."""

from __future__ import annotations

from typing import Any

import pytest

from support.operator_world import MIDNIGHT, OperatorWorld

pytestmark = pytest.mark.component
OPENING = MIDNIGHT + 8 * 3600
BY_DEFAULT = {"confidenceThreshold": None}


def shop_hours(at: float) -> float:
    """90 requests/s at night (2 pods), 390 from 08:00 to 20:00 (8 pods)."""
    return 390.0 if 8 <= (at - MIDNIGHT) % 86400 / 3600 < 20 else 90.0


async def morning(world: OperatorWorld, history: str, **forecast: Any) -> None:
    """07:50, two pods that take 90 s to start; until 08:00."""
    world.clock.now = OPENING - 600
    world.lead = 90.0
    world.deployment(replicas=2)
    world.asked["checkout"] = shop_hours
    world.policy(forecast={"historyWindow": history, "predictionHorizon": "90s", **BY_DEFAULT, **forecast})
    await world.start()
    await world.until(lambda: world.clock.now >= OPENING - 15, 900)


async def test_three_days_of_history_are_proof_enough(world: OperatorWorld) -> None:
    await morning(world, "72h")
    found = world.status()["confidence"]
    assert found["acting"] is True
    assert {block["source"] for block in found["blocks"]} == {"Backtest"}
    assert len(found["blocks"]) >= 4
    assert world.replicas() == 8  # ceil(390 / 50), before demand is there
    assert world.decisions()[-1]["spec"]["predictions"][0]["confidence"] == found["value"]


async def test_an_hour_of_history_is_shown_and_not_acted_on(world: OperatorWorld) -> None:
    world.deployment(replicas=4)
    world.asked["checkout"] = lambda at: 290.0 if at % 900 < 300 else 90.0  # six pods for five minutes, then two
    world.policy(forecast={"historyWindow": "1h", "predictionHorizon": "1m", **BY_DEFAULT})
    await world.start()
    await world.passes(900)
    status = world.status()
    assert status["confidence"] == {"value": "50%", "threshold": "70%", "acting": False}
    assert status["forecast"]  # it is shown
    reasons = {d["spec"]["reason"] for d in world.decisions()}
    assert "Forecast" not in reasons
    said = [c["reason"] for d in world.decisions() for c in d["spec"]["candidates"]]
    assert "ConfidenceLimited" in said


async def test_what_was_proved_survives_a_restart(world: OperatorWorld) -> None:
    await morning(world, "72h")
    before = world.status()["confidence"]
    await world.restart()
    await world.passes(120)
    assert world.status()["confidence"]["value"] == before["value"]
    assert [b["start"] for b in world.status()["confidence"]["blocks"]] == [b["start"] for b in before["blocks"]]


async def test_another_question_has_to_prove_itself_anew(world: OperatorWorld) -> None:
    await morning(world, "72h")
    world.asked["other"] = lambda at: 90.0
    world.prometheus.queries["demand:other"] = lambda at: [({}, 90.0)] if at >= world.clock.now - 60 else []
    world.change("WarmingPolicy", "checkout", demand={"query": "demand:other", "capacityPerPod": "50"})
    await world.passes(180)
    assert "blocks" not in world.status()["confidence"]
