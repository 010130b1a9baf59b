"""Pods leave a cordoned node on a real control plane: never one endpoint less, and as their budget lets them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from controlplane import NodeSize
from rig.kubectl import KubectlError
from rig.objects import Manifest
from rig.warmth import COLD_SECONDS, Shop, uids
from rig.world import World
from tests_ladder.conftest import PLACE
from tests_ladder.test_dangers import cornered
from tests_ladder.test_rest import given, resizable
from tests_ladder.test_rights import as_operator

pytestmark = pytest.mark.e2e
NAME = "moving"
RUNGS: Manifest = {"image": {"enabled": False}, "standby": {"min": 0, "max": 2}, "migration": {}}


def _alone(workload: Manifest, name: str = NAME) -> None:
    cornered(workload, name)["containers"][0]["resources"]["requests"]["cpu"] = "250m"


def _nodes(here: World, name: str, count: int) -> list[str]:
    """Of that size, for pods that ask for it."""
    found = here.cluster.add_nodes(count, {"size": name}, NodeSize(cpu="2"))
    for node in found:
        here.kubectl.run("taint", "node", node, f"size={name}:NoSchedule")
    return found


def _pool(here: World, name: str) -> None:
    """Of the nodes of that size."""
    here.kubectl.run("delete", "enp", "simulated", "--ignore-not-found")  # of test_images: the elder pool has all nodes
    spec = {"selector": {"matchLabels": {"size": name}}}
    here.kubectl.apply(
        {"apiVersion": "edgewarm.io/v1alpha1", "kind": "EdgeNodePool", "metadata": {"name": name}, "spec": spec}
    )


def on_one_node(
    here: World,
    name: str,
    standby: Manifest,
    change: Callable[[Manifest], None],
    cold_seconds: float = COLD_SECONDS,
) -> tuple[Shop, str]:
    """Two pods that start cold in so many seconds on one node of a pool, and two standbys on two others."""

    def alone(workload: Manifest) -> None:
        change(workload)
        _alone(workload, name)

    (node,) = _nodes(here, name, 1)
    _pool(here, name)
    shop = Shop(here, PLACE, name).open(2, 0, cold_seconds=cold_seconds, change=alone, rungs=None, mode="Observe")
    assert nodes_of(shop) == [node, node]
    _nodes(here, name, 2)
    rungs = {**RUNGS, "standby": {"min": 2, "max": 2, **standby}}
    shop.warm(2, 2, rungs=rungs, poolRef={"name": name}, warming={"maxPrewarmedNodes": 3})
    shop.until("standbys elsewhere", lambda: shop.warm_standbys() == 2, 240)
    return shop, node


@pytest.fixture(scope="module")
def shop(here: World) -> Shop:
    """Two pods on one node of a pool that nobody else uses, and two standbys on its two others."""
    return on_one_node(here, NAME, {}, lambda _: None, cold_seconds=8)[0]


def look_again(shop: Shop) -> None:
    """A spec that changed is looked at at once, not with the next pass."""
    before = shop.policy()["spec"]["warming"]["maxPrewarmedNodes"]
    shop.here.kubectl.patch("wp", shop.name, shop.place, {"spec": {"warming": {"maxPrewarmedNodes": before + 1}}})


def nodes_of(shop: Shop) -> list[str]:
    return [pod["spec"].get("nodeName", "") for pod in shop.serving()]


def said(shop: Shop) -> dict[str, Any]:
    found = shop.status().get("conditions", ())
    return next((one for one in found if one["type"] == "Migrating"), {})


def migrated(shop: Shop) -> set[str]:
    """What the events tell of moves."""
    return {one["message"] for one in shop.here.kubectl.list("events", shop.place) if one["reason"] == "Migrated"}


@contextmanager
def cordoned(shop: Shop) -> Iterator[str]:
    """The node where most of its pods are."""
    node = max(nodes_of(shop), key=nodes_of(shop).count)
    shop.here.kubectl.run("cordon", node)
    try:
        yield node
    finally:
        shop.here.kubectl.run("uncordon", node)


@contextmanager
def protected(shop: Shop, name: str, least: int) -> Iterator[None]:
    """By a PodDisruptionBudget, which its controller has seen."""
    spec = {"minAvailable": least, "selector": {"matchLabels": {"app": shop.name}}}
    meta = {"name": name, "namespace": shop.place}
    kubectl = shop.here.kubectl
    kubectl.apply({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec})

    def counted() -> bool:
        return kubectl.get("pdb", name, shop.place).get("status", {}).get("currentHealthy") == len(shop.serving())

    try:
        shop.until("its budget", counted)
        yield
    finally:
        kubectl.run("delete", "pdb", name, "-n", shop.place)


def drain(shop: Shop, node: str) -> None:
    """As a person does before an upgrade; the node takes pods again afterwards."""
    try:
        shop.here.kubectl.run("drain", node, "--ignore-daemonsets", "--timeout=150s")
        assert node not in nodes_of(shop)
    finally:
        shop.here.kubectl.run("uncordon", node)


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


def test_what_kubectl_drains_standbys_replace_before_cold_pods_could_and_its_budget_is_kept(shop: Shop) -> None:
    """The drain evicts what the operator moves at the same time; one endpoint of two is what the budget allows."""
    node = max(nodes_of(shop), key=nodes_of(shop).count)
    stay = uids(pod for pod in shop.serving() if pod["spec"]["nodeName"] != node)
    warm = uids(shop.standbys())
    with protected(shop, "one", 1), shop.never_below(1):
        drain(shop, node)
        shop.until("both of them", lambda: len(shop.serving()) == shop.endpoints() == 2)
    assert stay <= uids(shop.serving()) <= stay | warm


def test_pods_leave_a_cordoned_node_as_soon_as_their_budget_lets_them_and_no_endpoint_is_missed(shop: Shop) -> None:
    """A budget of both pods lets none go, and the condition has its words; then they go, behind a standby each."""
    before, earlier = uids(shop.serving()), migrated(shop)
    with shop.never_below(2), ExitStack() as until_the_end:
        with protected(shop, "both", 2):
            node = until_the_end.enter_context(cordoned(shop))
            shop.until("a standby elsewhere", lambda: shop.warm_standbys() > 0, 240)
            look_again(shop)
            shop.until("the condition", lambda: said(shop).get("reason") == "EvictionRefused", 240)
            assert "The disruption budget both needs 2 healthy pods and has 2 currently" in said(shop)["message"]
            assert uids(shop.serving()) == before
        look_again(shop)
        shop.until("its pods to be elsewhere", lambda: node not in nodes_of(shop), 240)
        shop.until("both of them", lambda: len(shop.serving()) == shop.endpoints() == 2)
    assert any(f"on {node} (cordoned) leaves" in message for message in migrated(shop) - earlier)


@pytest.mark.slow  # the drain above is the sample
def test_a_drain_of_all_pods_is_over_before_one_could_have_started_cold(here: World) -> None:
    """Their budget lets one of two go at a time. kubectl asks again after five seconds, by when a standby serves;
    without one the second pod would stay until a cold start of twenty seconds was over."""
    shop, node = on_one_node(here, "drained", {}, lambda _: None)
    before = uids(shop.standbys())
    with protected(shop, "drained", 1), shop.never_below(1):
        began = time.monotonic()
        drain(shop, node)
        assert time.monotonic() - began < COLD_SECONDS
        shop.until("both of them", lambda: len(shop.serving()) == shop.endpoints() == 2)
    assert uids(shop.serving()) == before


@pytest.mark.slow  # tests/component/operator/test_migration_from_rest.py is the sample
def test_pods_leave_behind_standbys_that_were_at_rest_and_serve_with_all_their_cpu(here: World) -> None:
    full, rest = ("250m", "1"), ("20m", "100m")
    sizes = {"rest": {"cpu": rest[0], "limit": rest[1]}}
    shop, node = on_one_node(here, "from-rest", sizes, resizable)
    shop.until("standbys at rest", lambda: given(shop.standbys()) == [rest, rest])
    low = uids(shop.standbys())
    with shop.never_below(2):
        here.kubectl.run("cordon", node)
        try:
            look_again(shop)
            shop.until("its pods to be elsewhere", lambda: node not in nodes_of(shop), 240)
        finally:
            here.kubectl.run("uncordon", node)
        shop.until("both of them", lambda: len(shop.serving()) == shop.endpoints() == 2)
    assert given(shop.serving()) == [full, full]
    assert uids(shop.serving()) & low
