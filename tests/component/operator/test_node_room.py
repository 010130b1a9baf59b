"""Node room end to end in process: made, counted and told, given back, placed by a pool."""

from __future__ import annotations

from typing import Any

import pytest

from support.fake_api.replica_sets import is_ready
from support.operator_world import OperatorWorld
from support.warmth import tells

pytestmark = pytest.mark.component
ONE_CORE = {"cpu": "1", "memory": "1Gi"}


async def held(world: OperatorWorld, **spec: Any) -> list[dict[str, Any]]:
    """Two serving pods, and two placeholders that have room."""
    world.web(replicas=2, requests=ONE_CORE)
    world.asked["checkout"] = lambda _: 75.0
    world.policy(**{"rungs": {"nodeRoom": {"min": 2, "max": 2}}, "scaling": {"minReplicas": 2}, **spec})
    await world.start()
    await world.until(lambda: sum(map(is_ready, world.pods("WarmingPolicy"))) == 2, 300)
    await world.passes(75)
    return world.pods("WarmingPolicy")


async def test_room_is_made_and_counted_and_told(world: OperatorWorld) -> None:
    pods = await held(world)
    assert {pod["metadata"]["labels"]["edgewarm.io/rung"] for pod in pods} == {"NodeRoom"}
    assert all(pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "1000m" for pod in pods)
    (found,) = world.status()["rungs"]
    assert found == {"rung": "NodeRoom", "wanted": 2, "warm": 2, "warming": 0, "reason": "NodeRoomMinimum"}
    (decision,) = world.decisions()
    (action,) = decision["spec"]["actions"]
    assert (action["rung"], action["from"], action["to"]) == ("NodeRoom", 0, 2)
    assert decision["status"]["phase"] == "Executed"
    warm = world.condition("NodeRoomWarm")
    assert warm is not None
    assert (warm["status"], warm["reason"]) == ("True", "Warm")
    labels = 'namespace="shop",policy="checkout",rung="NodeRoom",state="warm"'
    assert f"edgewarm_rung_units{{{labels}}} 2.0" in world.series()
    assert world.status()["leadTime"]["source"] == "Default"  # its start is none of the workload's


async def test_one_that_was_pushed_out_is_made_again(world: OperatorWorld) -> None:
    first, _ = await held(world)
    world.api.delete("Pod", "shop", first["metadata"]["name"])
    await world.until(lambda: sum(map(is_ready, world.pods("WarmingPolicy"))) == 2, 300)
    assert len(world.decisions()) == 1  # the plan is what it was


async def test_a_restart_finds_them_and_changes_nothing(world: OperatorWorld) -> None:
    before = {pod["metadata"]["uid"] for pod in await held(world)}
    await world.restart()
    await world.passes(120)
    assert {pod["metadata"]["uid"] for pod in world.pods("WarmingPolicy")} == before


async def test_a_policy_that_asks_no_more_gives_it_back(world: OperatorWorld) -> None:
    await held(world)
    world.change("WarmingPolicy", "checkout", rungs={})
    await world.passes(60)
    assert world.pods("WarmingPolicy") == []


def pool(world: OperatorWorld, cpu: str, **spec: Any) -> None:
    """Of edge-2, beside a node that it does not have."""
    conditions = [{"type": "Ready", "status": "True"}]
    status = {"allocatable": {"cpu": cpu, "memory": "32Gi", "pods": "110"}, "conditions": conditions}
    for name, labels in (("edge-1", {}), ("edge-2", {"edge": "yes"})):
        world.api.put({"kind": "Node", "metadata": {"name": name, "labels": labels}, "spec": {}, "status": status})
    selector = {"matchLabels": {"edge": "yes"}}
    world.api.put({"kind": "EdgeNodePool", "metadata": {"name": "edge"}, "spec": {"selector": selector, **spec}})


async def test_room_on_a_silent_node_is_held_elsewhere_until_it_returns(world: OperatorWorld) -> None:
    pool(world, "8")
    node = world.api.get("Node", "", "edge-2")
    assert node is not None
    before = {pod["metadata"]["uid"] for pod in await held(world, poolRef={"name": "edge"})}
    tells(world, "edge-2", "Unknown")
    await world.passes(45)
    world.api.put({**node, "metadata": {**node["metadata"], "name": "edge-3"}})
    await world.passes(120)
    there = [pod["spec"]["nodeName"] for pod in world.pods("WarmingPolicy")]
    assert there == ["edge-2", "edge-2", "edge-3", "edge-3"]
    (found,) = world.status()["rungs"]
    assert (found["wanted"], found["warm"], found["warming"]) == (2, 2, 0)
    tells(world, "edge-2", "True")
    await world.passes(120)
    left = world.pods("WarmingPolicy")
    assert [pod["spec"]["nodeName"] for pod in left] == ["edge-3", "edge-3"]
    assert not before & {pod["metadata"]["uid"] for pod in left}


async def test_a_pool_places_them_within_its_budget(world: OperatorWorld) -> None:
    pool(world, "8", budgets={"pods": 2})
    more = {"rungs": {"nodeRoom": {"min": 3, "max": 3}}, "poolRef": {"name": "edge"}}
    pods = await held(world, **more)
    assert [pod["spec"]["nodeName"] for pod in pods] == ["edge-2", "edge-2"]
    refused = world.condition("NodeRoomPlaced")
    assert refused is not None
    assert (refused["status"], refused["reason"]) == ("False", "BudgetExhausted")
    assert world.condition("NodesWarmed") is None  # nothing is warmed by hand


async def test_a_standby_takes_the_room_of_a_placeholder_of_its_policy(world: OperatorWorld) -> None:
    """Two cores, two placeholders: one is given up for the standby, and neither comes and goes from then on."""
    pool(world, "2")
    await held(world, poolRef={"name": "edge"})

    def rungs() -> list[str]:
        return sorted(pod["metadata"]["labels"]["edgewarm.io/rung"] for pod in world.pods("WarmingPolicy"))

    both = {"nodeRoom": {"min": 2, "max": 2}, "standby": {"min": 1, "max": 1}}
    world.change("WarmingPolicy", "checkout", rungs=both)
    await world.until(lambda: rungs() == ["NodeRoom", "Standby"], 300)
    before = {pod["metadata"]["uid"] for pod in world.pods("WarmingPolicy")}
    await world.passes(300)
    assert {pod["metadata"]["uid"] for pod in world.pods("WarmingPolicy")} == before
