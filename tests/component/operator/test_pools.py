"""Pools in the whole operator: what they report, who may use them, room reserved by hand, and what mistakes read."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.model.units import format_time
from support.operator_world import OperatorWorld

pytestmark = pytest.mark.component

ZONE = {"selector": {"matchLabels": {"zone": "north"}}}


def node(world: OperatorWorld, name: str, cpu: str = "4", **spec: Any) -> None:
    allocatable = {"cpu": cpu, "memory": "8Gi", "pods": "110"}
    ready = [{"type": "Ready", "status": "True", "lastTransitionTime": "2023-01-01T00:00:00Z"}]
    labels = {"zone": "north", "topology.kubernetes.io/region": spec.pop("region", "eu")}
    meta = {"name": name, "labels": labels}
    world.api.put(
        {"kind": "Node", "metadata": meta, "spec": spec, "status": {"allocatable": allocatable, "conditions": ready}}
    )


def pool(world: OperatorWorld, name: str = "north", created: str = "2023-01-01T00:00:00Z", **spec: Any) -> None:
    meta = {"name": name, "creationTimestamp": created}
    world.api.put({"kind": "EdgeNodePool", "metadata": meta, "spec": {**ZONE, **spec}})


def policy(world: OperatorWorld, name: str = "checkout", pods: int = 1, **spec: Any) -> None:
    """A workload of pods of one core, for whose pods there is to be room on edge-1 for an hour."""
    world.deployment(name)
    found = world.api.get("Deployment", "shop", name)
    assert found is not None
    requests = {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}
    world.api.put({**found, "spec": {**found["spec"], "template": {"spec": {"containers": [requests]}}}})
    world.asked[name] = lambda at: 20.0
    until = format_time(world.clock.now + 3600)
    warming = {"nodes": [{"name": spec.pop("on", "edge-1"), "until": until, "pods": pods}]}
    world.policy(name, **{"poolRef": {"name": "north"}, "warming": warming, **spec})


def status(world: OperatorWorld, name: str = "north") -> Any:
    found = world.api.get("EdgeNodePool", "", name)
    assert found is not None
    return found["status"]


def condition(world: OperatorWorld, kind: str, name: str = "north") -> Any:
    return next((c for c in status(world, name)["conditions"] if c["type"] == kind), None)


def warmed(world: OperatorWorld, name: str = "checkout") -> tuple[str, str, str]:
    found = world.condition("NodesWarmed", name)
    assert found is not None
    return found["status"], found["reason"], found["message"]


async def test_room_is_reserved_shown_and_given_back_at_its_time(world: OperatorWorld) -> None:
    node(world, "edge-1")
    node(world, "edge-2")
    pool(world, budgets={"cpu": "3", "pods": 8})
    policy(world, pods=2)
    await world.start()
    await world.passes(60)
    found = status(world)
    assert (found["nodes"], found["readyNodes"], found["warmNodes"]) == (2, 2, 1)
    assert (found["capacity"]["cpu"], found["reserved"]["cpu"], found["utilization"]) == ("8", "2", "25%")
    assert found["budgets"] == [
        {"name": "cpu", "limit": "3", "used": "2", "left": "1"},
        {"name": "pods", "limit": "8", "used": "2", "left": "6"},
    ]
    assert found["notableNodes"][0] == {"name": "edge-1", "state": "Ready", "utilization": "50%", "held": 2}
    assert warmed(world)[:2] == ("True", "RoomReserved")
    await world.passes(3660)
    assert (status(world)["warmNodes"], world.condition("NodesWarmed")) == (0, None)


async def test_a_second_policy_is_refused_with_numbers_and_the_pool_says_so(world: OperatorWorld) -> None:
    node(world, "edge-1")
    pool(world, budgets={"cpu": "3"})
    policy(world, "checkout", pods=2)
    policy(world, "search", pods=2)
    await world.start()
    await world.passes(60)
    assert warmed(world)[0] == "True"
    state, reason, message = warmed(world, "search")
    assert (state, reason) == ("False", "BudgetExhausted")
    assert message == (
        "room 2 of shop/search on edge-1: spec.budgets.cpu has 0 left and 1 is asked: 1 short; raise "
        "spec.budgets.cpu by 1; giving up room 1 of shop/checkout on edge-1 would make room on edge-1: set "
        "spec.preemption PreemptLowerPriority and raise qos.priority above Medium; "
        "room comes at 2023-11-15T09:00:00Z, when room 1 of shop/checkout on edge-1 expires"
    )
    assert status(world)["refused"] == [{"policy": "shop/search", "message": message}]
    assert status(world)["budgets"][0]["shadowPrice"] == "10"  # kappa, for a core that is wanted for certain
    succeeds = condition(world, "AllocationSucceeds")
    assert (succeeds["status"], succeeds["reason"], status(world)["health"]) == ("False", "TooManyRefused", "Degraded")


async def test_who_matters_more_pushes_others_out_where_the_pool_preempts(world: OperatorWorld) -> None:
    node(world, "edge-1", cpu="2")
    pool(world, preemption="PreemptLowerPriority")
    policy(world, "checkout", pods=2, qos={"priority": "Low"})
    await world.start()
    await world.passes(30)
    assert warmed(world)[0] == "True"
    policy(world, "search", pods=1, qos={"priority": "High"})
    await world.passes(30)
    assert warmed(world, "search")[0] == "True"
    state, reason, message = warmed(world)
    assert (state, reason) == ("False", "NoRoom")
    assert "nearest is edge-1 with cpu 0 free and 1 asked, 1 short" in message


async def test_a_namespace_that_is_not_allowed_is_told(world: OperatorWorld) -> None:
    node(world, "edge-1")
    pool(world, allowedNamespaces={"matchLabels": {"edge": "allowed"}})
    policy(world)
    await world.start()
    await world.passes(30)
    assert world.standing() == "NamespaceNotAllowed"
    assert status(world)["warmNodes"] == 0
    world.api.put({"kind": "Namespace", "metadata": {"name": "shop", "labels": {"edge": "allowed"}}})
    await world.passes(90)
    assert world.standing() == "Forecasting"
    assert status(world)["warmNodes"] == 1


async def test_a_name_alone_allows_a_namespace(world: OperatorWorld) -> None:
    node(world, "edge-1")
    pool(world, allowedNamespaces={"matchLabels": {"kubernetes.io/metadata.name": "shop"}})
    policy(world)
    await world.start()
    await world.passes(30)
    assert world.standing() == "Forecasting"


async def test_nothing_is_warmed_outside_the_regions(world: OperatorWorld) -> None:
    node(world, "edge-1", region="us")
    pool(world)
    policy(world, regions=[{"name": "eu"}])
    await world.start()
    await world.passes(30)
    assert warmed(world)[1:] == (
        "NoNodeAllowed",
        "room 1 of shop/checkout on edge-1: none of the pool's 1 nodes may take it: 1 outside spec.regions",
    )


async def test_an_unknown_node_is_named(world: OperatorWorld) -> None:
    node(world, "edge-1")
    pool(world)
    policy(world, on="edge-9")
    await world.start()
    await world.passes(30)
    assert warmed(world) == (
        "False",
        "UnknownNode",
        "EdgeNodePool north has no node edge-9: correct spec.warming.nodes[].name, or label the node so that the pool "
        "selects it",
    )


async def test_a_pool_that_selects_no_node_is_told_and_so_is_who_would_use_it(world: OperatorWorld) -> None:
    pool(world)
    policy(world)
    await world.start()
    await world.passes(60)
    ready = condition(world, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "NoNodes")
    assert ready["message"] == "spec.selector matches no node: label a node, or correct the selector"
    assert warmed(world)[:2] == ("False", "UnknownNode")
    assert warmed(world)[2].startswith(
        "EdgeNodePool north has no node edge-1: correct spec.warming.nodes[].name, or label"
    )


async def test_a_budget_smaller_than_one_pod_is_told(world: OperatorWorld) -> None:
    node(world, "edge-1")
    pool(world, budgets={"cpu": "500m"})
    policy(world)
    await world.start()
    await world.passes(30)
    state, reason, message = warmed(world)
    assert (state, reason) == ("False", "BudgetExhausted")
    assert "spec.budgets.cpu is 500m, less than the 1 that is asked; raise spec.budgets.cpu" in message


async def test_of_overlapping_pools_the_older_has_the_nodes(world: OperatorWorld) -> None:
    node(world, "edge-1")
    node(world, "edge-2")
    pool(world, "north")
    pool(world, "also-north", created="2023-01-02T00:00:00Z")
    await world.start()
    await world.passes(30)
    assert (status(world)["nodes"], condition(world, "Overlapping")) == (2, None)
    younger = status(world, "also-north")
    assert (younger["nodes"], younger["reason"]) == (0, "NodesInOlderPool")
    assert condition(world, "Overlapping", "also-north")["message"] == (
        "selected nodes belong to another pool: edge-1, edge-2 to the older EdgeNodePool north. "
        "Make the selectors disjoint"
    )
    assert younger["notableNodes"][0]["state"] == "InPool north"


async def test_only_mode_act_reserves(world: OperatorWorld) -> None:
    node(world, "edge-1")
    pool(world)
    policy(world, mode="Observe")
    await world.start()
    await world.passes(30)
    assert warmed(world)[1] == "NotActing"
    assert status(world)["warmNodes"] == 0


async def test_a_silent_node_keeps_its_reservations_and_a_lowered_budget_does_not(world: OperatorWorld) -> None:
    node(world, "edge-1")
    pool(world)
    policy(world, pods=3)
    await world.start()
    await world.passes(30)
    silent = world.api.get("Node", "", "edge-1")
    assert silent is not None
    gone = [{"type": "Ready", "status": "Unknown", "lastTransitionTime": "2023-11-15T08:00:00Z"}]
    world.api.put({**silent, "status": {**silent["status"], "conditions": gone}})
    await world.passes(60)
    assert (status(world)["reason"], status(world)["warmNodes"]) == ("NoReadyNodes", 1)
    node(world, "edge-1")
    pool(world, budgets={"pods": 2})
    await world.passes(90)
    assert status(world)["budgets"][0]["used"] == "2"


async def test_warming_pauses_in_a_full_pool(world: OperatorWorld) -> None:
    node(world, "edge-1")
    pool(world, slowDown={"above": "0.4", "pauseAbove": "0.5"})
    policy(world, pods=4)
    await world.start()
    await world.passes(120)
    assert (status(world)["reserved"]["cpu"], status(world)["pace"], status(world)["reason"]) == (
        "2",
        "0%",
        "WarmingPaused",
    )
    assert warmed(world)[1] == "WarmingPaused"
