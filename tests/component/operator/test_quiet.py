"""Nothing is written, logged or counted that nobody needs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component


async def steady(world: OperatorWorld, mode: str = "Act") -> OperatorWorld:
    """Two pods are enough, and every number has settled; without history, so that only demand now decides."""
    world.deployment(replicas=2)
    world.asked["checkout"] = lambda at: 90.0 if at >= world.now else None
    world.policy(mode=mode)
    await world.start()
    await world.passes(120)
    return world


@pytest.mark.parametrize("mode", ["Observe", "Recommend", "Act"])
async def test_a_pass_with_nothing_changed_makes_no_write_at_all(world: OperatorWorld, mode: str) -> None:
    await steady(world, mode)
    world.log.clear()
    await world.again()
    await world.again()
    assert world.written() == []


async def test_numbers_are_written_at_most_once_a_minute(world: OperatorWorld) -> None:
    await steady(world)
    world.asked["checkout"] = lambda at: 80.0 + at % 7  # another number in every pass, the same need
    world.log.clear()
    await world.passes(600)
    times = [at for at, _ in world.written("/warmingpolicies/checkout/status")]
    assert 8 <= len(times) <= 10
    assert min(b - a for a, b in pairwise(times)) >= 60


async def test_a_changed_need_is_written_at_once(world: OperatorWorld) -> None:
    await steady(world)
    world.asked["checkout"] = lambda at: 140.0
    await world.passes(15)
    assert world.status()["need"] == 3


async def test_one_log_line_tells_a_change_and_none_a_pass_without_one(world: OperatorWorld) -> None:
    await steady(world)
    with capture_logs() as quiet:
        await world.passes(300)
    assert quiet == []
    world.asked["checkout"] = lambda at: 290.0
    with capture_logs() as told:
        await world.passes(60)
    assert [line["event"] for line in told] == ["scaling 2 -> 6 now"]
    assert (told[0]["policy"], told[0]["demand"], told[0]["mode"]) == ("shop/checkout", 290.0, "Act")


async def test_a_change_is_told_by_one_event(world: OperatorWorld) -> None:
    await steady(world)
    before = len(world.api.objects("Event"))
    world.asked["checkout"] = lambda at: 290.0
    await world.passes(120)
    (event,) = world.api.objects("Event")[before:]
    assert event["involvedObject"]["name"] == "checkout"
    assert event["message"].startswith("scaling 2 -> 6 now")


async def test_series_of_a_deleted_policy_disappear(world: OperatorWorld) -> None:
    await steady(world)
    world.asked["checkout"] = lambda at: 290.0  # a decision, so that its counter is there too
    await world.passes(15)
    assert any(line.startswith("edgewarm_decisions_total") for line in world.series())
    world.api.delete("WarmingPolicy", SHOP, "checkout")
    await world.passes(15)
    assert [line for line in world.series() if 'policy="checkout"' in line] == []
    assert 'edgewarm_policies{state="ready"} 0.0' in world.series()


@pytest.mark.parametrize("mode", ["Act", "Observe"])
async def test_metrics_show_the_pass(world: OperatorWorld, mode: str) -> None:
    await steady(world, mode)
    labels = '{namespace="shop",policy="checkout"}'
    assert {f"edgewarm_demand{labels} 90.0", f"edgewarm_need_pods{labels} 2.0", f"edgewarm_blind{labels} 0.0"} <= set(
        world.series()
    )
    assert 'edgewarm_policies{state="ready"} 1.0' in world.series()


async def test_series_of_a_policy_that_no_longer_decides_disappear(world: OperatorWorld) -> None:
    await steady(world)
    world.api.delete("Deployment", SHOP, "checkout")
    await world.passes(15)
    assert world.standing() == "TargetNotFound"
    assert [line for line in world.series() if line.startswith("edgewarm_ready_pods")] == []
