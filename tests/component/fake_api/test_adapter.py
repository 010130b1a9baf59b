"""The adapter as the engine sees it: a view, guarded writes, and wake-ups that do not run in circles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from edgewarm.cluster.adapter import KubeCluster, Parsers
from edgewarm.cluster.client import ApiClient
from edgewarm.cluster.informer import Timing
from edgewarm.engine.ports import Cluster
from edgewarm.model.decision import Action, Approval, DecisionRecord
from edgewarm.model.demand import DemandRequest
from edgewarm.model.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.objects import PolicyObject, PoolObject
from edgewarm.model.policy import Policy
from edgewarm.model.workload import Selector, Workload
from support.fake_api import FakeApi, FakeDeploymentController
from support.fake_api.served import SCALED_OBJECTS
from support.fake_api.waiting import eventually

pytestmark = pytest.mark.component
CHECKOUT = TargetRef("apps/v1", "Deployment", "checkout")


def parse_policy(body: Mapping[str, Any]) -> PolicyObject:
    meta = body["metadata"]
    target = TargetRef(**body["spec"]["targetRef"])
    policy = Policy(target, DemandRequest(meta["namespace"], query=body["spec"]["query"]), capacity_per_pod=50.0)
    key = Key(meta["namespace"], meta["name"])
    return PolicyObject(key, meta["uid"], meta["generation"], 0.0, policy, status=body.get("status", {}))


def parse_pool(body: Mapping[str, Any]) -> PoolObject:
    meta = body["metadata"]
    return PoolObject(meta["name"], meta["uid"], meta["generation"], Selector())


def parse_decision(body: Mapping[str, Any]) -> DecisionRecord | None:
    meta, spec = body["metadata"], body["spec"]
    if "policy" not in spec:
        return None
    approval = Approval(spec["approval"]) if "approval" in spec else None
    action = Action("replica", 1, 2, 0.0)
    key = Key(meta["namespace"], meta["name"])
    return DecisionRecord(key, meta["uid"], spec["policy"], 0.0, action, "Forecast", None, approval, None, False)


def policy(query: str = "up") -> dict[str, Any]:
    ref = {"api_version": "apps/v1", "kind": "Deployment", "name": "checkout"}
    meta = {"name": "checkout", "namespace": "shop"}
    return {"kind": "WarmingPolicy", "metadata": meta, "spec": {"targetRef": ref, "query": query}}


def decision(name: str = "d1", **spec: Any) -> dict[str, Any]:
    kind = {"apiVersion": "edgewarm.io/v1alpha1", "kind": "ScalingDecision"}
    return {**kind, "metadata": {"name": name, "namespace": "shop"}, "spec": {"policy": "checkout", **spec}}


def deployment(replicas: int = 2) -> dict[str, Any]:
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "checkout"}}}
    return {"kind": "Deployment", "metadata": {"name": "checkout", "namespace": "shop"}, "spec": spec}


def autoscaler(kind: str) -> dict[str, Any]:
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}
    return {"kind": kind, "metadata": {"name": f"by-{kind}", "namespace": "shop"}, "spec": {"scaleTargetRef": ref}}


class Wakes:
    """Counts wake-ups."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def wakes() -> Wakes:
    return Wakes()


@pytest.fixture
async def cluster(client: ApiClient, timing: Timing, wakes: Wakes) -> AsyncIterator[KubeCluster]:
    parsers = Parsers(parse_policy, parse_pool, parse_decision)
    made = KubeCluster(client, parsers, replace(timing, page_size=500), wakes)
    yield made
    await made.stop()


async def started(api: FakeApi, cluster: KubeCluster) -> None:
    await cluster.start()
    await cluster.wait_synced()
    await eventually(lambda: api.watchers() == 12)  # thirteen kinds, of which ScaledObject is not installed


