"""Standbys at rest end to end in process: lowered once they are ready, raised before they serve."""

from __future__ import annotations

from typing import Any

import pytest

from support.fake_api.replica_sets import is_ready
from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component
RESTING = {"standby": {"min": 2, "max": 2, "rest": {"cpu": "20m"}}}
FULL, REST = "500m", "20m"
COLD = 120.0


def cpu(pod: dict[str, Any]) -> tuple[str, str]:
    """(asked, given)."""
    asked, given = pod["spec"]["containers"][0], pod["status"]["containerStatuses"][0]
    return asked["resources"]["requests"]["cpu"], given["resources"]["requests"]["cpu"]


def standbys(world: OperatorWorld) -> list[tuple[str, str]]:
    return [cpu(pod) for pod in world.pods("WarmingPolicy") if is_ready(pod)]


def resizes(world: OperatorWorld) -> list[str]:
    """The cpu that was asked for by /resize, in order."""
    found = [request.body for _, request in world.written("/resize") if request.status == 200]
    return [body["spec"]["containers"][0]["resources"]["requests"]["cpu"] for body in found]


async def rested(world: OperatorWorld, **spec: Any) -> OperatorWorld:
    """Two serving pods and two standbys at rest; demand for two."""
    world.web(replicas=2, requests={"cpu": FULL, "memory": "64Mi"})
    world.asked["checkout"] = lambda _: 75.0
    world.policy(**{"rungs": RESTING, "scaling": {"minReplicas": 2}, **spec})
    await world.start()
    await world.until(lambda: standbys(world) == [(REST, REST)] * 2, 300)
    return world


async def test_standbys_start_at_their_full_size_and_rest_once_they_are_ready(world: OperatorWorld) -> None:
    await rested(world)
    await world.passes(60)
    (rung,) = world.status()["rungs"]
    assert (rung["wanted"], rung["warm"]) == (2, 2)
    assert resizes(world) == [REST, REST]
    assert world.condition("StandbyDiffers") is None
    assert world.condition("StandbyNotResized") is None
    made = [request.body for _, request in world.written("/pods", verbs=["create"])]
    assert {pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] for pod in made} == {FULL}
    memory = {pod["spec"]["containers"][0]["resources"]["requests"]["memory"] for pod in world.pods("WarmingPolicy")}
    assert memory == {"64Mi"}


async def test_they_rise_before_they_are_promoted(world: OperatorWorld) -> None:
    await rested(world)
    before = {pod["metadata"]["name"] for pod in (*world.pods("ReplicaSet"), *world.pods("WarmingPolicy"))}
    low_while_serving = []
    world.api.store.listeners.append(
        lambda change: low_while_serving.append(change.object) if _serves_low(change.object) else None
    )
    world.sets.delay = COLD
    world.change("Deployment", "checkout", replicas=4)
    await world.until(lambda: world.ready() == 4, COLD / 2)
    assert {pod["metadata"]["name"] for pod in world.pods("ReplicaSet")} == before
    assert {cpu(pod) for pod in world.pods("ReplicaSet")} == {(FULL, FULL)}
    assert low_while_serving == []
    assert resizes(world)[2:4] == [FULL, FULL]


def _serves_low(obj: dict[str, Any]) -> bool:
    """A ready pod that a Service selects, without the cpu of its template."""
    serves = obj["kind"] == "Pod" and obj["metadata"].get("labels", {}).get("app") == "checkout" and is_ready(obj)
    return serves and cpu(obj) != (FULL, FULL)


async def test_where_a_kubelet_has_no_room_it_is_said_and_the_pod_starts_cold(world: OperatorWorld) -> None:
    await rested(world)
    world.sets.deferred = True
    world.change("Deployment", "checkout", replicas=3)
    await world.passes(45)
    said = world.condition("StandbyNotResized")
    assert said is not None
    assert said["reason"] == "Deferred"
    assert "no cpu is left" in said["message"]
    (rung,) = world.status()["rungs"]
    assert rung["warm"] < 2
    await world.until(lambda: world.ready() == 3, 60)  # the cold twin
    world.sets.deferred = False
    await world.until(lambda: standbys(world) == [(REST, REST)] * 2, 120)
    await world.passes(75)
    assert world.condition("StandbyNotResized") is None


async def test_a_restart_finds_them_at_rest_and_resizes_nothing(world: OperatorWorld) -> None:
    await rested(world)
    await world.restart()
    await world.passes(60)
    assert resizes(world) == [REST, REST]
    assert world.condition("StandbyDiffers") is None


async def test_a_policy_that_drops_the_rest_has_them_at_their_full_size(world: OperatorWorld) -> None:
    await rested(world)
    world.change("WarmingPolicy", "checkout", rungs={"standby": {"min": 2, "max": 2}})
    await world.until(lambda: standbys(world) == [(FULL, FULL)] * 2, 120)
    assert resizes(world) == [REST, REST, FULL, FULL]


