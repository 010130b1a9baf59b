"""Images on nodes, by the whole operator over a fake API server: pulled ahead, counted, rationed, given back."""

from __future__ import annotations

import math
from typing import Any

import pytest

from edgewarm.model.units import format_time
from support.fake_api.merging import Json
from support.operator_world import SHOP, OperatorWorld
from support.warmth import BY_NODE, POOL, asks, tells

pytestmark = pytest.mark.component

CHECKOUT = {"query": "demand:checkout"}


async def running(
    world: OperatorWorld, nodes: int = 4, by_node: bool = True, pool: Json = POOL, **spec: Any
) -> OperatorWorld:
    """Four pods on node-1, which has their image; no other node of the pool has it. Two more ask for something."""
    world.api.put(pool)
    world.kubelets.node("node-1", images=("docker.io/library/web:1",))
    for number in range(2, nodes + 1):
        world.kubelets.node(f"node-{number}")
    world.deployment(replicas=4, image="web:1")
    asks(world, node_1=120.0, node_2=40.0, node_3=30.0)
    world.asked["checkout"] = lambda at: 190.0
    demand = {"demand": BY_NODE} if by_node else {"demand": {**CHECKOUT, "capacityPerPod": "30"}}
    given = {"poolRef": {"name": "edge"}, **demand, **spec}
    world.policy(**{name: value for name, value in given.items() if value is not None})
    await world.start()
    await world.passes(240)
    return world


def pull_pods(world: OperatorWorld) -> dict[str, Json]:
    """By node."""
    found = [pod for pod in world.api.objects("Pod") if "edgewarm.io/rung" in (pod["metadata"].get("labels") or {})]
    return {pod["metadata"]["annotations"]["edgewarm.io/pull-node"]: pod for pod in found}


def uids(world: OperatorWorld) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pull_pods(world).values()}


def rung(world: OperatorWorld) -> Json:
    return next((one for one in world.status().get("rungs", ()) if one["rung"] == "Image"), {})


def condition(world: OperatorWorld) -> tuple[str, str, str]:
    found = world.condition("ImagesWarm")
    assert found is not None
    return found["status"], found["reason"], found["message"]


def created(world: OperatorWorld) -> int:
    return len(world.written("/pods", {"create"}))


def image_actions(world: OperatorWorld) -> list[tuple[str, int, int]]:
    """(node, from, to) of what the decisions tell of images."""
    actions = [action for decision in world.decisions() for action in decision["spec"]["actions"]]
    return [(a["node"], a["from"], a["to"]) for a in actions if a["rung"] == "Image"]


async def test_nodes_with_demand_of_their_own_get_the_image(world: OperatorWorld) -> None:
    await running(world)
    assert sorted(world.kubelets.pulled) == [("node-2", "web:1"), ("node-3", "web:1")]
    assert set(pull_pods(world)) == {"node-2", "node-3"}  # node-1 has it, nobody asks for anything on node-4
    assert (rung(world)["wanted"], rung(world)["warm"]) == (3, 3)
    assert condition(world) == ("True", "Warm", "images are on 3 of 3 nodes")
    assert created(world) == 2


async def test_the_decision_lists_rung_and_node(world: OperatorWorld) -> None:
    await running(world)
    assert image_actions(world) == [("node-2", 0, 1), ("node-3", 0, 1)]


async def test_without_demand_by_node_as_many_nodes_are_warm_as_pods_are_expected(world: OperatorWorld) -> None:
    world.kubelets.node("node-8", allocatable={"cpu": "1", "memory": "1Gi", "pods": "110"})
    await running(world, nodes=7, by_node=False, scaling={"maxReplicas": 4})
    # 190 / 30: seven pods, of which four are on node-1 and each other one is expected on a node of its own
    assert rung(world)["wanted"] == rung(world)["warm"] == 1 + len(pull_pods(world))
    assert len(pull_pods(world)) >= 3


