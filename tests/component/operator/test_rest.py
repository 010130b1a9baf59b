"""Standbys at rest end to end in process: lowered once they are ready, raised before they serve, and never served low."""

from __future__ import annotations

from typing import Any

import pytest

from support.fake_api.replica_sets import is_ready
from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component
RESTING = {"standby": {"min": 2, "max": 2, "rest": {"cpu": "20m"}}}
FULL, REST = "500m", "20m"


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
    world.change("Deployment", "checkout", replicas=4)
    await world.until(lambda: world.ready() == 4, 60)
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


async def test_parked_pods_rest_after_their_drain(world: OperatorWorld) -> None:
    world.web(replicas=4, requests={"cpu": FULL})
    world.asked["checkout"] = lambda _: 75.0
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 0}}
    rungs = {**RESTING, "parking": {"drain": "60s"}}
    world.policy(rungs=rungs, scaling={"minReplicas": 2, "behavior": behavior})
    serving = {pod["metadata"]["name"] for pod in world.pods("ReplicaSet")}
    await world.start()
    await world.until(lambda: len(world.pods("WarmingPolicy")) == 2, 900)
    assert {pod["metadata"]["name"] for pod in world.pods("WarmingPolicy")} < serving
    assert standbys(world) == [(FULL, FULL)] * 2  # while connections may go on
    await world.until(lambda: standbys(world) == [(REST, REST)] * 2, 120)
    assert {pod["metadata"]["name"] for pod in world.pods("WarmingPolicy")} < serving


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
