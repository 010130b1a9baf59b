"""One account of a pool: what pulls, fetches and standbys are refused by is what its status shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from edgewarm.model.units import format_time
from support.fake_api.merging import Json
from support.operator_world import OperatorWorld
from support.warmth import BY_NODE, POOL, asks, image_volume

pytestmark = pytest.mark.component

WEB = "docker.io/library/web:1"
MODEL, TABLE = f"models.example/vision@sha256:{'a' * 64}", f"models.example/table@sha256:{'b' * 64}"
WIDE = {"maxPrewarmedNodes": 20, "maxNewNodesPerPass": 20}


def pool(world: OperatorWorld, **budgets: Any) -> None:
    world.api.put({**POOL, "spec": {**POOL["spec"], "budgets": budgets}})  # type: ignore[dict-item]


def used(world: OperatorWorld) -> Mapping[str, tuple[str, str]]:
    """(used, left) by name, as the status has them."""
    found = world.api.get("EdgeNodePool", "", "edge")
    assert found is not None
    return {one["name"]: (one["used"], one["left"]) for one in found["status"]["budgets"]}


def said(world: OperatorWorld, kind: str) -> tuple[str, str]:
    found = world.condition(kind)
    return ("", "") if found is None else (found["reason"], found["message"])


async def pulling(world: OperatorWorld, budgets: Json, seconds: float = 3600.0, **spec: Any) -> None:
    """Two of four nodes lack the image that is asked for there, of 1 GiB; a pull takes so long."""
    pool(world, **budgets)
    world.kubelets.seconds = seconds
    world.kubelets.node("node-1", images=(WEB,))
    for number in range(2, 5):
        world.kubelets.node(f"node-{number}")
    world.deployment(replicas=4, image="web:1")
    asks(world, node_1=120.0, node_2=40.0, node_3=30.0)
    world.policy(poolRef={"name": "edge"}, demand=BY_NODE, **spec)
    await world.start()
    await world.passes(240)


async def test_a_pull_that_waits_and_the_status_tell_of_the_same_turn(world: OperatorWorld) -> None:
    await pulling(world, {"concurrentPulls": 1, "pods": 3})
    assert "spec.budgets.concurrentPulls has 0 left and 1 is asked: 1 short" in said(world, "ImagesWarm")[1]
    assert used(world) == {"concurrentPulls": ("1", "0"), "pods": ("1", "2")}


async def test_pulled_images_hold_their_bytes_and_no_turn(world: OperatorWorld) -> None:
    await pulling(world, {"concurrentPulls": 2, "storage": "10Gi"}, seconds=1.0)
    sizes = [int(pod["metadata"]["annotations"]["edgewarm.io/pull-bytes"]) for pod in world.pods("WarmingPolicy")]
    assert len(sizes) == 2
    assert min(sizes) > 0
    assert used(world)["concurrentPulls"] == ("0", "2")
    assert used(world)["storage"][0] == f"{sum(sizes) // 2**20}Mi"


async def staged(world: OperatorWorld, budgets: Json, **spec: Any) -> None:
    """Items of 2 and 1 GiB on two nodes."""
    pool(world, **budgets)
    world.kubelets.node("node-1", images=(WEB, MODEL, TABLE))
    for number in (2, 3):
        world.kubelets.node(f"node-{number}", images=(WEB,))
    volumes = [image_volume(number, one) for number, one in enumerate((MODEL, TABLE))]
    world.deployment(replicas=4, image="web:1", volumes=volumes)
    asks(world, node_1=120.0, node_2=40.0, node_3=30.0)
    items = [
        {"name": name, "source": {"image": image}, "digest": digest, "size": size}
        for name, size, (image, _, digest) in (
            ("vision", "2Gi", MODEL.partition("@")),
            ("table", "1Gi", TABLE.partition("@")),
        )
    ]
    given = {"poolRef": {"name": "edge"}, "demand": BY_NODE, "rungs": {"data": {}}, "data": items, "warming": WIDE}
    world.policy(**{**given, **spec})
    await world.start()
    await world.passes(240)


async def test_staged_items_hold_their_bytes(world: OperatorWorld) -> None:
    await staged(world, {"storage": "10Gi"})
    assert used(world) == {"storage": ("6Gi", "4Gi")}
    assert said(world, "DataWarm")[0] == "Warm"


async def test_what_finds_no_storage_says_what_the_status_shows(world: OperatorWorld) -> None:
    await staged(world, {"storage": "5Gi"})
    assert used(world) == {"storage": ("5Gi", "0Mi")}
    assert "spec.budgets.storage has 0 left and 1Gi is asked: 1Gi short" in said(world, "DataWarm")[1]


async def test_a_reservation_is_neither_taken_by_pulls_nor_given_back_for_a_budget_that_it_takes_nothing_of(
    world: OperatorWorld,
) -> None:
    """Room for a pod on node-2, where data is staged; then the budget of storage is lowered below what is there."""
    nodes = [{"name": "node-2", "until": format_time(world.clock.now + 3600), "pods": 1}]
    await staged(world, {"storage": "10Gi", "pods": 5}, warming={**WIDE, "nodes": nodes})
    assert used(world) == {"pods": ("1", "4"), "storage": ("6Gi", "4Gi")}
    assert said(world, "NodesWarmed")[0] == "RoomReserved"
    pool(world, storage="4Gi", pods=5)
    await world.passes(60)
    assert used(world) == {"pods": ("1", "4"), "storage": ("6Gi", "0Mi")}
    assert said(world, "NodesWarmed")[0] == "RoomReserved"
