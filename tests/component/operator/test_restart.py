"""A new process over the same world: nothing is lowered for a window, and what was learned goes on."""

from __future__ import annotations

from typing import Any

import pytest

from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component


async def running(world: OperatorWorld, mode: str = "Act", busy: float = 290.0) -> OperatorWorld:
    """Scaled from two to six pods, a decision in force, a lead time of 30 s measured; no history to speak of."""
    world.deployment(replicas=2)
    world.asked["checkout"] = lambda at: busy if at >= world.now else None
    world.policy(mode=mode)
    await world.start()
    await world.passes(300)
    return world


async def test_nothing_is_lowered_for_one_window_after_a_restart(world: OperatorWorld) -> None:
    await running(world)
    world.log.clear()
    world.asked["checkout"] = lambda at: 90.0 if at > world.clock.now - 1 else None
    await world.restart()
    born = world.clock.now
    await world.passes(285)
    assert world.scaled() == []
    await world.passes(60)
    assert world.replicas() == 2
    assert world.scaled()[0][0] >= born + 300


async def test_a_rise_does_not_wait_after_a_restart(world: OperatorWorld) -> None:
    await running(world)
    world.asked["checkout"] = lambda at: 490.0 if at > world.clock.now - 1 else None
    await world.restart()
    await world.passes(15)
    assert world.replicas() == 10


async def test_lead_time_and_scores_go_on(world: OperatorWorld) -> None:
    await running(world)
    before = world.status()
    await world.restart()
    await world.passes(180)
    after = world.status()
    assert after["leadTime"] == before["leadTime"]
    assert after["leadTime"]["source"] == "Measured"
    assert after["scores"]["since"] == before["scores"]["since"]
    assert float(after["scores"]["idlePodMinutes"]) >= float(before["scores"]["idlePodMinutes"])
    assert float(after["scores"]["reactiveCost"]) >= float(before["scores"]["reactiveCost"])


async def test_a_restart_alone_writes_no_decision_and_no_scale(world: OperatorWorld) -> None:
    await running(world)
    world.log.clear()
    await world.restart()
    await world.passes(300)
    assert world.written("scalingdecisions") == []
    assert world.written("/deployments/") == []


async def test_the_decision_in_force_is_evaluated_by_the_next_life(world: OperatorWorld) -> None:
    await running(world)
    await world.restart()
    world.asked["checkout"] = lambda at: 90.0
    await world.passes(700)  # one window after the restart, one after the last rise
    assert "evaluation" in world.decisions()[0]["status"]
    assert world.phases() == ["Executed"] * len(world.phases())


def left_behind(world: OperatorWorld, phase: str | None) -> None:
    """As after a crash between writing the decision and following it: the scale has not happened."""
    (decision,) = world.decisions()
    status: dict[str, Any] = {} if phase is None else {"phase": phase}
    world.api.put({**decision, "status": status})
    world.change("Deployment", "checkout", replicas=2)


@pytest.mark.parametrize("phase", [None, "Executing"])
async def test_a_decision_left_by_a_crash_before_the_scale_is_done_once(
    world: OperatorWorld, phase: str | None
) -> None:
    await running(world)
    await world.stop()
    left_behind(world, phase)
    world.log.clear()
    await world.start()
    await world.passes(120)
    assert [count for _, count in world.scaled()] == [6]
    assert world.phases()[-1] == "Executed"


@pytest.mark.parametrize("phase", [None, "Executing"])
async def test_a_decision_left_by_a_crash_does_not_stay_open_for_ever(world: OperatorWorld, phase: str | None) -> None:
    await running(world)
    await world.stop()
    left_behind(world, phase)
    await world.start()
    await world.passes(600)
    assert not set(world.phases()) & {None, "Executing"}


async def test_a_recommendation_left_without_a_phase_can_still_be_approved(world: OperatorWorld) -> None:
    await running(world, "Recommend")
    await world.stop()
    (decision,) = world.decisions()
    world.api.put({**decision, "status": {}})
    await world.start()
    await world.passes(60)
    assert len(world.decisions()) == 1  # a person is not asked twice
    world.change("ScalingDecision", decision["metadata"]["name"], approval="Approved")
    await world.passes(60)
    assert world.replicas() == 6


async def test_an_approval_given_while_the_operator_was_down_is_followed(world: OperatorWorld) -> None:
    await running(world, "Recommend")
    await world.stop()
    world.change("ScalingDecision", world.decisions()[0]["metadata"]["name"], approval="Approved")
    await world.start()
    await world.passes(60)
    assert world.replicas() == 6
    assert world.phases() == ["Executed"]


async def test_a_policy_deleted_and_made_anew_begins_anew(world: OperatorWorld) -> None:
    await running(world)
    world.api.delete("WarmingPolicy", SHOP, "checkout")
    await world.passes(30)
    assert world.decisions() == []  # its decisions went with it
    assert world.replicas() == 6  # its replicas did not
    world.policy()
    await world.passes(120)
    assert world.standing() == "Forecasting"
    assert world.status()["leadTime"]["source"] == "Default"