async def test_the_view_shows_every_kind(api: FakeApi, cluster: KubeCluster) -> None:
    api.put(policy())
    api.put({"kind": "EdgeNodePool", "metadata": {"name": "edge"}, "spec": {}})
    api.put(decision())
    api.put(decision("unreadable", policy=None) | {"spec": {}})
    api.put(deployment())
    api.put(deployment() | {"kind": "StatefulSet"})
    api.put(autoscaler("HorizontalPodAutoscaler"))
    api.put({"kind": "Node", "metadata": {"name": "n1"}, "status": {"allocatable": {"cpu": "4"}}})
    api.put({"kind": "Pod", "metadata": {"name": "p1", "namespace": "shop"}, "spec": {"nodeName": "n1"}})
    await started(api, cluster)
    port: Cluster = cluster  # it fits the hole
    view = port.view()
    assert set(view.policies) == {Key("shop", "checkout")}
    assert set(view.pools) == {"edge"}
    assert set(view.decisions) == {Key("shop", "d1")}
    assert set(view.workloads) == {("shop", CHECKOUT), ("shop", TargetRef("apps/v1", "StatefulSet", "checkout"))}
    assert view.autoscalers["shop", CHECKOUT].kind == "HorizontalPodAutoscaler"
    assert view.nodes["n1"].cpu_cores == 4.0
    assert view.pods[Key("shop", "p1")].node == "n1"
    assert cluster.synced
    assert max(cluster.ages(1_000_007.0).values()) == 7.0


async def test_a_part_that_did_not_change_is_not_built_again(api: FakeApi, cluster: KubeCluster) -> None:
    api.put(deployment())
    api.put({"kind": "Node", "metadata": {"name": "n1"}})
    await started(api, cluster)
    first = cluster.view()
    api.put({"kind": "Node", "metadata": {"name": "n2"}})
    await eventually(lambda: len(cluster.view().nodes) == 2)
    second = cluster.view()
    assert second.workloads is first.workloads
    assert set(first.nodes) == {"n1"}


async def test_scale_changes_replicas_through_the_subresource(
    api: FakeApi, cluster: KubeCluster, counted: list[tuple[str, str, int]]
) -> None:
    api.put(deployment(2))
    await started(api, cluster)
    await cluster.scale(cluster.view().workloads["shop", CHECKOUT], 5)
    assert api.get("Deployment", "shop", "checkout")["spec"]["replicas"] == 5  # type: ignore[index]
    sent = next(r for r in api.requests if r.verb == "patch")
    assert sent.path == "/apis/apps/v1/namespaces/shop/deployments/checkout/scale"
    assert sent.query == {"fieldManager": "edgewarm"}
    assert sent.content_type == "application/merge-patch+json"
    assert ("patch", "deployments/scale", 200) in counted
    await eventually(lambda: cluster.view().workloads["shop", CHECKOUT].replicas == 5)


async def test_scale_with_a_stale_version_is_a_conflict(api: FakeApi, cluster: KubeCluster) -> None:
    api.put(deployment(2))
    await started(api, cluster)
    stale = cluster.view().workloads["shop", CHECKOUT]
    api.put(deployment(7))
    with pytest.raises(Conflict, match="409"):
        await cluster.scale(stale, 3)
    assert api.get("Deployment", "shop", "checkout")["spec"]["replicas"] == 7  # type: ignore[index]


@pytest.mark.parametrize(
    ("status", "error"), [(409, Conflict), (404, NotFound), (403, Forbidden), (422, Invalid), (503, Unavailable)]
)
async def test_refused_writes_are_errors_of_the_model(
    api: FakeApi, cluster: KubeCluster, status: int, error: type[Exception]
) -> None:
    api.put(deployment())
    await started(api, cluster)
    api.fail(status, times=10, verbs=["patch"])
    with pytest.raises(error, match="patch deployments/scale"):
        await cluster.scale(cluster.view().workloads["shop", CHECKOUT], 3)


async def test_an_unknown_target_kind_says_what_to_write(cluster: KubeCluster) -> None:
    odd = Workload("shop", TargetRef("batch/v1", "Job", "import"), "u", "1", 1, 0, Selector())
    with pytest.raises(Invalid, match="set targetRef to one of apps/v1 Deployment"):
        await cluster.scale(odd, 2)


async def test_status_is_applied_and_what_we_stop_saying_goes_away(api: FakeApi, cluster: KubeCluster) -> None:
    api.put(policy())
    key = Key("shop", "checkout")
    ready = {"type": "Ready", "status": "True"}
    await cluster.apply_status("WarmingPolicy", key, {"need": 3, "lead": 60, "conditions": [ready]})
    stalled = {"type": "Stalled", "status": "True"}
    await cluster.apply_status("WarmingPolicy", key, {"need": 4, "conditions": [stalled]})
    written = api.get("WarmingPolicy", "shop", "checkout")
    assert written is not None
    assert written["status"] == {"need": 4, "conditions": [stalled]}
    assert written["metadata"]["generation"] == 1  # a status is no change of the spec
    sent = api.requests[-1]
    assert sent.path.endswith("/warmingpolicies/checkout/status")
    assert sent.query == {"fieldManager": "edgewarm", "force": "true"}
    assert sent.content_type == "application/apply-patch+yaml"