async def test_a_node_that_a_person_names_gets_the_image_until_the_time(world: OperatorWorld) -> None:
    """Nobody asks for anything on node-4."""
    until = format_time(world.clock.now + 600)
    await running(world, warming={"nodes": [{"name": "node-4", "until": until}]}, rungs={"image": {"ttl": "5m"}})
    assert set(pull_pods(world)) == {"node-2", "node-3", "node-4"}
    assert (rung(world)["wanted"], rung(world)["warm"]) == (4, 4)
    await world.passes(900)  # the time, and the ttl
    assert set(pull_pods(world)) == {"node-2", "node-3"}


async def test_a_budget_of_the_pool_says_how_many_pulls_there_are_at_a_time(world: OperatorWorld) -> None:
    await running(world, pool={**POOL, "spec": {**POOL["spec"], "budgets": {"concurrentPulls": 1}}})
    assert sorted(world.kubelets.pulled) == [("node-2", "web:1"), ("node-3", "web:1")]
    assert world.kubelets.most_at_once == 1


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"mode": "Observe"}, id="mode Observe acts on nothing"),
        pytest.param({"mode": "Recommend"}, id="mode Recommend proposes what is asked for, and this is not"),
        pytest.param({"poolRef": None}, id="without a pool there is no choice of nodes"),
        pytest.param({"rungs": {"image": {"enabled": False}}}, id="the policy does not want it"),
    ],
)
async def test_nothing_is_pulled_where_nobody_lets_us(world: OperatorWorld, spec: dict[str, Any]) -> None:
    await running(world, **spec)
    assert (created(world), rung(world)) == (0, {})


async def test_a_proposal_that_is_approved_is_carried_out(world: OperatorWorld) -> None:
    await running(world, mode="Recommend", rungs={"image": {}})
    assert created(world) == 0
    (proposal,) = [one for one in world.decisions() if one["spec"]["actions"][0]["rung"] == "Image"]
    world.api.put({**proposal, "spec": {**proposal["spec"], "approval": "Approved"}})
    await world.passes(120)
    assert set(pull_pods(world)) == {"node-2", "node-3"}


async def test_where_nobody_gave_the_right_what_nobody_asked_for_is_one_sentence_and_no_decision(
    world: OperatorWorld,
) -> None:
    world.api.fail(403, times=math.inf, verbs=["create"], plurals=["pods"])
    await running(world)
    assert rung(world) == {}
    status, reason, message = condition(world)
    assert (status, reason) == ("False", "PodsNotAllowed")
    assert "rungs.namespaces" in message
    assert "rungs.image.enabled: false" in message
    assert world.condition("ImageFailed") is None
    assert image_actions(world) == []
    pool = world.api.get("EdgeNodePool", "", "edge")
    assert pool is not None
    assert pool["status"]["warmNodes"] == 0  # what may not be made holds nothing of the pool
    tried = created(world)
    await world.passes(600)
    assert created(world) == tried + 1  # once in ten minutes
    world.api.recover()
    await world.passes(720)
    assert set(pull_pods(world)) == {"node-2", "node-3"}
    assert condition(world)[:2] == ("True", "Warm")


async def test_what_was_asked_for_and_is_refused_is_no_decision_before_it_was_done(world: OperatorWorld) -> None:
    world.api.fail(403, times=math.inf, verbs=["create"], plurals=["pods"])
    await running(world, rungs={"image": {}})
    failed = world.condition("ImageFailed")
    assert failed is not None
    assert (failed["status"], failed["reason"]) == ("True", "ActionFailed")
    assert image_actions(world) == []
    world.api.recover()
    await world.passes(720)
    assert image_actions(world) == [("node-2", 0, 1), ("node-3", 0, 1)]
    assert set(world.phases()) <= {"Executed", "Superseded"}


async def test_a_missing_image_is_said_and_not_tried_everywhere(world: OperatorWorld) -> None:
    world.kubelets.missing = {"web:1"}
    await running(world)
    world.kubelets.node("node-1")  # no node has it
    asks(world, node_2=40.0, node_3=30.0, node_4=20.0)
    await world.passes(300)
    status, reason, message = condition(world)
    assert (status, reason) == ("False", "PullFailing")
    assert "0 of 1 images are there; ErrImagePull: manifest unknown" in message
    assert created(world) == 2  # node-4 came later, and kubelets try again by themselves
    world.kubelets.missing = set()
    await world.passes(180)
    assert {"node-2", "node-3", "node-4"} <= set(pull_pods(world))
    assert condition(world)[1] == "Warm"


