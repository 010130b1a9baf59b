"""Fetches ask their pool as pulls do: pods, cpu, storage, bandwidth and turns are checked before, and told after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.ladder import every_rung
from edgewarm.model.fetchers import FetcherClass
from support.fake_api.merging import Json
from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component

MBIT = 10**6
CLASS = FetcherClass("files", "operator:1", ("files.example",), 2**31, MBIT // 8, 2**28, frozenset({SHOP}))
NAMES = ("a", "b", "c")


def node(world: OperatorWorld, name: str, region: str = "eu", cpu: str = "4") -> None:
    labels = {"zone": "north", "topology.kubernetes.io/region": region, "kubernetes.io/hostname": name}
    status = {
        "allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    world.api.put({"kind": "Node", "metadata": {"name": name, "labels": labels}, "spec": {}, "status": status})


def pool(world: OperatorWorld, **spec: Any) -> None:
    selector = {"selector": {"matchLabels": {"zone": "north"}}}
    world.api.put({"kind": "EdgeNodePool", "metadata": {"name": "north"}, "spec": {**selector, **spec}})


def policy(world: OperatorWorld, name: str, **spec: Any) -> None:
    """A workload with a claim, and one file of 1 GiB for it."""
    claim = {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}
    world.deployment(name, replicas=2, image="web:1", volumes=[claim])
    world.asked[name] = lambda at: 80.0
    file = {"url": f"https://files.example/{name}.bin", "fetcher": "files", "claim": "models"}
    item = {"name": f"file-{name}", "source": {"file": file}, "digest": f"sha256:{'d' * 64}", "size": "1Gi"}
    rungs = {"data": {"storage": "4Gi", "ttl": "5m"}, "image": {"enabled": False}}
    given = {"rungs": rungs, "data": [item], "poolRef": {"name": "north"}, **spec}
    world.policy(name, **{field: value for field, value in given.items() if value is not None})


async def running(world: OperatorWorld, budgets: Json, fetcher: FetcherClass = CLASS, **spec: Any) -> None:
    """Three policies with one file each."""
    world.rungs = every_rung({fetcher.name: fetcher})
    node(world, "edge-1")
    pool(world, budgets=budgets)
    for name in NAMES:
        policy(world, name, **spec)
    await world.start()
    await world.passes(120)


def fetching(world: OperatorWorld) -> dict[str, Json]:
    """Pods that fetch and have not ended, by item."""
    notes = {pod["metadata"]["name"]: pod["metadata"].get("annotations") or {} for pod in world.api.objects("Pod")}
    return {
        notes[pod["metadata"]["name"]]["edgewarm.io/data"]: pod
        for pod in world.api.objects("Pod")
        if "edgewarm.io/fetch" in notes[pod["metadata"]["name"]]
        and pod.get("status", {}).get("phase") not in {"Succeeded", "Failed"}
    }


def ends(world: OperatorWorld, name: str) -> None:
    """As the kubelet tells it."""
    pod, at = fetching(world)[name], world.api.store.timestamp(world.clock.now)
    ended = {"exitCode": 0, "reason": "Completed", "message": json.dumps({"outcome": "Fetched"}), "finishedAt": at}
    status = {"phase": "Succeeded", "containerStatuses": [{"restartCount": 0, "state": {"terminated": ended}}]}
    world.api.put({**pod, "spec": {**pod["spec"], "nodeName": "edge-1"}, "status": status})


def waits(world: OperatorWorld) -> list[str]:
    """What those that wait say."""
    found = [world.condition("DataWarm", name) for name in NAMES]
    return [one["message"] for one in found if one is not None and one["reason"] == "Waiting"]


def budgets(world: OperatorWorld) -> Mapping[str, tuple[str, str]]:
    """(used, left) by name, as the pool's status has them."""
    found = world.api.get("EdgeNodePool", "", "north")
    assert found is not None
    return {one["name"]: (one["used"], one["left"]) for one in found["status"]["budgets"]}


