"""Nothing is held warm outside spec.regions: neither standbys, images, data and node room, nor what was to be parked.

In each test the pool has two nodes, edge-1 inside (eu) and edge-2 outside (us). Without regions edge-2 gets something,
too, so that it is regions that keep it away.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from support.fake_api.merging import Json
from support.operator_world import OperatorWorld
from support.warmth import BY_NODE, asks, image_volume

pytestmark = pytest.mark.component

INSIDE, OUTSIDE = "edge-1", "edge-2"
MODEL = f"models.example/vision@sha256:{'a' * 64}"
ITEM = {
    "name": "vision",
    "source": {"image": MODEL.partition("@")[0]},
    "digest": MODEL.partition("@")[2],
    "size": "1Gi",
}
POOL: Json = {
    "kind": "EdgeNodePool",
    "metadata": {"name": "edge"},
    "spec": {"selector": {"matchLabels": {"edge": "yes"}}, "allocation": "RoundRobin"},
}
LABELLED = pytest.param([{"name": "eu"}], id="by label")
NEAR = pytest.param([{"name": "berlin", "latitude": "52.52", "longitude": "13.405", "withinKm": 300}], id="by distance")


def nodes(world: OperatorWorld, *images: str) -> None:
    """Berlin and New York; both take a pod of any size."""
    world.api.put(POOL)
    for name, region, at in ((INSIDE, "eu", ("52.5", "13.4")), (OUTSIDE, "us", ("40.7", "-74.0"))):
        world.kubelets.node(name, images=images)
        found = world.api.get("Node", "", name)
        assert found is not None
        labels = {"edge": "yes", "topology.kubernetes.io/region": region}
        position = dict(zip(("edgewarm.io/latitude", "edgewarm.io/longitude"), at, strict=True))
        world.api.put({**found, "metadata": {**found["metadata"], "labels": labels, "annotations": position}})


def held(world: OperatorWorld, rung: str) -> Counter[str]:
    """Pods of a rung by the node that they are on, or for; "" while they wait for one."""
    mine = [pod for pod in world.pods("WarmingPolicy") if pod["metadata"]["labels"]["edgewarm.io/rung"] == rung]
    asked = "edgewarm.io/pull-node"
    return Counter(pod["metadata"].get("annotations", {}).get(asked) or pod["spec"].get("nodeName", "") for pod in mine)


async def standing(world: OperatorWorld, rung: str, **spec: Any) -> Counter[str]:
    """Two serving pods outside of the pool, and two of the rung, which are placed in turn."""
    world.web(replicas=2, requests={"cpu": "1", "memory": "1Gi"})
    nodes(world, "app:1")
    world.asked["checkout"] = lambda _: 75.0
    rungs = {f"{rung[0].lower()}{rung[1:]}": {"min": 2, "max": 2}}
    world.policy(rungs=rungs, scaling={"minReplicas": 2}, poolRef={"name": "edge"}, **spec)
    await world.start()
    await world.until(lambda: sum(1 for name in held(world, rung).elements() if name) == 2, 300)
    await world.passes(60)
    return held(world, rung)


async def brought(world: OperatorWorld, rung: str, **spec: Any) -> Counter[str]:
    """As much is asked on one node as on the other, and neither has what is wanted there."""
    nodes(world, *(["docker.io/library/web:1"] if rung == "Data" else []))
    world.deployment(replicas=2, image="web:1", volumes=[image_volume(1, MODEL)])
    asks(world, edge_1=40.0, edge_2=40.0)
    data = {"rungs": {"data": {}}, "data": [ITEM]} if rung == "Data" else {}
    world.policy(poolRef={"name": "edge"}, demand=BY_NODE, **data, **spec)
    await world.start()
    await world.passes(240)
    return held(world, rung)


@pytest.mark.parametrize("regions", [LABELLED, NEAR])
@pytest.mark.parametrize("rung", ["Standby", "NodeRoom"])
async def test_pods_are_held_inside_the_regions(world: OperatorWorld, rung: str, regions: list[Json]) -> None:
    assert await standing(world, rung, regions=regions) == {INSIDE: 2}


@pytest.mark.parametrize("rung", ["Standby", "NodeRoom"])
async def test_without_regions_they_are_held_on_both_nodes(world: OperatorWorld, rung: str) -> None:
    assert await standing(world, rung) == {INSIDE: 1, OUTSIDE: 1}


@pytest.mark.parametrize("regions", [LABELLED, NEAR])
@pytest.mark.parametrize("rung", ["Image", "Data"])
async def test_images_and_data_come_inside_the_regions(world: OperatorWorld, rung: str, regions: list[Json]) -> None:
    assert await brought(world, rung, regions=regions) == {INSIDE: 1}


@pytest.mark.parametrize("rung", ["Image", "Data"])
async def test_without_regions_they_come_to_both_nodes(world: OperatorWorld, rung: str) -> None:
    assert await brought(world, rung) == {INSIDE: 1, OUTSIDE: 1}


@pytest.mark.parametrize(
    ("regions", "parked"), [([], 2), ([{"name": "us"}], 0), ([{"name": "eu"}], 2)], ids=["none", "outside", "inside"]
)
async def test_what_stands_outside_is_deleted_and_not_parked(
    world: OperatorWorld, regions: list[Json], parked: int
) -> None:
    """Of four serving pods on a node in region eu two are scaled in, and two standbys would be held then."""
    world.api.put(POOL)
    world.web(replicas=4, requests={"cpu": "1", "memory": "1Gi"})
    found = world.api.get("Node", "", "node-1")
    assert found is not None
    labels = {"edge": "yes", "topology.kubernetes.io/region": "eu"}
    world.api.put({**found, "metadata": {**found["metadata"], "labels": labels}})
    world.asked["checkout"] = lambda _: 75.0
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 0}}
    spec: Json = {"poolRef": {"name": "edge"}, "regions": regions}
    rungs: Json = {"standby": {"min": 0, "max": 2}, "parking": {}, "image": {"enabled": False}}
    world.policy(scaling={"minReplicas": 4, "behavior": behavior}, rungs=rungs, **spec)
    await world.start()
    await world.passes(330)  # longer than what a restart holds
    before = {pod["metadata"]["name"] for pod in world.pods("ReplicaSet")}
    rungs = {**rungs, "standby": {"min": 2, "max": 2}}
    world.change("WarmingPolicy", "checkout", scaling={"minReplicas": 2, "behavior": behavior}, rungs=rungs)
    await world.passes(15)
    standbys = {pod["metadata"]["name"] for pod in world.pods("WarmingPolicy")}
    assert (len(before), len(before & standbys)) == (4, parked)


async def test_what_fits_no_node_inside_waits_though_there_is_room_outside(world: OperatorWorld) -> None:
    """Nothing flows over: edge-1 is cordoned."""
    world.web(replicas=2, requests={"cpu": "1", "memory": "1Gi"})
    nodes(world, "app:1")
    inside = world.api.get("Node", "", INSIDE)
    assert inside is not None
    world.api.put({**inside, "spec": {"unschedulable": True}})
    world.asked["checkout"] = lambda _: 75.0
    rungs = {"standby": {"min": 2, "max": 2}}
    world.policy(rungs=rungs, scaling={"minReplicas": 2}, poolRef={"name": "edge"}, regions=[{"name": "eu"}])
    await world.start()
    await world.passes(120)
    assert held(world, "Standby") == {}
    refused = world.condition("StandbysPlaced")
    assert refused is not None
    assert "none of the pool's 2 nodes may take it: 1 cordoned, 1 outside spec.regions" in refused["message"]
