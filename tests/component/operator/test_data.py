"""Data on nodes, by the whole operator over a fake API server: staged ahead of pods, counted, evicted, given back."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.model.units import format_time
from support.fake_api.merging import Json
from support.operator_world import SHOP, OperatorWorld
from support.warmth import BY_NODE, POOL, asks, image_volume, tells

pytestmark = pytest.mark.component

WEB = "docker.io/library/web:1"
MODEL, TABLE = f"models.example/vision@sha256:{'a' * 64}", f"models.example/table@sha256:{'b' * 64}"
NEWER = f"models.example/vision@sha256:{'c' * 64}"


def item(reference: str, size: str = "2Gi", **fields: Any) -> Json:
    image, _, digest = reference.partition("@")
    return {"name": image.rpartition("/")[2], "source": {"image": image}, "digest": digest, "size": size, **fields}


async def running(
    world: OperatorWorld, *items: Json, mounts: tuple[str, ...] = (MODEL, TABLE), data: Json | None = None, **spec: Any
) -> OperatorWorld:
    """Four pods on node-1, which has all; node-2 and node-3 have only the workload's image, and demand of their own."""
    world.api.put(POOL)
    world.kubelets.node("node-1", images=(WEB, MODEL, TABLE))
    for number in (2, 3, 4):
        world.kubelets.node(f"node-{number}", images=(WEB,))
    world.deployment(
        replicas=4, image="web:1", volumes=[image_volume(number, one) for number, one in enumerate(mounts)]
    )
    asks(world, node_1=120.0, node_2=40.0, node_3=30.0)
    given = {"poolRef": {"name": "edge"}, "demand": BY_NODE, "rungs": {"data": data or {}}, "data": list(items), **spec}
    world.policy(**given)
    await world.start()
    await world.passes(240)
    return world


def staging(world: OperatorWorld) -> dict[tuple[str, str], Json]:
    """By node and name of the item."""
    found = [
        p for p in world.api.objects("Pod") if (p["metadata"].get("labels") or {}).get("edgewarm.io/rung") == "Data"
    ]
    notes = [pod["metadata"]["annotations"] for pod in found]
    return {(n["edgewarm.io/pull-node"], n["edgewarm.io/data"]): pod for n, pod in zip(notes, found, strict=True)}


def uids(world: OperatorWorld) -> set[str]:
    return {pod["metadata"]["uid"] for pod in staging(world).values()}


def condition(world: OperatorWorld) -> tuple[str, str, str]:
    found = world.condition("DataWarm")
    assert found is not None
    return found["status"], found["reason"], found["message"]


def rung(world: OperatorWorld) -> Json:
    return next((one for one in world.status().get("rungs", ()) if one["rung"] == "Data"), {})


def removed(world: OperatorWorld) -> dict[str, float]:
    """Bytes by whether they were ever read."""
    lines = [line for line in world.series() if line.startswith("edgewarm_data_removed_bytes_total")]
    return {line.partition('read="')[2].partition('"')[0]: float(line.rpartition(" ")[2]) for line in lines}


def stored(world: OperatorWorld) -> dict[str, float]:
    """Bytes by tier."""
    lines = [line for line in world.series() if line.startswith("edgewarm_data_bytes")]
    return {line.partition('tier="')[2].partition('"')[0]: float(line.rpartition(" ")[2]) for line in lines}


def reader(world: OperatorWorld, node: str, *references: str) -> None:
    """A pod of the workload starts there, and mounts these."""
    volumes = [image_volume(number, one) for number, one in enumerate(references)]
    world.api.put(
        {
            "kind": "Pod",
            "metadata": {
                "namespace": SHOP,
                "name": f"reader-{node}",
                "labels": {"app": "checkout"},
                "creationTimestamp": world.api.store.timestamp(world.clock.now),
            },
            "spec": {"nodeName": node, "containers": [{"name": "web", "image": "web:1"}], "volumes": volumes},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        }
    )


async def test_items_are_staged_where_pods_are_expected_and_said(world: OperatorWorld) -> None:
    await running(world, item(MODEL), item(TABLE, "1Gi"))
    everywhere = [(node, name) for node in ("node-2", "node-3") for name in (MODEL, TABLE)]
    assert sorted(pulled for pulled in world.kubelets.pulled if pulled[1] != "web:1") == sorted(everywhere)
    assert (rung(world)["wanted"], rung(world)["warm"]) == (6, 6)  # node-1 has both
    assert condition(world) == ("True", "Warm", "6 of 6 items are staged on 3 nodes")
    actions = [action for decision in world.decisions() for action in decision["spec"]["actions"]]
    assert [(a["node"], a["from"], a["to"]) for a in actions if a["rung"] == "Data"] == [
        ("node-2", 0, 2),
        ("node-3", 0, 2),
    ]
    assert world.kubelets.most_on_a_node == 1


