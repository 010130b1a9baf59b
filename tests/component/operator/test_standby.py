"""Standbys end to end in process: made, promoted, replaced, given back; and nothing on a stale cache."""

from __future__ import annotations

from typing import Any

import pytest

from support.fake_api.replica_sets import is_ready
from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component
TWO = {"standby": {"min": 2, "max": 2}}


def names(pods: list[dict[str, Any]]) -> set[str]:
    return {pod["metadata"]["name"] for pod in pods}


async def warmed(world: OperatorWorld, **spec: Any) -> OperatorWorld:
    """Two serving pods, two warm standbys; demand for two."""
    world.web(replicas=2)
    world.asked["checkout"] = lambda _: 75.0
    world.policy(**{"rungs": TWO, "scaling": {"minReplicas": 2}, **spec})
    await world.start()
    await world.until(lambda: sum(map(is_ready, world.pods("WarmingPolicy"))) == 2, 300)
    return world


def rung(world: OperatorWorld) -> dict[str, Any]:
    (found,) = world.status()["rungs"]
    assert isinstance(found, dict)
    return found


async def test_standbys_are_made_and_counted_and_told(world: OperatorWorld) -> None:
    await warmed(world)
    await world.passes(75)
    assert rung(world) == {"rung": "Standby", "wanted": 2, "warm": 2, "warming": 0, "reason": "StandbyMinimum"}
    (decision,) = world.decisions()
    assert decision["spec"]["actions"] == [
        {"rung": "Standby", "from": 0, "to": 2, "executeAt": decision["spec"]["actions"][0]["executeAt"]}
    ]
    assert (decision["spec"]["reason"], decision["status"]["phase"]) == ("StandbyMinimum", "Executed")
    assert world.ready() == 2  # a standby is no replica
    lead = world.status()["leadTime"]
    assert lead["source"] == "Default"  # nor is its start one of the workload's
    told = next(line for line in world.series() if line.startswith("edgewarm_rung_idle_minutes_total"))
    assert 'policy="checkout",rung="Standby"' in told
    assert 2.0 <= float(told.rpartition(" ")[2]) <= 2.5  # two of them for 60 to 75 s


async def test_whoever_scales_standbys_are_promoted_and_then_made_anew(world: OperatorWorld) -> None:
    await warmed(world)
    before = names([*world.pods("ReplicaSet"), *world.pods("WarmingPolicy")])
    world.change("Deployment", "checkout", replicas=4)
    await world.passes(15)
    assert names(world.pods("ReplicaSet")) == before
    assert world.ready() == 4
    assert 'edgewarm_promotions_total{namespace="shop",policy="checkout"} 2.0' in world.series()
    await world.until(lambda: sum(map(is_ready, world.pods("WarmingPolicy"))) == 2, 300)
    assert names(world.pods("WarmingPolicy")).isdisjoint(before)


async def test_no_refill_on_a_cache_that_is_older_than_the_last_write(world: OperatorWorld) -> None:
    """The watch of pods hangs: two were made and are not seen, so four more would follow."""
    world.web(replicas=2)
    world.asked["checkout"] = lambda _: 75.0
    world.policy(rungs=TWO, scaling={"minReplicas": 2})
    await world.start()
    await world.freeze("pods")
    await world.passes(120)
    assert len(world.pods("WarmingPolicy")) == 2
    await world.thaw("pods")
    await world.passes(120)
    assert len(world.pods("WarmingPolicy")) == 2


async def test_a_restart_finds_them_and_changes_nothing(world: OperatorWorld) -> None:
    await warmed(world)
    before = names(world.pods("WarmingPolicy"))
    await world.restart()
    await world.passes(120)
    assert names(world.pods("WarmingPolicy")) == before
    assert len(world.decisions()) == 1


async def test_a_rollout_replaces_them_when_it_is_over(world: OperatorWorld) -> None:
    await warmed(world)
    before = names(world.pods("WarmingPolicy"))
    deployment = world.api.get("Deployment", SHOP, "checkout")
    assert deployment is not None
    container = {"name": "app", "image": "app:2"}
    template = {**deployment["spec"]["template"], "spec": {"containers": [container]}}
    world.change("Deployment", "checkout", template=template)
    await world.until(lambda: names(world.pods("WarmingPolicy")).isdisjoint(before), 300)
    await world.until(lambda: sum(map(is_ready, world.pods("WarmingPolicy"))) == 2, 300)
    assert {pod["spec"]["containers"][0]["image"] for pod in world.pods("WarmingPolicy")} == {"app:2"}


