"""Standbys on the nodes of a pool: where the pool says, where demand will be, within budgets, and in whose favour."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from edgewarm.model.units import format_time
from support.fake_api.replica_sets import is_ready
from support.operator_world import OperatorWorld
from support.warmth import BY_NODE, asks, tells

pytestmark = pytest.mark.component

ONE_CORE = {"cpu": "1", "memory": "1Gi"}


def node(world: OperatorWorld, name: str, cpu: str = "4") -> None:
    status = {
        "allocatable": {"cpu": cpu, "memory": "32Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    world.api.put({"kind": "Node", "metadata": {"name": name, "labels": {"edge": "yes"}}, "spec": {}, "status": status})


def pool(world: OperatorWorld, **spec: Any) -> None:
    selector = {"matchLabels": {"edge": "yes"}}
    world.api.put({"kind": "EdgeNodePool", "metadata": {"name": "edge"}, "spec": {"selector": selector, **spec}})


def policy(world: OperatorWorld, name: str = "checkout", standbys: int = 2, pooled: bool = True, **spec: Any) -> None:
    """Two serving pods of one core on node-1, which is not in the pool, and so many standbys."""
    world.web(name, replicas=2, requests=ONE_CORE)
    world.asked[name] = lambda at: 75.0
    rungs = {"standby": {"min": standbys, "max": standbys}}
    in_pool = {"poolRef": {"name": "edge"}} if pooled else {}
    world.policy(name, **{"rungs": rungs, "scaling": {"minReplicas": 2}, **in_pool, **spec})


def where(world: OperatorWorld, name: str = "checkout") -> dict[str, int]:
    """Ready standbys of a policy by node."""
    mine = [pod for pod in world.pods("WarmingPolicy") if pod["metadata"]["labels"]["edgewarm.io/policy"] == name]
    return dict(Counter(pod["spec"]["nodeName"] for pod in mine if is_ready(pod)))


def uids(world: OperatorWorld) -> set[str]:
    return {pod["metadata"]["uid"] for pod in world.pods("WarmingPolicy")}


def rung(world: OperatorWorld) -> tuple[int, int]:
    """Standbys that are wanted, and warm, as the status tells it."""
    (found,) = (one for one in world.status()["rungs"] if one["rung"] == "Standby")
    return found["wanted"], found["warm"]


def refusal(world: OperatorWorld, name: str = "checkout") -> tuple[str, str]:
    found = world.condition("StandbysPlaced", name)
    return ("", "") if found is None else (found["reason"], found["message"])


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"allocation": "FirstFit"}, {"edge-1": 2}, id="the first by name"),
        pytest.param({"allocation": "WorstFit"}, {"edge-2": 2}, id="the one with most left: 14 of 16 cores, 3 of 4"),
        pytest.param({"nodeChoice": "LeastLoaded"}, {"edge-2": 2}, id="1/4 is more than 2/16"),
        pytest.param({"allocation": "RoundRobin"}, {"edge-1": 1, "edge-2": 1}, id="one after the other"),
    ],
)
async def test_a_standby_stands_where_its_pool_says(
    world: OperatorWorld, spec: dict[str, Any], expected: dict[str, int]
) -> None:
    node(world, "edge-1", cpu="4")
    node(world, "edge-2", cpu="16")
    pool(world, **spec)
    policy(world)
    await world.start()
    await world.until(lambda: sum(where(world).values()) == 2)
    assert where(world) == expected
    assert refusal(world) == ("", "")
    await world.passes(300)
    assert where(world) == expected  # and nothing moves


async def test_standbys_stand_where_demand_will_be(world: OperatorWorld) -> None:
    """100 and 45 requests/s, 50 per pod: edge-2 lacks two pods, and with two standbys there edge-1 lacks most."""
    for name in ("edge-1", "edge-2", "edge-3"):
        node(world, name)
    pool(world, allocation="FirstFit")
    demand = {"query": "by node", "capacityPerPod": "50", "labels": {"node": "node"}}
    world.prometheus.queries["by node"] = lambda at: [({"node": "edge-2"}, 100.0), ({"node": "edge-1"}, 45.0)]
    policy(world, standbys=3, demand=demand, mode="Observe")
    await world.start()
    await world.passes(300)  # what is flat is known to be
    world.change("WarmingPolicy", "checkout", mode="Act")
    await world.until(lambda: sum(where(world).values()) == 3)
    assert where(world) == {"edge-2": 2, "edge-1": 1}


async def test_no_more_standbys_than_the_budget_holds(world: OperatorWorld) -> None:
    node(world, "edge-1")
    pool(world, budgets={"cpu": "2500m"})
    policy(world, standbys=4)
    await world.start()
    await world.until(lambda: sum(where(world).values()) == 2)
    await world.passes(120)
    assert where(world) == {"edge-1": 2}
    reason, message = refusal(world)
    assert reason == "BudgetExhausted"
    assert "standby 1 of shop/checkout: spec.budgets.cpu has 500m left and 1 is asked: 500m short" in message
    (cpu,) = world.api.get("EdgeNodePool", "", "edge")["status"]["budgets"]  # type: ignore[index]
    assert (cpu["used"], cpu["left"]) == ("2", "500m")
    pool(world, budgets={"cpu": "4"})
    await world.until(lambda: sum(where(world).values()) == 4)
    assert refusal(world) == ("", "")


async def test_what_a_policy_holds_counts_although_its_namespace_is_allowed_no_more(world: OperatorWorld) -> None:
    """It stays as it is, and is not given up for others either; room by hand is not kept for it."""
    node(world, "edge-1")
    limits = {"budgets": {"cpu": "4"}, "preemption": "PreemptLowerPriority"}
    pool(world, **limits)
    by_hand = {"nodes": [{"name": "edge-1", "until": format_time(world.clock.now + 3600), "pods": 3}]}
    policy(world, warming=by_hand, qos={"priority": "Low", "preemptible": True})
    await world.start()
    await world.until(lambda: sum(where(world).values()) == 2)
    pool(world, **limits, allowedNamespaces={"matchLabels": {"edge": "allowed"}})
    await world.passes(60)
    assert where(world) == {"edge-1": 2}
    (cpu,) = world.api.get("EdgeNodePool", "", "edge")["status"]["budgets"]  # type: ignore[index]
    assert (cpu["used"], cpu["left"]) == ("2", "2")


async def test_a_node_that_is_silent_when_its_standby_is_due_gets_it_when_it_returns(world: OperatorWorld) -> None:
    """Two of one core on two nodes of 1.5 cores; what stands on the other node is not moved, and none is lost."""
    for name in ("edge-1", "edge-2"):
        node(world, name, cpu="1500m")
    tells(world, "edge-2", "Unknown")
    pool(world)
    policy(world)
    await world.start()
    await world.passes(600)
    assert where(world) == {"edge-1": 1}
    assert refusal(world)[0] == "NoRoom"
    tells(world, "edge-2", "True")
    await world.until(lambda: where(world) == {"edge-1": 1, "edge-2": 1}, 90)
    before = uids(world)
    tells(world, "edge-2", "Unknown")
    log = len(world.written("/pods"))
    await world.passes(1200)
    assert (where(world), uids(world)) == ({"edge-1": 1}, before)
    assert rung(world) == (2, 1)  # what nobody hears of warms nothing
    tells(world, "edge-2", "True")
    await world.passes(120)
    assert (where(world), uids(world)) == ({"edge-1": 1, "edge-2": 1}, before)
    assert len(world.written("/pods")) == log


async def two_nodes(world: OperatorWorld, **spec: Any) -> None:
    """One standby on edge-1; there is room for more, there and on edge-2."""
    for name in ("edge-1", "edge-2"):
        node(world, name)
    pool(world, allocation="FirstFit", **spec)
    policy(world, standbys=1)
    await world.start()
    await world.until(lambda: where(world) == {"edge-1": 1})


async def test_what_is_silent_for_a_minute_is_made_elsewhere_and_given_back_when_it_returns(
    world: OperatorWorld,
) -> None:
    await two_nodes(world)
    before = uids(world)
    tells(world, "edge-1", "Unknown")
    await world.until(lambda: where(world) == {"edge-2": 1}, 150)
    assert before < uids(world)  # what was there is not touched
    await world.passes(600)
    assert (len(uids(world)), rung(world)) == (2, (1, 1))
    tells(world, "edge-1", "True")
    await world.until(lambda: len(uids(world)) == 1, 60)
    assert where(world) == {"edge-2": 1}


@pytest.mark.parametrize("silence", [45, 75, 150, 300])
async def test_a_node_that_comes_and_goes_costs_one_standby_at_most(world: OperatorWorld, silence: float) -> None:
    """A start takes 120 s, so the one that is made elsewhere may still start when the node is back."""
    await two_nodes(world)
    world.sets.delay, log = 120.0, len(world.written("/pods"))
    for _ in range(5):
        tells(world, "edge-1", "Unknown")
        await world.passes(silence)
        tells(world, "edge-1", "True")
        await world.passes(240)
    assert sum(where(world).values()) == len(uids(world)) == 1
    assert len(world.written("/pods")) - log <= 2  # one made, one given back


async def test_a_budget_counts_what_is_on_a_silent_node(world: OperatorWorld) -> None:
    await two_nodes(world, budgets={"pods": 1})
    before = uids(world)
    tells(world, "edge-1", "Unknown")
    await world.passes(300)
    assert uids(world) == before
    assert refusal(world)[0] == "BudgetExhausted"


async def test_only_so_many_nodes_are_warmed(world: OperatorWorld) -> None:
    for number in range(5):
        node(world, f"edge-{number}")
    pool(world, allocation="RoundRobin")
    policy(world, standbys=4, warming={"maxPrewarmedNodes": 2})
    await world.start()
    await world.until(lambda: sum(where(world).values()) == 4)
    assert len(where(world)) == 2


async def test_what_matters_more_pushes_standbys_out_and_they_come_back(world: OperatorWorld) -> None:
    node(world, "edge-1", cpu="2")
    pool(world, preemption="PreemptLowerPriority")
    policy(world, qos={"priority": "Low"})
    await world.start()
    await world.until(lambda: where(world) == {"edge-1": 2})
    policy(world, "search", qos={"priority": "High"})
    await world.until(lambda: where(world, "search") == {"edge-1": 2})
    assert where(world) == {}
    assert refusal(world)[0] == "NoRoom"
    await world.passes(300)
    assert (where(world, "search"), where(world)) == ({"edge-1": 2}, {})  # no to and fro
    world.api.delete("WarmingPolicy", "shop", "search")
    for pod in world.pods("WarmingPolicy"):
        if pod["metadata"]["labels"]["edgewarm.io/policy"] == "search":
            world.api.delete("Pod", "shop", pod["metadata"]["name"])  # as garbage collection does
    await world.until(lambda: where(world) == {"edge-1": 2})


async def test_a_standby_takes_the_room_that_its_policy_reserved(world: OperatorWorld) -> None:
    node(world, "edge-1", cpu="2")
    node(world, "edge-2", cpu="2")
    pool(world, allocation="FirstFit")
    until = format_time(world.clock.now + 3600)
    policy(world, warming={"nodes": [{"name": "edge-2", "until": until, "pods": 2}]})
    await world.start()
    await world.until(lambda: sum(where(world).values()) == 2)
    await world.passes(90)
    assert where(world) == {"edge-2": 2}
    warmed = world.condition("NodesWarmed")
    assert warmed is not None
    assert (warmed["status"], warmed["reason"]) == ("True", "RoomReserved")
    status = world.api.get("EdgeNodePool", "", "edge")["status"]  # type: ignore[index]
    assert (status["reserved"]["cpu"], status["requested"]["cpu"]) == ("0", "2")


async def test_without_a_pool_the_scheduler_chooses(world: OperatorWorld) -> None:
    policy(world, pooled=False)
    await world.start()
    await world.until(lambda: sum(where(world).values()) == 2)
    assert all("affinity" not in pod["spec"] for pod in world.pods("WarmingPolicy"))


@pytest.mark.parametrize(
    ("nodes", "budget", "parked"),
    [
        pytest.param(("node-1",), 1, 1, id="no more than the budget has left"),
        pytest.param(("node-1",), 9, 2, id="as many as are wanted back"),
        pytest.param(("edge-1",), 9, 0, id="none on a node that is not the pool's"),
    ],
)
async def test_what_is_parked_stays_within_the_pool(
    world: OperatorWorld, nodes: tuple[str, ...], budget: int, parked: int
) -> None:
    """Of four serving pods on node-1 two are scaled in, and two standbys would be held then."""
    world.web(replicas=4, requests=ONE_CORE)
    for name in nodes:
        node(world, name, cpu="16")
    pool(world, budgets={"pods": budget})
    world.asked["checkout"] = lambda _: 75.0

    def shape(low: int, standbys: int) -> dict[str, Any]:
        behavior = {"scaleDown": {"stabilizationWindowSeconds": 0}}
        rungs = {"standby": {"min": standbys, "max": 2}, "parking": {}}
        return {
            "scaling": {"minReplicas": low, "behavior": behavior},
            "rungs": rungs,
            "poolRef": {"name": "edge"},
        }

    world.policy(**shape(4, 0))
    await world.start()
    await world.passes(330)  # longer than what a restart holds
    before = {pod["metadata"]["name"] for pod in world.pods("ReplicaSet")}
    assert len(before) == 4

    world.change("WarmingPolicy", "checkout", **shape(2, 2))
    await world.passes(15)

    # a pull pod that has ended asks for nothing any more
    held = [pod for pod in world.pods("WarmingPolicy") if pod.get("status", {}).get("phase") != "Failed"]
    assert len({pod["metadata"]["name"] for pod in held} & before) == parked
    assert len(held) <= budget


@pytest.mark.parametrize("most", [1, 3])
async def test_pulls_and_standbys_share_the_pools_pods_at_every_moment(world: OperatorWorld, most: int) -> None:
    """Two policies want two standbys and images on three nodes each."""
    for name in ("edge-1", "edge-2", "edge-3"):
        node(world, name, cpu="16")
    pool(world, budgets={"pods": most})
    asks(world, edge_1=100.0, edge_2=45.0, edge_3=45.0)
    for name in ("checkout", "search"):
        policy(world, name, standbys=2, demand=BY_NODE)
    await world.start()

    rungs, highest = set(), 0
    for _ in range(30):
        await world.passes()
        held = [pod for pod in world.pods("WarmingPolicy") if pod.get("status", {}).get("phase") != "Failed"]
        rungs |= {pod["metadata"]["labels"]["edgewarm.io/rung"] for pod in world.pods("WarmingPolicy")}
        highest = max(highest, len(held))

    assert rungs == {"Image", "Standby"}
    assert highest == most
