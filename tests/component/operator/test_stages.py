"""Stages of real starts, from pods and Events to status and metrics, and over a restart."""

from __future__ import annotations

from typing import Any

import pytest

from support.operator_world import OperatorWorld

pytestmark = pytest.mark.component


async def scaled(world: OperatorWorld) -> OperatorWorld:
    """From two pods to seven: each is Ready 30 s after its creation, of which 20 s are the pull."""
    world.deployment(replicas=2, image="web:1")
    world.controller.pull = 20.0
    world.asked["checkout"] = lambda at: 290.0
    world.policy()
    await world.start()
    await world.passes(180)
    return world


def stages(world: OperatorWorld) -> dict[str, dict[str, Any]]:
    return {entry["stage"]: entry for entry in world.status().get("leadTimes", ())}


async def test_the_status_tells_every_stage(world: OperatorWorld) -> None:
    found = stages(await scaled(world))
    assert list(found) == ["Image", "Start", "Ready"]  # there is no data to fill, and nobody waited for a node
    assert {name: entry["p90Seconds"] for name, entry in found.items()} == {
        "Image": 20,
        "Start": 0,
        "Ready": 10,
    }
    started = world.ready() - 2  # of the first two nobody saw the start
    assert {entry["starts"] for entry in found.values()} == {started}
    # what begins with the pull still has the start before it: 20 + 0 + 10
    assert (found["Image"]["aheadSeconds"], found["Ready"]["aheadSeconds"]) == (30, 10)
    assert found["Image"]["nodes"] == [{"name": "node-1", "p50Seconds": 20, "p90Seconds": 20, "starts": started}]


async def test_the_whole_start_stays_the_replicas_lead_time(world: OperatorWorld) -> None:
    await scaled(world)
    assert world.status()["leadTime"]["p90Seconds"] == 30


async def test_stages_are_metrics_while_the_policy_lives(world: OperatorWorld) -> None:
    await scaled(world)
    series = 'edgewarm_stage_seconds{namespace="shop",policy="checkout",quantile="0.9",stage="Image"} 20.0'
    assert series in world.series()
    world.api.delete("WarmingPolicy", "shop", "checkout")
    await world.passes(15)
    assert not [line for line in world.series() if line.startswith("edgewarm_stage_seconds")]


async def test_stages_survive_a_restart(world: OperatorWorld) -> None:
    before = stages(await scaled(world))
    await world.restart()
    await world.passes(120)
    assert stages(world) == before


async def test_an_image_that_was_there_is_counted_and_not_timed(world: OperatorWorld) -> None:
    cold = stages(await scaled(world))["Image"]["starts"]
    world.controller.pull = 0.0
    world.asked["checkout"] = lambda at: 390.0 if at > world.clock.now - 1 else 290.0
    await world.passes(180)
    image = stages(world)["Image"]
    assert (image["p90Seconds"], image["starts"]) == (20, cold)
    assert image["warmStarts"] == world.ready() - 2 - cold >= 1
