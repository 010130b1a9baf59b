"""Observe never acts; Recommend acts on a person's word and on nothing else."""

from __future__ import annotations

import pytest

from support.operator_world import OperatorWorld

pytestmark = pytest.mark.component
BUSY = 290.0  # six pods of 50


async def rising(world: OperatorWorld, mode: str) -> OperatorWorld:
    """Two pods, demand for six from the third pass on."""
    world.deployment(replicas=2)
    world.asked["checkout"] = lambda at: None if at < world.now else BUSY if at >= world.now + 45 else 90.0
    world.policy(mode=mode, forecast={"historyWindow": "1h", "predictionHorizon": "15s"})
    await world.start()
    return world


async def test_observe_decides_and_never_scales(world: OperatorWorld) -> None:
    await rising(world, "Observe")
    await world.passes(600)
    assert world.written("/deployments/") == []
    assert world.replicas() == 2
    assert world.phases()
    assert set(world.phases()) == {"Observed"}
    assert world.decisions()[0]["spec"]["actions"][0]["to"] == 6
    assert len(world.decisions()) <= 3  # the plan is followed in simulation, not decided anew in every pass


async def test_observe_scores_are_simulated(world: OperatorWorld) -> None:
    await rising(world, "Observe")
    await world.passes(600)
    scores = world.status()["scores"]
    assert scores["simulated"] is True
    assert float(scores["idlePodMinutes"]) < 60  # of the simulated pods: two real ones would be short all the time
    assert float(scores["shortPodMinutes"]) < 10


async def test_from_observe_to_act_the_scores_begin_anew(world: OperatorWorld) -> None:
    await rising(world, "Observe")
    await world.passes(300)
    world.change("WarmingPolicy", "checkout", mode="Act")
    await world.passes(180)
    assert world.replicas() == 6
    assert world.status()["scores"]["simulated"] is False


async def test_a_recommendation_waits_for_a_person(world: OperatorWorld) -> None:
    await rising(world, "Recommend")
    await world.passes(300)
    assert world.replicas() == 2
    assert world.phases() == ["AwaitingApproval"]
    assert world.decisions()[0]["spec"]["expiresAt"]


async def test_an_approved_recommendation_is_executed_once(world: OperatorWorld) -> None:
    await rising(world, "Recommend")
    await world.until(world.decisions)
    name = world.decisions()[0]["metadata"]["name"]
    world.change("ScalingDecision", name, approval="Approved")
    await world.passes(120)
    assert [count for _, count in world.scaled()] == [6]
    assert world.phases() == ["Executed"]


async def test_a_decision_stays_in_force_until_another_is_executed(world: OperatorWorld) -> None:
    await rising(world, "Recommend")
    await world.until(world.decisions)
    world.change("ScalingDecision", world.decisions()[0]["metadata"]["name"], approval="Approved")
    await world.until(world.scaled)
    world.asked["checkout"] = lambda at: 440.0
    await world.until(lambda: world.phases() == ["Executed", "AwaitingApproval"])
    assert "evaluation" not in world.decisions()[0]["status"]


async def test_a_denied_recommendation_is_not_asked_again_at_once(world: OperatorWorld) -> None:
    await rising(world, "Recommend")
    await world.until(world.decisions)
    world.change("ScalingDecision", world.decisions()[0]["metadata"]["name"], approval="Denied")
    await world.passes(480)
    assert world.phases() == ["Denied"]
    assert world.replicas() == 2
    await world.passes(240)
    assert world.phases() == ["Denied", "AwaitingApproval"]  # ten minutes later, and it is still needed


async def test_a_recommendation_that_nobody_answers_expires_and_is_made_again(world: OperatorWorld) -> None:
    await rising(world, "Recommend")
    await world.passes(720)
    assert world.phases() == ["Expired", "AwaitingApproval"]
    assert world.replicas() == 2


async def test_a_recommendation_that_is_not_wanted_any_more_is_superseded(world: OperatorWorld) -> None:
    await rising(world, "Recommend")
    await world.until(world.decisions)
    world.asked["checkout"] = lambda at: 90.0
    await world.until(lambda: world.phases() == ["Superseded"])
    assert world.replicas() == 2


async def test_a_recommendation_that_is_too_small_by_now_gives_way_to_a_larger_one(world: OperatorWorld) -> None:
    await rising(world, "Recommend")
    world.asked["checkout"] = lambda at: 140.0 if at >= world.now else None
    await world.until(world.decisions)
    small = world.decisions()[0]["spec"]["actions"][0]["to"]
    world.asked["checkout"] = lambda at: 290.0
    await world.passes(60)
    assert world.phases() == ["Superseded", "AwaitingApproval"]
    assert world.decisions()[1]["spec"]["actions"][0]["to"] == 6 > small


async def test_from_recommend_to_act_the_open_recommendation_is_superseded(world: OperatorWorld) -> None:
    await rising(world, "Recommend")
    await world.until(world.decisions)
    world.change("WarmingPolicy", "checkout", mode="Act")
    await world.passes(45)
    assert world.phases() == ["Superseded", "Executed"]
    assert world.replicas() == 6


async def test_one_recommendation_is_made_while_it_has_not_come_back_through_the_watch(world: OperatorWorld) -> None:
    await rising(world, "Recommend")
    await world.freeze("scalingdecisions")
    await world.passes(120)
    assert len(world.decisions()) == 1
