"""Migration end to end in process: pods leave a node behind warm standbys, within their budget of disruptions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from support.fake_api.replica_sets import is_ready
from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component
ONE_CORE = {"cpu": "1", "memory": "1Gi"}
MOVES = {"standby": {"min": 0, "max": 2}, "migration": {}}


def node(world: OperatorWorld, name: str, cpu: str = "8", **spec: Any) -> None:
    status = {
        "allocatable": {"cpu": cpu, "memory": "64Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    meta = {"name": name, "labels": {"edge": "yes"}}
    world.api.put({"kind": "Node", "metadata": meta, "spec": spec, "status": status})


async def serving_on_node_1(
    world: OperatorWorld, pool: dict[str, Any] | None = None, requests: dict[str, str] = ONE_CORE, **spec: Any
) -> list[int]:
    """Three serving pods on node-1 of a pool that has two more; the counts of ready pods from now on."""
    for name in ("edge-1", "edge-2"):
        node(world, name)
    selector = {"matchLabels": {"edge": "yes"}}
    world.api.put(
        {"kind": "EdgeNodePool", "metadata": {"name": "edge"}, "spec": {"selector": selector, **(pool or {})}}
    )
    world.web(replicas=3, requests=requests)
    node(world, "node-1")
    world.asked["checkout"] = lambda _: 125.0
    world.policy(**{"rungs": MOVES, "scaling": {"minReplicas": 3}, "poolRef": {"name": "edge"}, **spec})
    await world.start()
    await world.passes(30)
    counts = [3]
    world.api.store.listeners.append(lambda _: counts.append(sum(map(is_ready, world.pods("ReplicaSet")))))
    return counts


def where(world: OperatorWorld) -> dict[str, int]:
    return dict(Counter(pod["spec"]["nodeName"] for pod in world.pods("ReplicaSet") if is_ready(pod)))


def standbys(world: OperatorWorld) -> list[dict[str, Any]]:
    return [one for one in world.pods("WarmingPolicy") if one["metadata"]["labels"]["edgewarm.io/rung"] == "Standby"]


def budget(world: OperatorWorld, allowed: int) -> None:
    meta = {"name": "all-of-them", "namespace": SHOP}
    spec = {"selector": {"matchLabels": {"app": "checkout"}}}
    status = {"disruptionsAllowed": allowed}
    world.api.put({"kind": "PodDisruptionBudget", "metadata": meta, "spec": spec, "status": status})


def said(world: OperatorWorld) -> tuple[str, str, str]:
    found = world.condition("Migrating")
    return ("", "", "") if found is None else (found["status"], found["reason"], found["message"])


async def test_pods_leave_a_cordoned_node_and_never_one_less_serves(world: OperatorWorld) -> None:
    counts = await serving_on_node_1(world)
    node(world, "node-1", unschedulable=True)
    await world.passes(15)
    assert said(world)[:2] == ("True", "Moving")
    assert "3 pods are to leave; next checkout-" in said(world)[2]
    assert "(cordoned), when a standby elsewhere is warm" in said(world)[2]
    await world.until(lambda: "node-1" not in where(world))
    assert sum(where(world).values()) == 3
    assert min(counts) == 3
    await world.passes(300)  # for which a new process gives nothing back
    assert said(world) == ("", "", "")
    assert standbys(world) == []  # nothing more is wanted
    assert 'edgewarm_migrations_total{namespace="shop",policy="checkout"} 3.0' in world.series()
    told = [event["message"] for event in world.api.objects("Event") if event["reason"] == "Migrated"]
    assert len(told) == 3
    assert all("(cordoned) leaves: checkout-" in message for message in told)
    actions = [action for decision in world.decisions() for action in decision["spec"]["actions"]]
    assert 2 in [action["to"] for action in actions if action["rung"] == "Standby"]


async def test_one_pod_at_a_time_is_asked_about_and_none_is_evicted(world: OperatorWorld) -> None:
    await serving_on_node_1(world)
    node(world, "node-1", unschedulable=True)
    await world.until(lambda: "node-1" not in where(world))
    asked = world.written("/eviction")
    assert [request.query["dryRun"] for _, request in asked] == ["All"] * 3
    assert len({at for at, _ in asked}) == 3
    assert all("uid" in request.body["deleteOptions"]["preconditions"] for _, request in asked)


async def test_what_a_disruption_budget_protects_stays_and_a_condition_says_so(world: OperatorWorld) -> None:
    counts = await serving_on_node_1(world)
    budget(world, 0)
    node(world, "node-1", unschedulable=True)
    await world.until(lambda: said(world)[1] == "EvictionRefused", 300)
    status, _, message = said(world)
    assert status == "False"
    assert "on node-1 (cordoned) stays: Cannot evict pod as it would violate the pod's disruption budget." in message
    assert message.endswith("The disruption budget all-of-them needs every pod that there is")
    await world.passes(120)
    assert (where(world), min(counts)) == ({"node-1": 3}, 3)
    budget(world, 1)
    await world.until(lambda: "node-1" not in where(world))


async def test_a_node_that_serves_again_is_not_left(world: OperatorWorld) -> None:
    await serving_on_node_1(world)
    node(world, "node-1", unschedulable=True)
    await world.passes(15)
    assert len(standbys(world)) == 2
    node(world, "node-1")
    await world.passes(300)
    assert where(world) == {"node-1": 3}
    assert standbys(world) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"pausedUntil": "2099-01-01T00:00:00Z"}, "the policy is paused", id="a pause"),
        pytest.param({"mode": "Recommend"}, "", id="a mode that only recommends"),
        pytest.param({"rungs": {"standby": {"min": 1, "max": 2}}}, "", id="a policy that did not ask"),
    ],
)
async def test_nothing_moves_in(world: OperatorWorld, spec: dict[str, Any], expected: str) -> None:
    await serving_on_node_1(world, **spec)
    node(world, "node-1", unschedulable=True)
    await world.passes(180)
    assert where(world) == {"node-1": 3}
    assert world.written("/eviction") == []
    assert said(world)[2].endswith(expected)


async def test_while_demand_is_unknown_nothing_moves(world: OperatorWorld) -> None:
    await serving_on_node_1(world)
    del world.asked["checkout"]
    node(world, "node-1", unschedulable=True)
    await world.passes(180)
    assert where(world) == {"node-1": 3}
    assert said(world)[:2] == ("False", "Waiting")
    assert said(world)[2].endswith("demand is unknown")
    world.asked["checkout"] = lambda _: 125.0
    await world.until(lambda: "node-1" not in where(world))


async def test_of_a_full_node_so_many_leave_that_it_is_not_full_any_more(world: OperatorWorld) -> None:
    """Three of three cores are more than 90%: one leaves for a node of eight; two of three are 67%."""
    counts = await serving_on_node_1(world, {"migrateAbove": "0.9"})
    node(world, "node-1", cpu="3")
    await world.passes(15)
    assert "requests are 100% of it, above 90%" in said(world)[2]
    await world.until(lambda: where(world).get("node-1") == 2)
    await world.passes(300)
    assert (where(world)["node-1"], min(counts)) == (2, 3)
    assert said(world) == ("", "", "")


async def test_no_pod_leaves_a_full_node_for_another_that_would_be_nearly_as_full(world: OperatorWorld) -> None:
    """One of one core is 100%, and with one more pod none of the others is at 80% or less."""
    await serving_on_node_1(world, {"migrateAbove": "0.9"})
    node(world, "node-1", cpu="3")
    for name in ("edge-1", "edge-2"):
        node(world, name, cpu="1200m")
    await world.passes(300)
    assert where(world) == {"node-1": 3}
    assert standbys(world) == []
