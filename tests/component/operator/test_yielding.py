"""Pods that find no room, beside the standbys of several policies: what goes for them, and how often."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.model.units import format_time
from support.fake_api.replica_sets import is_ready
from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component
A_QUARTER = {"cpu": "16", "memory": "1Gi"}  # of node-1


async def full(world: OperatorWorld, **spec: Any) -> None:
    """Two policies, each with a serving pod and a warm standby; node-1 has no room left."""
    for name in ("checkout", "search"):
        world.web(name, replicas=1, requests=A_QUARTER)
        world.asked[name] = lambda _: 25.0
        rungs = {"standby": {"min": 1, "max": 1}}
        world.policy(name, **{"rungs": rungs, "scaling": {"minReplicas": 1}, **spec})
    await world.start()
    await world.until(lambda: standbys(world) == 2)


def standbys(world: OperatorWorld) -> int:
    return sum(map(is_ready, world.pods("WarmingPolicy")))


def waiting(world: OperatorWorld, name: str) -> None:
    """A stranger's pod as large as one of theirs."""
    container: dict[str, Any] = {"name": "app", "image": "app:1", "resources": {"requests": A_QUARTER}}
    unschedulable = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    status = {
        "phase": "Pending",
        "conditions": [{**unschedulable, "lastTransitionTime": format_time(world.clock.now)}],
    }
    spec = {"containers": [container]}
    world.api.put({"kind": "Pod", "metadata": {"name": name, "namespace": SHOP}, "spec": spec, "status": status})


async def test_one_pod_without_room_costs_one_standby_however_many_policies_have_one(world: OperatorWorld) -> None:
    await full(world)
    waiting(world, "stranger")
    await world.passes(15)
    assert standbys(world) == 1
    await world.passes(
        60
    )  # it stays where it is, as nobody schedules here: room is free, so its trouble is another one
    assert standbys(world) == 1


async def test_two_pods_without_room_cost_two(world: OperatorWorld) -> None:
    await full(world)
    waiting(world, "stranger")
    waiting(world, "guest")
    await world.passes(15)
    assert standbys(world) == 0


async def test_where_a_deletion_is_refused_another_policy_gives_way(world: OperatorWorld) -> None:
    """Its own policy waits 30 s before it tries again."""
    await full(world)
    world.api.fail(403, verbs=["delete"], plurals=["pods"])
    waiting(world, "stranger")
    await world.passes(15)
    assert standbys(world) == 2
    await world.passes(15)
    assert standbys(world) == 1