@pytest.mark.parametrize(
    ("limits", "at_once", "why"),
    [
        pytest.param({"concurrentPulls": 1}, 1, "concurrentPulls has 0 left and 1 is asked: 1 short", id="turns"),
        pytest.param({"concurrentPulls": 2}, 2, "concurrentPulls has 0 left and 1 is asked: 1 short", id="two turns"),
        pytest.param({"pods": 1}, 1, "pods has 0 left and 1 is asked: 1 short", id="pods"),
        pytest.param({"cpu": "25m"}, 2, "cpu has 5m left and 10m is asked: 5m short", id="10m of cpu each"),
        pytest.param({"memory": "100Mi"}, 1, "memory has 36Mi left and 64Mi is asked: 28Mi short", id="64 MiB each"),
        pytest.param({"storage": "2560Mi"}, 2, "storage has 512Mi left and 1Gi is asked: 512Mi short", id="1 GiB each"),
        pytest.param({"bandwidth": "2500k"}, 2, "bandwidth has 500k left and 1M is asked: 500k short", id="1 Mbit/s"),
        pytest.param({"cpu": "1m"}, 0, "cpu is 1m, less than the 10m that is asked", id="less than one needs"),
    ],
)
async def test_no_more_files_are_fetched_than_the_budgets_hold(
    world: OperatorWorld, limits: Json, at_once: int, why: str
) -> None:
    await running(world, limits)
    assert len(fetching(world)) == at_once
    told = waits(world)
    assert len(told) == 3 - at_once
    assert all(f"spec.budgets.{why}" in one for one in told)


async def test_the_measured_case_three_policies_and_a_pool_for_one(world: OperatorWorld) -> None:
    await running(world, {"pods": 1, "cpu": "10m", "concurrentPulls": 1})
    (first,) = fetching(world)
    assert budgets(world) == {"concurrentPulls": ("1", "0"), "cpu": ("10m", "0"), "pods": ("1", "0")}
    ends(world, first)
    await world.passes(60)
    (second,) = fetching(world)
    assert second != first
    ends(world, second)
    await world.passes(60)
    ends(world, *fetching(world))
    await world.passes(60)
    assert budgets(world) == {"concurrentPulls": ("0", "1"), "cpu": ("0", "10m"), "pods": ("0", "1")}
    assert [world.condition("DataWarm", name)["reason"] for name in NAMES] == ["Warm"] * 3  # type: ignore[index]


async def test_what_was_fetched_counts_as_storage_while_it_is_wanted(world: OperatorWorld) -> None:
    await running(world, {"storage": "4Gi", "bandwidth": "10M"})
    assert budgets(world) == {"bandwidth": ("3000000", "7000000"), "storage": ("3Gi", "1Gi")}
    for name in sorted(fetching(world)):
        ends(world, name)
    await world.passes(60)
    assert budgets(world) == {"bandwidth": ("0", "10000000"), "storage": ("3Gi", "1Gi")}


async def test_a_class_without_a_rate_asks_for_no_bandwidth_before_any_pull_was_measured(world: OperatorWorld) -> None:
    await running(world, {"bandwidth": "1k"}, replace(CLASS, bytes_per_second=0))
    assert len(fetching(world)) == 3


async def test_what_only_looks_on_takes_no_turn_of_others(world: OperatorWorld) -> None:
    await running(world, {"concurrentPulls": 1}, mode="Observe")
    assert fetching(world) == {}
    world.change("WarmingPolicy", "c", mode="Act")
    await world.passes(60)
    assert set(fetching(world)) == {"file-c"}


def may_run_on(pod: Json) -> list[str]:
    """The hostnames that a pod's required affinity names."""
    needed = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = needed["nodeSelectorTerms"]
    (found,) = term["matchExpressions"]
    assert (found["key"], found["operator"]) == ("kubernetes.io/hostname", "In")
    return list(found["values"])


@pytest.mark.parametrize(
    ("regions", "names"),
    [
        pytest.param({}, ["edge-1", "edge-2"], id="the pool's nodes"),
        pytest.param({"regions": [{"name": "us"}]}, ["edge-2"], id="those inside the regions"),
    ],
)
async def test_a_fetch_runs_on_a_node_where_its_policy_may_hold_things(
    world: OperatorWorld, regions: Json, names: list[str]
) -> None:
    """What the claim can be mounted on of these; edge-3 is not in the pool."""
    node(world, "edge-2", region="us")
    node(world, "edge-3")
    found = world.api.get("Node", "", "edge-3")
    assert found is not None
    world.api.put({**found, "metadata": {"name": "edge-3", "labels": {"zone": "south"}}})
    await running(world, {}, **regions)
    assert {name: may_run_on(pod) for name, pod in fetching(world).items()} == {f"file-{one}": names for one in NAMES}


async def test_nothing_is_fetched_where_no_node_of_the_pool_is_inside_the_regions(world: OperatorWorld) -> None:
    await running(world, {}, regions=[{"name": "us"}])
    assert fetching(world) == {}
    assert all("none of the pool's 1 nodes may take it: 1 outside spec.regions" in one for one in waits(world))
    assert len(waits(world)) == 3


async def test_without_a_pool_the_claim_alone_says_where(world: OperatorWorld) -> None:
    await running(world, {"concurrentPulls": 1}, poolRef=None)
    assert len(fetching(world)) == 3
    assert all("affinity" not in pod["spec"] for pod in fetching(world).values())