async def test_images_that_no_pod_is_expected_for_are_given_back_after_their_time(world: OperatorWorld) -> None:
    await running(world, rungs={"image": {"ttl": "5m"}})
    world.change("WarmingPolicy", "checkout", rungs={"image": {"enabled": False}})
    await world.passes(30)
    assert pull_pods(world) == {}


async def test_a_target_that_goes_takes_its_pull_pods_with_it(world: OperatorWorld) -> None:
    await running(world)
    assert pull_pods(world)
    world.api.delete("Deployment", SHOP, "checkout")
    await world.passes(60)
    assert pull_pods(world) == {}


async def test_another_image_of_the_workload_replaces_the_one_before(world: OperatorWorld) -> None:
    await running(world)
    before = uids(world)
    template = {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}
    world.change("Deployment", "checkout", template=template)
    await world.passes(180)
    now = pull_pods(world).values()
    assert not before & {pod["metadata"]["uid"] for pod in now}
    assert {pod["spec"]["containers"][0]["image"] for pod in now} == {"web:2"}


async def test_a_full_disk_gets_nothing_and_says_so(world: OperatorWorld) -> None:
    world.api.put(POOL)
    await running(world, rungs={"image": {}}, mode="Observe")
    pressure = [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "True"}]
    world.kubelets.node("node-2", conditions=pressure)
    small = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "300M"}
    world.kubelets.node("node-3", allocatable=small)  # 3 x 100 MB are more than 0.8 x 300 MB
    world.change("WarmingPolicy", "checkout", mode="Act")
    await world.passes(120)
    assert pull_pods(world) == {}
    assert condition(world) == (
        "False",
        "Waiting",
        "images are on 1 of 3 nodes; node-2 waits: its disk is under pressure",
    )


async def test_a_node_that_goes_silent_is_left_as_it_is_and_so_it_is_found_when_it_returns(
    world: OperatorWorld,
) -> None:
    """What is not expected any more goes after five minutes; nobody knows what is expected where nobody answers."""
    await running(world, rungs={"image": {"ttl": "5m"}})
    before, log = uids(world), len(world.written("/pods"))
    assert len(before) == 2
    tells(world, "node-2", "Unknown")
    await world.passes(1200)
    assert (rung(world)["wanted"], rung(world)["warm"]) == (2, 2)  # node-1 and node-3
    tells(world, "node-2", "True")
    await world.passes(120)
    assert uids(world) == before
    assert len(world.written("/pods")) == log


async def test_a_node_that_is_silent_when_its_pull_is_due_gets_it_when_it_returns(world: OperatorWorld) -> None:
    await running(world, mode="Observe")
    tells(world, "node-2", "Unknown")
    world.change("WarmingPolicy", "checkout", mode="Act")
    await world.passes(600)
    assert set(pull_pods(world)) == {"node-3"}
    tells(world, "node-2", "True")
    await world.passes(60)
    assert set(pull_pods(world)) == {"node-2", "node-3"}
    assert ("node-2", "web:1") in world.kubelets.pulled


async def test_pods_on_a_silent_node_are_expected_elsewhere(world: OperatorWorld) -> None:
    """Eight are expected at most, and four of them run on node-1: until it is silent for a minute."""
    for number in (8, 9, 10):
        world.kubelets.node(f"node-{number}")
    await running(world, nodes=7, by_node=False, scaling={"maxReplicas": 4})
    before = set(pull_pods(world))
    tells(world, "node-1", "Unknown")
    await world.passes(30)
    assert set(pull_pods(world)) == before
    await world.passes(240)
    assert set(pull_pods(world)) > before
    assert rung(world)["wanted"] == rung(world)["warm"] == len(pull_pods(world))


