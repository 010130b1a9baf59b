"""The main job: capacity is there before the demand that history foretells, and the decision says why."""

from __future__ import annotations

import pytest

from component.operator.crd_check import crd, misfits
from support.operator_world import MIDNIGHT, OperatorWorld

pytestmark = pytest.mark.component
OPENING = MIDNIGHT + 8 * 3600


def shop_hours(at: float) -> float:
    """90 requests/s at night (2 pods), 390 from 08:00 to 20:00 (8 pods)."""
    return 390.0 if 8 <= (at - MIDNIGHT) % 86400 / 3600 < 20 else 90.0


@pytest.fixture
async def morning(world: OperatorWorld) -> OperatorWorld:
    """07:50 with a day of history, two pods, and pods that take 90 s to start."""
    world.clock.now = OPENING - 600
    world.lead = 90.0
    world.deployment(replicas=2)
    world.asked["checkout"] = shop_hours
    world.policy(forecast={"historyWindow": "49h", "predictionHorizon": "90s"})
    await world.start()
    return world


async def test_a_rise_that_history_foretells_is_met_by_pods_that_are_ready(morning: OperatorWorld) -> None:
    await morning.until(lambda: morning.clock.now >= OPENING)
    assert morning.ready() >= 8  # 390 / 50, in the very pass in which demand jumps
    lasts = [at for at, count in morning.scaled() if count >= 8]
    assert 90 <= OPENING - lasts[0] <= 240  # in time, and not so early that pods stand idle
    assert morning.status()["reason"] in ("Forecast", "ReactiveFloor")
    assert morning.condition("Ready", "checkout")["status"] == "True"  # type: ignore[index]


async def test_the_decision_is_written_before_the_scale_and_executed_after_it(morning: OperatorWorld) -> None:
    await morning.until(morning.scaled)
    paths = [f"{r.verb} {r.path.rsplit('/', 2)[1]}/{r.path.rsplit('/', 1)[1]}" for _, r in morning.written()]
    created, scaled = paths.index("create shop/scalingdecisions"), paths.index("patch checkout/scale")
    (decision,) = morning.decisions()
    executed = paths.index(f"patch {decision['metadata']['name']}/status")
    assert created < scaled < executed
    assert decision["status"]["phase"] == "Executed"
    assert decision["status"]["executedAt"]


async def test_the_decision_fits_its_schema_and_says_from_what_and_why(morning: OperatorWorld) -> None:
    await morning.until(morning.scaled)
    (decision,) = morning.decisions()
    spec = decision["spec"]
    assert misfits(spec, crd("ScalingDecision")["properties"]["spec"], "spec") == []
    assert spec["actions"][0]["from"] == 2
    assert spec["actions"][0]["to"] == morning.replicas()
    assert (spec["reason"], spec["urgency"]) == ("Forecast", "Routine")
    assert [prediction["horizon"] for prediction in spec["predictions"]] == ["lead", "5m", "15m", "1h", "24h"]
    assert "expected at" in spec["summary"]
    (owner,) = decision["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("WarmingPolicy", "checkout", True)


async def test_a_superseded_decision_is_evaluated(morning: OperatorWorld) -> None:
    await morning.until(lambda: len(morning.decisions()) >= 2)
    morning.asked["checkout"] = lambda at: 40.0  # the plan falls below what the first one raised to
    await morning.passes(3700)  # the forecast may hold for long; an hour is enough to tell
    first, *_, last = morning.decisions()
    assert set(first["status"]["evaluation"]) >= {"outcome", "simulated", "from", "until", "raisedPodMinutes"}
    assert first["status"]["evaluation"]["simulated"] is False
    assert first["status"]["phase"] == "Executed"
    assert "evaluation" not in last["status"]


async def test_following_the_forecast_scores_better_than_reacting(morning: OperatorWorld) -> None:
    await morning.until(lambda: morning.clock.now >= OPENING + 300, 900)
    scores = morning.status()["scores"]
    assert scores["simulated"] is False
    assert float(scores["shortPodMinutes"]) == 0
    assert float(scores["cost"]) < float(scores["reactiveCost"])


async def test_the_lead_time_is_measured_from_the_pods(morning: OperatorWorld) -> None:
    await morning.until(lambda: morning.clock.now >= OPENING)
    lead = morning.status()["leadTime"]
    assert (lead["source"], lead["p90Seconds"]) == ("Measured", 90)
    assert lead["starts"] == 6


async def test_at_most_ten_done_decisions_are_kept(world: OperatorWorld) -> None:
    world.deployment()
    world.asked["checkout"] = lambda at: 40.0 + 50 * ((at - world.now) // 60)  # a pod more each minute
    world.policy(demand={"query": "demand:checkout", "capacityPerPod": "50", "source": "prometheus"})
    await world.start()
    await world.passes(1200)
    assert len(world.scaled()) > 15
    assert len(world.decisions()) <= 20  # ten done, and at most ten rises in force
    names = [decision["metadata"]["name"] for decision in world.decisions()]
    assert world.status()["lastDecision"] == names[-1]


async def test_without_history_the_reactive_floor_decides(world: OperatorWorld) -> None:
    world.deployment()
    world.asked["checkout"] = lambda at: 290.0 if at >= world.now else None
    world.policy()
    await world.start()
    await world.passes(60)
    assert world.replicas() == 6
    assert world.decisions()[0]["spec"]["reason"] in ("ReactiveFloor", "ScaleUpLimited")
    assert world.decisions()[0]["spec"].get("predictions") is None