async def test_status_of_a_cluster_scoped_kind(api: FakeApi, cluster: KubeCluster) -> None:
    api.put({"kind": "EdgeNodePool", "metadata": {"name": "edge"}, "spec": {}})
    await cluster.apply_status("EdgeNodePool", Key("", "edge"), {"nodes": 2})
    assert api.get("EdgeNodePool", "", "edge")["status"] == {"nodes": 2}  # type: ignore[index]


async def test_status_of_a_deleted_object_is_not_found(cluster: KubeCluster) -> None:
    with pytest.raises(NotFound):
        await cluster.apply_status("WarmingPolicy", Key("shop", "gone"), {"need": 1})


async def test_decisions_are_created_once_and_deleted(api: FakeApi, cluster: KubeCluster) -> None:
    await started(api, cluster)
    await cluster.create_decision(decision())
    with pytest.raises(Conflict):
        await cluster.create_decision(decision())
    await eventually(lambda: Key("shop", "d1") in cluster.view().decisions)
    await cluster.delete_decision(Key("shop", "d1"))
    await eventually(lambda: not cluster.view().decisions)
    with pytest.raises(NotFound):
        await cluster.delete_decision(Key("shop", "d1"))


async def test_the_engine_wakes_for_people_not_for_its_own_writes(
    api: FakeApi, cluster: KubeCluster, wakes: Wakes
) -> None:
    await started(api, cluster)
    api.put(policy("up"))
    await eventually(lambda: wakes.count == 1)
    await cluster.apply_status("WarmingPolicy", Key("shop", "checkout"), {"need": 3})
    await eventually(lambda: cluster.view().policies[Key("shop", "checkout")].status == {"need": 3})
    await cluster.create_decision(decision())
    await eventually(lambda: cluster.view().decisions)
    assert wakes.count == 1
    api.put(decision(approval="Approved"))
    await eventually(lambda: wakes.count == 2)
    api.put(policy("rate(x[1m])"))
    await eventually(lambda: wakes.count == 3)
    api.delete("WarmingPolicy", "shop", "checkout")
    await eventually(lambda: wakes.count == 4)


async def test_a_scaled_object_wins_over_the_hpa_that_keda_made(api: FakeApi, cluster: KubeCluster) -> None:
    api.serve(SCALED_OBJECTS)
    ours = {"name": "web", "namespace": "shop"}
    api.put({"kind": "ScaledObject", "metadata": ours, "spec": {"scaleTargetRef": {"name": "checkout"}}})
    api.put(autoscaler("HorizontalPodAutoscaler"))
    await cluster.start()
    await cluster.wait_synced()
    assert cluster.view().autoscalers["shop", CHECKOUT].kind == "ScaledObject"


async def test_starts_of_a_scaled_deployment(api: FakeApi, cluster: KubeCluster) -> None:
    api.put(deployment(1))
    controller = FakeDeploymentController(api, delay=20)
    controller.tick(1000.0)
    controller.tick(1020.0)  # Ready before the operator looks: no start
    await started(api, cluster)
    await cluster.scale(cluster.view().workloads["shop", CHECKOUT], 2)
    controller.tick(1030.0)
    await eventually(lambda: len(cluster.view().pods) == 2)
    controller.tick(1049.0)
    controller.tick(1050.0)
    await eventually(lambda: cluster.view().workloads["shop", CHECKOUT].ready == 2)
    await eventually(lambda: all(pod.ready_at for pod in cluster.view().pods.values()))
    (start,) = cluster.take_starts()
    assert start.seconds == 20.0
    assert start.created_at == datetime.fromisoformat("1970-01-01T00:17:10+00:00").timestamp()
    assert cluster.take_starts() == ()


async def test_a_bug_in_a_parser_is_logged_and_one_in_a_callback_is_loud(
    api: FakeApi, client: ApiClient, timing: Timing
) -> None:
    def wake() -> None:
        raise ZeroDivisionError

    cluster = KubeCluster(client, Parsers(parse_policy, parse_pool, parse_decision), timing, wake)
    api.put(policy())
    await cluster.start()
    with pytest.raises(RuntimeError, match="informer-warmingpolicies ended by a bug"):
        await cluster.wait_synced()
    with pytest.raises(RuntimeError):
        cluster.view()
    await cluster.stop()