async def test_a_restart_pulls_nothing_twice(world: OperatorWorld) -> None:
    await running(world)
    world.log.clear()
    await world.restart()
    await world.passes(180)
    assert created(world) == 0


async def test_a_restart_gives_nothing_back_before_history_is_read(world: OperatorWorld) -> None:
    await running(world, rungs={"image": {"ttl": "5m"}})
    await world.passes(300)
    before = uids(world)
    await world.restart()
    await world.passes(180)
    assert uids(world) == before
    assert len(before) == 2


@pytest.mark.parametrize(
    "idle",
    [
        pytest.param({"mode": "Observe"}, id="it observes only"),
        pytest.param({"pausedUntil": "2030-01-01T00:00:00Z"}, id="it is paused"),
    ],
)
async def test_what_begins_no_pull_takes_no_turn_of_others(world: OperatorWorld, idle: dict[str, Any]) -> None:
    world.api.put(POOL)
    for number in range(1, 4):
        world.kubelets.node(f"node-{number}")
    asks(world, node_1=10.0, node_2=10.0, node_3=10.0)
    warming = {"maxPrewarmedNodes": 20, "maxNewNodesPerPass": 20}
    for name, more in (("a-first", idle), ("b-second", {})):
        world.deployment(name, replicas=1, image=f"{name}:1")
        given = {"demand": BY_NODE, "warming": warming, "rungs": {"image": {}}, **more}
        world.policy(name, poolRef={"name": "edge"}, **given)
    await world.start()
    await world.passes(300)
    assert {image for _, image in world.kubelets.pulled} == {"b-second:1"}
    assert len(world.kubelets.pulled) == 3


async def test_pulls_are_counted_as_used_or_unused(world: OperatorWorld) -> None:
    await running(world)
    world.controller.node = "node-2"
    asks(world, node_1=120.0, node_2=140.0)  # a pod more, on node-2; nobody asks for anything on node-3
    await world.passes(90)
    world.change("WarmingPolicy", "checkout", rungs={"image": {"enabled": False}})
    await world.passes(60)
    line = 'edgewarm_image_pulls_total{{namespace="shop",outcome="{}",policy="checkout"}} {}'
    told = [one for one in world.series() if one.startswith("edgewarm_image_pulls_total")]
    assert sorted(told) == [line.format("pulled", 2.0), line.format("unused", 1.0), line.format("used", 1.0)]


async def test_the_policy_owns_its_pull_pods(world: OperatorWorld) -> None:
    await running(world)
    policy = world.api.get("WarmingPolicy", SHOP, "checkout")
    assert policy is not None
    for pod in pull_pods(world).values():
        (owner,) = pod["metadata"]["ownerReferences"]
        assert (owner["uid"], owner["controller"]) == (policy["metadata"]["uid"], True)


@pytest.mark.parametrize("images", [8, pytest.param(50, marks=pytest.mark.slow)])
async def test_many_images_on_twenty_nodes_stay_within_their_ration(world: OperatorWorld, images: int) -> None:
    world.api.put(POOL)
    world.kubelets.seconds = 1.0
    names = [f"node-{number}" for number in range(1, 21)]
    for name in names:
        world.kubelets.node(name)
    asks(world, **{name.replace("-", "_"): 2.0 for name in names})
    for number in range(images // 2):  # two images each: values of labels have 500 rows (engine.parts)
        both = [{"name": name, "image": f"{name}-{number}:1"} for name in ("web", "side")]
        world.deployment(f"app-{number}", replicas=1, image=f"web-{number}:1", containers=both)
        warming = {"maxPrewarmedNodes": 20, "maxNewNodesPerPass": 20}
        world.policy(f"app-{number}", poolRef={"name": "edge"}, demand=BY_NODE, warming=warming)
    await world.start()
    await world.until(lambda: len(world.kubelets.pulled) == 20 * images, 3000.0)
    assert (world.kubelets.most_at_once, world.kubelets.most_on_a_node) == (10, 1)
    assert created(world) == 20 * images // 2  # a pod pulls both
    assert len({at for at, _ in world.written("/pods", {"create"})}) >= images  # ten pods of a pass at most