async def test_observe_says_so_and_makes_none(world: OperatorWorld) -> None:
    world.web(replicas=2)
    world.asked["checkout"] = lambda _: 75.0
    world.policy(rungs=TWO, scaling={"minReplicas": 2}, mode="Observe")
    await world.start()
    await world.passes(180)
    assert world.pods("WarmingPolicy") == []
    assert (rung(world)["wanted"], rung(world)["warm"]) == (2, 0)
    (decision,) = world.decisions()
    assert decision["status"]["phase"] == "Observed"


async def test_recommend_makes_them_when_a_person_approved(world: OperatorWorld) -> None:
    world.web(replicas=2)
    world.asked["checkout"] = lambda _: 75.0
    world.policy(rungs=TWO, scaling={"minReplicas": 2}, mode="Recommend")
    await world.start()
    await world.passes(120)
    assert world.pods("WarmingPolicy") == []
    (decision,) = world.decisions()
    assert decision["status"]["phase"] == "AwaitingApproval"
    world.change("ScalingDecision", decision["metadata"]["name"], approval="Approved")
    await world.passes(45)
    assert len(world.pods("WarmingPolicy")) == 2
    assert world.phases() == ["Executed"]


async def test_what_was_recommended_for_a_rung_that_is_gone_is_superseded(world: OperatorWorld) -> None:
    world.web(replicas=2)
    world.asked["checkout"] = lambda _: 75.0
    world.policy(rungs=TWO, scaling={"minReplicas": 2}, mode="Recommend")
    await world.start()
    await world.passes(120)
    assert world.phases() == ["AwaitingApproval"]
    world.change("WarmingPolicy", "checkout", rungs={})
    await world.passes(45)
    assert world.phases() == ["Superseded"]


async def test_where_pods_may_not_be_made_a_condition_says_so_and_replicas_go_on(world: OperatorWorld) -> None:
    world.web(replicas=2)
    world.asked["checkout"] = lambda _: 175.0
    world.policy(rungs=TWO, scaling={"minReplicas": 2})
    world.api.fail(403, times=1000, verbs=["create"], plurals=["pods"])
    await world.start()
    await world.passes(60)
    failed = world.condition("StandbyFailed")
    assert failed is not None
    assert "403" in failed["message"]
    assert world.replicas() == 4
    world.api.recover()
    await world.passes(120)
    assert world.condition("StandbyFailed") is None
    assert len(world.pods("WarmingPolicy")) == 2


async def test_a_queue_consumer_that_no_service_feeds_gets_no_standby_and_reads_why(world: OperatorWorld) -> None:
    await warmed(world)
    world.api.delete("Service", SHOP, "checkout")
    await world.passes(30)
    assert world.pods("WarmingPolicy") == []
    refused = world.condition("StandbyRefused")
    assert refused is not None
    assert "no Service selects" in refused["message"]
    assert "queue consumer" in refused["message"]


async def test_a_policy_without_the_rung_gives_them_back(world: OperatorWorld) -> None:
    await warmed(world)
    world.change("WarmingPolicy", "checkout", rungs={})
    await world.passes(30)
    assert world.pods("WarmingPolicy") == []
    assert len(world.pods("ReplicaSet")) == 2


async def test_a_deployment_that_goes_takes_the_standbys_with_it(world: OperatorWorld) -> None:
    await warmed(world)
    world.api.delete("Deployment", SHOP, "checkout")
    await world.passes(30)
    assert world.standing() == "TargetNotFound"
    assert world.pods("WarmingPolicy") == []


AT_ONCE = {"scaleDown": {"stabilizationWindowSeconds": 0}}


def shape(low: int, standbys: int) -> dict[str, Any]:
    return {
        "scaling": {"minReplicas": low, "behavior": AT_ONCE},
        "rungs": {"standby": {"min": standbys, "max": 2}, "parking": {"drain": "30s"}},
    }


