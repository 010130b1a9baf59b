"""The API server refuses, conflicts, goes away and comes back; capacity still comes."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from support.fake_api import Request
from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component


async def rising(world: OperatorWorld, *others: str) -> OperatorWorld:
    """Each has two pods and needs six; the others are StatefulSets. Without history only demand now decides."""
    for name in ("checkout", *others):
        world.deployment(name, replicas=2, kind="StatefulSet" if name in others else "Deployment")
        world.asked[name] = lambda at: 290.0 if at >= world.now else None
        world.policy(name)
    await world.start()
    return world


def tried(world: OperatorWorld) -> list[Request]:
    return [request for _, request in world.written("/deployments/")]


async def test_a_conflict_with_a_mere_status_is_looked_into_and_the_scale_goes_on(world: OperatorWorld) -> None:
    await rising(world)
    world.api.fail(409, verbs=["patch"], plurals=["deployments"])
    await world.passes(15)
    assert world.replicas() == 6
    assert [request.status for request in tried(world)] == [409, 200]
    assert world.phases() == ["Executed"]


async def test_conflicts_without_end_lose_nothing_and_the_next_pass_tries_again(world: OperatorWorld) -> None:
    await rising(world)
    world.api.fail(409, times=4, verbs=["patch"], plurals=["deployments"])
    await world.passes(15)
    assert world.replicas() == 2
    await world.passes(15)
    assert world.replicas() == 6
    assert world.phases()[-1] == "Executed"
    assert world.standing() == "Forecasting"


async def test_somebody_elses_scale_between_view_and_patch_is_a_conflict_and_wins(world: OperatorWorld) -> None:
    await rising(world)
    await world.freeze("deployments")
    world.change("Deployment", "checkout", replicas=9)
    await world.passes(15)
    assert world.replicas() == 9  # the stale patch was refused
    await world.thaw("deployments")
    await world.passes(60)
    assert world.scaled() == []  # nine are more than six, and a fall waits for its window


async def test_a_forbidden_scale_is_told_in_the_status_and_the_others_go_on(world: OperatorWorld) -> None:
    await rising(world, "search")
    world.api.fail(403, times=1e9, verbs=["patch"], plurals=["deployments"])
    await world.passes(30)
    ready = world.condition("Ready")
    assert ready is not None
    assert (ready["reason"], ready["status"]) == ("ActionFailed", "False")
    assert "patch deployments/scale" in ready["message"]
    assert "grant the operator" in ready["message"]
    assert world.phases()[0] == "Failed"
    assert world.replicas("search") == 6
    assert world.standing("search") == "Forecasting"


async def test_a_scale_that_stays_forbidden_is_tried_less_and_less_often(world: OperatorWorld) -> None:
    await rising(world)
    world.api.fail(403, times=1e9, verbs=["patch"], plurals=["deployments"])
    await world.passes(300)
    created = [r for _, r in world.written("scalingdecisions", ["create"])]
    assert len(created) <= 5


@pytest.mark.parametrize("status", [403, 422])
async def test_a_decision_that_cannot_be_written_is_followed_all_the_same(world: OperatorWorld, status: int) -> None:
    await rising(world)
    world.api.fail(status, times=100, verbs=["create"], plurals=["scalingdecisions"])
    await world.passes(30)
    assert world.replicas() == 6
    assert world.decisions() == []
    assert world.standing() == "Forecasting"


async def test_a_decision_that_the_server_fails_to_write_is_followed_in_the_end(world: OperatorWorld) -> None:
    """A broken admission webhook for our own kind answers 500 for hours."""
    await rising(world)
    world.api.fail(500, times=1000, verbs=["create"], plurals=["scalingdecisions"])
    await world.passes(300)
    assert world.replicas() == 6


async def test_a_minute_of_503_crashes_nothing_and_all_is_well_after_it(world: OperatorWorld) -> None:
    await rising(world, "search")
    world.api.drop_watches()
    world.api.fail(503, times=1e9, until=world.clock.now + 61)
    await world.passes(60)
    assert world.scaled("checkout") == []
    await world.passes(120)
    for name in ("checkout", "search"):
        assert world.replicas(name) == 6
        assert world.standing(name) == "Forecasting"
        assert world.phases(name)[-1] == "Executed"
    assert max(world.process.cluster.ages(world.clock.now).values()) <= 120.0  # every kind was heard of since


async def test_a_kind_that_is_not_installed_is_asked_for_again_though_it_failed_once(world: OperatorWorld) -> None:
    await world.start()
    world.api.fail(503)  # nobody else asks anything
    await world.passes(300)
    assert world.process.cluster.ages(world.clock.now)["scaledobjects"] <= 60.0


async def test_an_executed_decision_says_so_though_its_status_was_refused_at_first(world: OperatorWorld) -> None:
    await rising(world)
    world.api.fail(503, times=1, verbs=["patch"], plurals=["scalingdecisions"])
    await world.passes(60)
    assert [count for _, count in world.scaled()] == [6]
    assert world.phases() == ["Executed"]


async def test_a_policy_deleted_during_a_gap_in_the_watch_leaves_nothing(world: OperatorWorld) -> None:
    await rising(world, "search")
    await world.passes(30)
    await world.freeze("warmingpolicies")
    world.api.delete("WarmingPolicy", SHOP, "checkout")
    world.change("Deployment", "checkout", replicas=1)
    world.api.compact()  # so that resuming the watch is a 410
    await world.thaw("warmingpolicies")
    await world.passes(60)
    assert [line for line in world.series() if 'policy="checkout"' in line] == []
    assert world.process.engine._books.get(next(iter(world.process.cluster.view().policies))) is not None
    assert {key.name for key in world.process.engine._books._books} == {"search"}
    assert world.replicas("checkout") == 1  # nobody's business any more


async def test_a_second_scale_waits_until_the_first_has_come_back(world: OperatorWorld) -> None:
    await rising(world)
    await world.freeze("deployments")
    world.asked["checkout"] = lambda at: 90.0 + 50 * (at - world.now) / 15  # more in every pass
    await world.passes(300)
    assert len(tried(world)) == 1
    assert len(world.decisions()) == 1
    await world.thaw("deployments")
    await world.passes(45)
    assert world.replicas() > 15


async def test_a_status_that_is_refused_is_written_later_and_stops_nothing(world: OperatorWorld) -> None:
    await rising(world)
    world.api.fail(403, times=4, verbs=["patch"], plurals=["warmingpolicies"])
    with capture_logs() as logs:
        await world.passes(60)
    assert world.replicas() == 6
    assert {line["event"] for line in logs if line["log_level"] == "warning"} == {"status not written"}
    await world.passes(30)
    assert world.standing() == "Forecasting"


async def test_a_decision_status_that_is_refused_never_delays_capacity(world: OperatorWorld) -> None:
    await rising(world)
    world.api.fail(403, times=1e9, verbs=["patch"], plurals=["scalingdecisions"])
    world.asked["checkout"] = lambda at: 290.0 + 100 * ((at - world.now) // 60)  # two pods more each minute
    await world.passes(600)
    assert world.replicas() >= 24