async def test_a_node_that_a_person_names_gets_the_items_whatever_their_thresholds(world: OperatorWorld) -> None:
    """Nobody asks for anything on node-4."""
    until = format_time(world.clock.now + 3600)
    warming = {"nodes": [{"name": "node-4", "until": until}]}
    await running(world, item(MODEL, threshold="0.95"), warming=warming)
    assert ("node-4", "vision") in staging(world)
    actions = [action for decision in world.decisions() for action in decision["spec"]["actions"]]
    assert ("node-4", 0, 1) in [(a["node"], a["from"], a["to"]) for a in actions if a["rung"] == "Data"]


async def test_the_pod_that_stages_has_no_token_and_belongs_to_the_policy(world: OperatorWorld) -> None:
    await running(world, item(MODEL), item(TABLE))
    policy = world.api.get("WarmingPolicy", SHOP, "checkout")
    assert policy is not None
    for pod in staging(world).values():
        (owner,) = pod["metadata"]["ownerReferences"]
        assert (owner["uid"], owner["controller"]) == (policy["metadata"]["uid"], True)
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert "@sha256:" in pod["spec"]["containers"][0]["image"]


async def test_an_item_is_staged_only_where_its_own_threshold_is_passed(world: OperatorWorld) -> None:
    """Without demand by node: four pods run on node-1; more of them are only likely for a low threshold."""
    world.asked["checkout"] = lambda at: 190.0 + 15.0 * ((at // 60) % 3 - 1)  # 175, 190, 205: 6 or 7 pods of 30
    await running(
        world,
        item(MODEL, threshold="0.02"),
        item(TABLE, threshold="0.99"),
        demand={"query": "demand:checkout", "capacityPerPod": "30"},
        scaling={"maxReplicas": 4},
    )
    staged = [name for _, name in staging(world)]
    assert staged.count("vision") > staged.count("table")


async def test_data_waits_for_the_images_of_its_node(world: OperatorWorld) -> None:
    world.kubelets.missing = {"web:1"}
    await running(world, item(MODEL), item(TABLE))
    world.kubelets.node("node-4")  # without the workload's image
    asks(world, node_4=40.0)
    await world.passes(240)
    assert sorted(node for node, _ in staging(world)) == ["node-2", "node-2", "node-3", "node-3"]
    assert "waits: the workload's images come first" in condition(world)[2]
    world.kubelets.missing = set()
    await world.passes(300)
    assert ("node-4", "vision") in staging(world)


async def test_another_digest_than_the_workload_mounts_is_not_staged(world: OperatorWorld) -> None:
    await running(world, item(NEWER))
    assert staging(world) == {}
    status, reason, message = condition(world)
    assert (status, reason) == ("False", "DataDiffers")
    assert f"the workload mounts {MODEL}" in message
    assert "set the digest to the one that is mounted" in message


async def test_data_that_nothing_mounts_is_not_staged(world: OperatorWorld) -> None:
    await running(world, item(MODEL), mounts=())
    assert staging(world) == {}
    assert "no volume of the workload is the image" in condition(world)[2]


async def test_what_does_not_fit_the_budget_is_not_staged_and_said(world: OperatorWorld) -> None:
    await running(world, item(MODEL), item(TABLE), data={"storage": "3Gi"})
    assert {name for _, name in staging(world)} == {"vision"}
    status, reason, message = condition(world)
    assert (status, reason) == ("False", "Waiting")
    assert "table on node-2 waits: rungs.data.storage lacks 1024 MiB for it" in message


async def test_a_new_version_evicts_the_longest_unused(world: OperatorWorld) -> None:
    """4 GiB hold two items; the version before is not mounted by any pod, the table is."""
    await running(world, item(MODEL), item(TABLE), data={"storage": "4Gi"})
    reader(world, "node-2", TABLE)
    await world.passes(60)
    template = {"spec": {"containers": [{"name": "web", "image": "web:1"}], "volumes": [image_volume(0, NEWER)]}}
    world.change("Deployment", "checkout", template=template)
    world.change("WarmingPolicy", "checkout", data=[item(NEWER)])
    await world.passes(120)
    on_node = {pod["spec"]["containers"][0]["image"] for (node, _), pod in staging(world).items() if node == "node-2"}
    assert on_node == {TABLE, NEWER}
    assert removed(world) == {"no": 2 * 2 * 2**30}  # the version before, on both nodes


async def test_a_read_is_noted_on_the_pod_and_survives_a_restart(world: OperatorWorld) -> None:
    await running(world, item(MODEL), mounts=(MODEL,))
    assert "edgewarm.io/data-used-at" not in staging(world)["node-2", "vision"]["metadata"]["annotations"]
    reader(world, "node-2", MODEL)
    await world.passes(600)
    noted = staging(world)["node-2", "vision"]["metadata"]["annotations"]["edgewarm.io/data-used-at"]
    patches = [request for _, request in world.written("/pods", {"patch"})]
    assert 2 <= len(patches) <= 3  # at most one in five minutes
    await world.restart()
    await world.passes(60)
    assert staging(world)["node-2", "vision"]["metadata"]["annotations"]["edgewarm.io/data-used-at"] >= noted
    assert stored(world) == {"hot": 2 * 2**30, "warm": 2 * 2**30, "cold": 0}


async def test_data_that_is_not_expected_any_more_goes_once_it_is_unused_for_its_ttl(world: OperatorWorld) -> None:
    await running(world, item(MODEL), mounts=(MODEL,), data={"ttl": "5m"})
    asks(world, node_1=120.0, node_3=30.0)
    await world.passes(1200)
    assert ("node-2", "vision") in staging(world)  # a node that is not told of is forecast for an hour
    await world.passes(3600)
    assert set(staging(world)) == {("node-3", "vision")}
    assert removed(world) == {"no": 2 * 2**30}


async def test_a_policy_that_opts_out_gives_all_back_at_once(world: OperatorWorld) -> None:
    await running(world, item(MODEL), mounts=(MODEL,))
    reader(world, "node-2", MODEL)
    await world.passes(30)
    world.change("WarmingPolicy", "checkout", data=[], rungs={})
    await world.passes(30)
    assert staging(world) == {}
    assert removed(world) == {"yes": 2 * 2**30, "no": 2 * 2**30}


async def test_a_restart_stages_nothing_twice(world: OperatorWorld) -> None:
    await running(world, item(MODEL), item(TABLE))
    world.log.clear()
    await world.restart()
    await world.passes(180)
    assert world.written("/pods", {"create"}) == []


@pytest.mark.parametrize("mode", ["Observe", "Recommend"])
async def test_nothing_is_staged_where_nobody_lets_us(world: OperatorWorld, mode: str) -> None:
    await running(world, item(MODEL), mounts=(MODEL,), mode=mode)
    assert staging(world) == {}


async def test_a_proposal_that_is_approved_is_carried_out(world: OperatorWorld) -> None:
    await running(world, item(MODEL), item(TABLE), mode="Recommend")
    (proposal,) = [one for one in world.decisions() if one["spec"]["actions"][0]["rung"] == "Data"]
    world.api.put({**proposal, "spec": {**proposal["spec"], "approval": "Approved"}})
    await world.passes(180)
    assert {node for node, _ in staging(world)} == {"node-2", "node-3"}
    assert len(staging(world)) == 4


async def test_a_node_that_goes_silent_is_left_as_it_is_and_so_it_is_found_when_it_returns(
    world: OperatorWorld,
) -> None:
    """What is not expected any more goes after five minutes; nobody knows what is expected where nobody answers."""
    await running(world, item(MODEL), mounts=(MODEL,), data={"ttl": "5m"})
    before, log = uids(world), len(world.written("/pods"))
    assert len(before) == 2
    tells(world, "node-2", "Unknown")
    await world.passes(1200)
    tells(world, "node-2", "True")
    await world.passes(120)
    assert uids(world) == before
    assert len(world.written("/pods")) == log


async def test_a_node_that_is_silent_when_its_data_is_due_gets_it_when_it_returns(world: OperatorWorld) -> None:
    await running(world, item(MODEL), mounts=(MODEL,), mode="Observe")
    tells(world, "node-2", "Unknown")
    world.change("WarmingPolicy", "checkout", mode="Act")
    await world.passes(600)
    assert set(staging(world)) == {("node-3", "vision")}
    tells(world, "node-2", "True")
    await world.passes(60)
    assert set(staging(world)) == {("node-2", "vision"), ("node-3", "vision")}
    assert ("node-2", MODEL) in world.kubelets.pulled


async def test_what_was_staged_for_a_workload_that_is_gone_is_given_back(world: OperatorWorld) -> None:
    await running(world, item(MODEL), mounts=(MODEL,))
    assert len(staging(world)) == 2
    world.api.delete("Deployment", SHOP, "checkout")
    await world.passes(30)
    assert staging(world) == {}


async def test_an_item_is_staged_only_while_its_own_requests_are_likely(world: OperatorWorld) -> None:
    """Demand is told by node and type: 190 requests/s detect, nothing segments; a pod serves 50."""
    labels = {"node": "node", "requestType": "type"}
    kinds = [item(MODEL, requestType="detect"), item(TABLE, "1Gi", requestType="segment")]
    told = [({"node": node, "type": "detect"}, value) for node, value in (("node-1", 150.0), ("node-2", 40.0))]
    world.prometheus.queries["by type"] = lambda at: [*told, ({"node": "node-2", "type": "segment"}, 0.0)]
    await running(world, *kinds, demand={"query": "by type", "capacityPerPod": "50", "labels": labels})
    assert set(staging(world)) == {("node-2", "vision")}
    assert condition(world) == ("True", "Warm", "2 of 2 items are staged on 2 nodes")  # on node-1 it was there before


async def test_a_restart_gives_nothing_back_before_history_is_read(world: OperatorWorld) -> None:
    await running(world, item(MODEL), data={"ttl": "5m"})
    await world.passes(300)
    before = uids(world)
    await world.restart()
    await world.passes(180)
    assert uids(world) == before
    assert before
