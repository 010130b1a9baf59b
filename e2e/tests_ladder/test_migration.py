"""Pods leave a cordoned node on a real control plane: never one endpoint less, and as their budget lets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from controlplane import NodeSize
from rig.kubectl import KubectlError
from rig.objects import Manifest
from rig.warmth import Shop, uids
from rig.world import World
from tests_ladder.conftest import PLACE
from tests_ladder.test_dangers import cornered
from tests_ladder.test_rights import as_operator

pytestmark = pytest.mark.e2e
NAME = "moving"
RUNGS: Manifest = {"image": {"enabled": False}, "standby": {"min": 0, "max": 2}, "migration": {}}


def _alone(workload: Manifest) -> None:
    cornered(workload, NAME)["containers"][0]["resources"]["requests"]["cpu"] = "250m"


@pytest.fixture(scope="module")
def shop(here: World) -> Shop:
    """Two pods in a pool of three nodes that nobody else uses."""
    here.kubectl.run("delete", "enp", "simulated", "--ignore-not-found")  # of test_images: the elder pool has all nodes
    for node in here.cluster.add_nodes(3, {"size": NAME}, NodeSize(cpu="2")):
        here.kubectl.run("taint", "node", node, f"size={NAME}:NoSchedule")
    spec = {"selector": {"matchLabels": {"size": NAME}}}
    here.kubectl.apply(
        {"apiVersion": "edgewarm.io/v1alpha1", "kind": "EdgeNodePool", "metadata": {"name": NAME}, "spec": spec}
    )
    return Shop(here, PLACE, NAME).open(
        2, 0, cold_seconds=1, change=_alone, rungs=RUNGS, poolRef={"name": NAME}, warming={"maxPrewarmedNodes": 3}
    )


def look_again(shop: Shop) -> None:
    """A spec that changed is looked at at once, not with the next pass."""
    before = shop.policy()["spec"]["warming"]["maxPrewarmedNodes"]
    shop.here.kubectl.patch("wp", shop.name, shop.place, {"spec": {"warming": {"maxPrewarmedNodes": before + 1}}})


def nodes_of(shop: Shop) -> list[str]:
    return [pod["spec"].get("nodeName", "") for pod in shop.serving()]


def said(shop: Shop) -> dict[str, Any]:
    found = shop.status().get("conditions", ())
    return next((one for one in found if one["type"] == "Migrating"), {})


@contextmanager
def cordoned(shop: Shop) -> Iterator[str]:
    """The node where most of its pods are."""
    node = max(nodes_of(shop), key=nodes_of(shop).count)
    shop.here.kubectl.run("cordon", node)
    try:
        yield node
    finally:
        shop.here.kubectl.run("uncordon", node)


def protect(shop: Shop) -> None:
    spec = {"minAvailable": 2, "selector": {"matchLabels": {"app": NAME}}}
    meta = {"name": "both", "namespace": shop.place}
    shop.here.kubectl.apply({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec})


def test_the_operator_evicts_nothing_and_says_of_a_foreign_pod_only_that_it_goes_first(shop: Shop) -> None:
    pod = shop.serving()[0]["metadata"]["name"]
    eviction = json.dumps({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}})
    path = f"/api/v1/namespaces/{shop.place}/pods/{pod}/eviction"
    with pytest.raises(KubectlError, match="and evict none"):
        as_operator(shop, "create", "--raw", path, "-f", "-", text=eviction)
    as_operator(shop, "create", "--raw", f"{path}?dryRun=All", "-f", "-", text=eviction)
    with pytest.raises(KubectlError, match="only the annotation"):
        as_operator(shop, "annotate", "pod", pod, "other=1")
    cost = "controller.kubernetes.io/pod-deletion-cost"
    as_operator(shop, "annotate", "pod", pod, f"{cost}=-5")
    as_operator(shop, "annotate", "pod", pod, f"{cost}-")
    assert pod in {one["metadata"]["name"] for one in shop.serving()}


def test_pods_leave_a_cordoned_node_as_soon_as_their_budget_lets_them_and_no_endpoint_is_missed(shop: Shop) -> None:
    """A budget of both pods lets none go, and the condition has its words; then they go, behind a standby each."""
    before = uids(shop.serving())
    protect(shop)
    with shop.never_below(2), cordoned(shop) as node:
        shop.until("a standby elsewhere", lambda: shop.warm_standbys() > 0, 240)
        look_again(shop)
        shop.until("the condition", lambda: said(shop).get("reason") == "EvictionRefused", 240)
        assert "The disruption budget both needs 2 healthy pods and has 2 currently" in said(shop)["message"]
        assert uids(shop.serving()) == before
        shop.here.kubectl.run("delete", "pdb", "both", "-n", shop.place)
        look_again(shop)
        shop.until("its pods to be elsewhere", lambda: node not in nodes_of(shop), 240)
        shop.until("both of them", lambda: len(shop.serving()) == shop.endpoints() == 2)
    told = [one for one in shop.here.kubectl.list("events", shop.place) if one["reason"] == "Migrated"]
    assert all(f"on {node} (cordoned) leaves" in one["message"] for one in told)
    assert told