async def test_parked_pods_rest_after_their_drain_and_come_back_at_their_full_size(world: OperatorWorld) -> None:
    def shape(replicas: int, standbys: int) -> dict[str, Any]:
        rungs = {"standby": {**RESTING["standby"], "min": standbys}, "parking": {"drain": "45s"}}
        fall = {"scaleDown": {"stabilizationWindowSeconds": 0}}
        return {"rungs": rungs, "scaling": {"minReplicas": replicas, "behavior": fall}}

    world.web(replicas=4, requests={"cpu": FULL})
    world.asked["checkout"] = lambda _: 75.0
    world.policy(**shape(4, 0))
    before = {pod["metadata"]["name"] for pod in world.pods("ReplicaSet")}
    await world.start()
    await world.passes(330)
    world.change("WarmingPolicy", "checkout", **shape(2, 2))
    await world.passes(30)
    assert world.replicas() == 2
    assert {pod["metadata"]["name"] for pod in world.pods("WarmingPolicy")} < before
    assert standbys(world) == [(FULL, FULL)] * 2  # while connections may go on
    await world.until(lambda: standbys(world) == [(REST, REST)] * 2, 120)
    world.sets.delay = COLD
    world.change("WarmingPolicy", "checkout", **shape(4, 0))
    await world.until(lambda: world.ready() == 4, COLD / 2)
    assert {pod["metadata"]["name"] for pod in world.pods("ReplicaSet")} == before
    assert {cpu(pod) for pod in world.pods("ReplicaSet")} == {(FULL, FULL)}


async def test_an_older_api_server_is_said_and_no_standby_is_held(world: OperatorWorld) -> None:
    pods = world.api.kinds.by_kind("Pod")
    world.api.kinds.add(type(pods)("", "v1", "pods", "Pod"))
    world.web(replicas=2, requests={"cpu": FULL})
    world.asked["checkout"] = lambda _: 75.0
    world.policy(rungs=RESTING, scaling={"minReplicas": 2})
    await world.start()
    await world.until(lambda: world.condition("StandbyRefused"), 120)
    said = world.condition("StandbyRefused")
    assert said is not None
    assert "Kubernetes 1.33" in said["message"]
    await world.until(lambda: not world.pods("WarmingPolicy"), 60)


@pytest.mark.parametrize(
    ("rest", "fragment"),
    [
        pytest.param({"cpu": "500m"}, "rungs.standby.rest.cpu is not below the 0.5 cores", id="not lower"),
        pytest.param({"cpu": "20m", "limit": "50m"}, "remove rungs.standby.rest.limit", id="a limit there is none of"),
    ],
)
async def test_a_rest_that_does_not_fit_the_template_is_said(
    world: OperatorWorld, rest: dict[str, str], fragment: str
) -> None:
    world.web(replicas=2, requests={"cpu": FULL})
    world.asked["checkout"] = lambda _: 75.0
    world.policy(rungs={"standby": {"min": 2, "rest": rest}}, scaling={"minReplicas": 2})
    await world.start()
    await world.until(lambda: world.condition("StandbyRefused"), 60)
    said = world.condition("StandbyRefused")
    assert said is not None
    assert fragment in said["message"]
    assert world.api.get("WarmingPolicy", SHOP, "checkout") is not None


def edge(world: OperatorWorld, cpu: str, **spec: Any) -> None:
    """A pool of one node; the serving pods are on another."""
    status = {
        "allocatable": {"cpu": cpu, "memory": "64Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    meta = {"name": "edge-1", "labels": {"pool": "edge"}}
    world.api.put({"kind": "Node", "metadata": meta, "spec": {}, "status": status})
    selector = {"selector": {"matchLabels": {"pool": "edge"}}}
    world.api.put({"kind": "EdgeNodePool", "metadata": {"name": "edge"}, "spec": {**selector, **spec}})


async def four_wanted(world: OperatorWorld) -> OperatorWorld:
    """Two serving pods of half a core, and four standbys at rest, if its pool has the room."""
    rungs = {"standby": {"min": 4, "max": 4, "rest": {"cpu": REST}}}
    world.web(replicas=2, requests={"cpu": FULL})
    world.asked["checkout"] = lambda _: 75.0
    world.policy(rungs=rungs, scaling={"minReplicas": 2}, poolRef={"name": "edge"})
    await world.start()
    return world


async def test_a_pool_holds_no_more_than_can_rise_on_its_nodes(world: OperatorWorld) -> None:
    """Three of half a core; the fourth would fit beside three of 20m, but could not rise beside three that do."""
    edge(world, "1600m")
    await four_wanted(world)
    await world.until(lambda: standbys(world) == [(REST, REST)] * 3, 600)
    await world.passes(300)
    assert standbys(world) == [(REST, REST)] * 3
    placed = world.condition("StandbysPlaced")
    assert placed is not None
    assert placed["reason"] == "NoRoom"


async def test_a_budget_counts_what_they_request_at_rest(world: OperatorWorld) -> None:
    """700m hold one of half a core at a time beside those at rest, four of which hold 80m."""
    edge(world, "8", budgets={"cpu": "700m"})
    await four_wanted(world)
    await world.until(lambda: standbys(world) == [(REST, REST)] * 4, 900)
    await world.passes(60)
    assert used(world) == "80m"


def used(world: OperatorWorld) -> str:
    """Of the pool's only budget."""
    pool = world.api.get("EdgeNodePool", "", "edge")
    assert pool is not None
    (cpu_budget,) = pool["status"]["budgets"]
    return str(cpu_budget["used"])