async def four(world: OperatorWorld) -> set[str]:
    """Four serving pods, no standby."""
    world.web(replicas=4)
    world.asked["checkout"] = lambda _: 75.0
    world.policy(**shape(4, 0))
    await world.start()
    await world.passes(330)  # longer than what a restart holds
    assert len(world.pods("ReplicaSet")) == 4
    return names(world.pods("ReplicaSet"))


async def test_scaling_in_parks_and_scaling_out_brings_the_same_pods_back(world: OperatorWorld) -> None:
    before = await four(world)
    world.change("WarmingPolicy", "checkout", **shape(2, 2))
    await world.passes(30)
    assert world.replicas() == 2
    serving, parked = names(world.pods("ReplicaSet")), names(world.pods("WarmingPolicy"))
    assert (len(serving), serving | parked) == (2, before)
    assert 'edgewarm_parkings_total{namespace="shop",policy="checkout"} 2.0' in world.series()
    world.change("WarmingPolicy", "checkout", **shape(4, 0))
    await world.until(lambda: names(world.pods("ReplicaSet")) == before, 90)
    assert world.pods("WarmingPolicy") == []
    assert all(len(pod["metadata"]["labels"]) == 2 for pod in world.pods("ReplicaSet"))  # app and pod-template-hash


async def test_a_scale_in_that_the_server_refuses_takes_no_pod_out(world: OperatorWorld) -> None:
    before = await four(world)
    world.api.fail(503, times=1, verbs=["patch"], plurals=["deployments"])
    world.change("WarmingPolicy", "checkout", **shape(2, 2))
    await world.passes(15)
    assert names(world.pods("ReplicaSet")) == before


async def test_many_are_parked_a_few_at_a_time_each_with_its_step_of_the_scale(world: OperatorWorld) -> None:
    """Were all taken out first, the cold twins of the first ones would be Ready before the scale is lowered."""
    world.web(replicas=24)
    world.asked["checkout"] = lambda _: 75.0
    world.policy(**shape(24, 0))
    await world.start()
    await world.passes(330)
    before = names(world.pods("ReplicaSet"))
    many = {"standby": {"min": 22, "max": 22}, "parking": {"drain": "30s"}}
    world.change("WarmingPolicy", "checkout", **{**shape(2, 2), "rungs": many})
    await world.passes(30)
    assert [replicas for _, replicas in world.scaled()] == [14, 4, 2]
    assert names([*world.pods("ReplicaSet"), *world.pods("WarmingPolicy")]) == before
    assert len(world.pods("ReplicaSet")) == 2


async def test_while_our_last_write_of_pods_is_not_seen_the_fall_waits_and_then_parks(world: OperatorWorld) -> None:
    before = await four(world)
    await world.freeze("pods")
    world.change("WarmingPolicy", "checkout", **shape(4, 1))
    await world.passes(30)
    world.change("WarmingPolicy", "checkout", **shape(2, 2))
    await world.passes(75)
    assert world.replicas() == 4
    await world.thaw("pods")
    await world.until(lambda: world.replicas() == 2, 120)
    await world.passes(15)
    standbys = names(world.pods("WarmingPolicy"))
    assert len(standbys) == 2
    assert len(standbys & before) == 1  # one was made, so one was parked


async def test_an_autoscaler_leaves_the_replicas_alone_and_the_standbys_are_held(world: OperatorWorld) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}
    meta, spec = {"name": "hpa", "namespace": SHOP}, {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 9}
    world.api.put({"kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": spec})
    world.web(replicas=2)
    world.asked["checkout"] = lambda _: 175.0
    world.policy(rungs={"standby": {"min": 2, "max": 2}, "parking": {}})
    await world.start()
    await world.passes(120)
    assert world.replicas() == 2  # four are needed, and the HPA's to give
    assert len(world.pods("WarmingPolicy")) == 2
    idle = world.condition("ParkingIdle")
    assert idle is not None
    assert "HorizontalPodAutoscaler hpa scales in" in idle["message"]
    assert world.condition("ScaledByOther") is not None


async def test_opting_out_below_another_autoscaler_gives_the_standbys_back(world: OperatorWorld) -> None:
    await warmed(world)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}
    world.api.put({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h", "namespace": SHOP}, "spec": spec})
    await world.passes(30)
    assert len(world.pods("WarmingPolicy")) == 2
    world.change("WarmingPolicy", "checkout", rungs={})
    await world.passes(60)
    assert world.pods("WarmingPolicy") == []
