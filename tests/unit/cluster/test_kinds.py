"""What the wire says and what the core sees of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgewarm.cluster import kinds, workload_kinds
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.workload import Owner, ReplicaSet, Requirement, Rollout, Selector

pytestmark = pytest.mark.unit

META = {
    "name": "web",
    "namespace": "shop",
    "uid": "u1",
    "resourceVersion": "7",
    "creationTimestamp": "1970-01-01T00:01:40Z",
}


def raw(**body: Any) -> bytes:
    return msgspec.json.encode({"metadata": META, **body})


def condition(status: str, at: str | None = "1970-01-01T00:02:42Z") -> dict[str, Any]:
    others = {"type": "Initialized", "status": "True", "lastTransitionTime": None}
    return {"conditions": [others, {"type": "Ready", "status": status, "lastTransitionTime": at}]}


def test_a_deployment() -> None:
    expression = {"key": "tier", "operator": "In", "values": ["a", "b"]}
    selector = {
        "matchLabels": {"b": "2", "a": "1"},
        "matchExpressions": [expression, {"key": "x", "operator": "Exists"}],
    }
    seen = workload_kinds.deployment(
        raw(spec={"replicas": 3, "selector": selector, "template": {}}, status={"readyReplicas": 2})
    )
    assert (seen.namespace, seen.ref) == ("shop", TargetRef("apps/v1", "Deployment", "web"))
    assert (seen.replicas, seen.ready, seen.resource_version, seen.uid) == (3, 2, "7", "u1")
    requirements = (Requirement("tier", "In", ("a", "b")), Requirement("x", "Exists"))
    assert seen.selector == Selector((("a", "1"), ("b", "2")), requirements)


@pytest.mark.parametrize(("spec", "replicas"), [({}, 1), ({"replicas": None}, 1), ({"replicas": 0}, 0)])
def test_replicas_are_one_unless_said_otherwise(spec: dict[str, Any], replicas: int) -> None:
    seen = workload_kinds.stateful_set(raw(spec=spec))
    assert (seen.replicas, seen.ready, seen.ref.kind) == (replicas, 0, "StatefulSet")


@pytest.mark.parametrize(
    ("status", "ready_at"),
    [
        ({}, None),
        (condition("False"), None),
        (condition("Unknown"), None),
        (condition("True"), 162.0),
        (condition("True", None), 100.0),  # no time given: it cannot be earlier than the pod
    ],
)
def test_when_a_pod_became_ready(status: dict[str, Any], ready_at: float | None) -> None:
    assert kinds.pod(raw(status=status)).ready_at == ready_at


def test_a_pod() -> None:
    body = msgspec.json.encode(
        {
            "metadata": {**META, "labels": {"app": "web"}, "deletionTimestamp": "1970-01-01T00:03:00Z"},
            "spec": {"nodeName": "n1", "containers": [{"name": "c", "resources": {"requests": {"cpu": "250m"}}}]},
            "status": {"phase": "Running"},
        }
    )
    seen = kinds.pod(body)
    assert seen.key == Key("shop", "web")
    assert (seen.labels, seen.node, seen.phase) == ({"app": "web"}, "n1", "Running")
    assert (seen.created_at, seen.deleting, seen.cpu_cores, seen.memory_bytes) == (100.0, True, 0.25, 0.0)


def container(cpu: str, sidecar: bool = False) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu}}, **({"restartPolicy": "Always"} if sidecar else {})}


@pytest.mark.parametrize(
    ("spec", "cores"),
    [
        pytest.param({"containers": [container("100m"), container("200m")]}, 0.3, id="containers add up exactly"),
        pytest.param({"containers": [{}]}, 0.0, id="nothing asked"),
        pytest.param({"containers": [container("1")], "overhead": {"cpu": "250m"}}, 1.25, id="overhead on top"),
        pytest.param(
            {"containers": [container("1")], "initContainers": [container("3"), container("2")]},
            3.0,
            id="init: largest",
        ),
        pytest.param(
            {"containers": [container("1")], "initContainers": [container("500m", sidecar=True)]},
            1.5,
            id="sidecar stays",
        ),
        pytest.param(
            {"containers": [container("1")], "initContainers": [container("500m", sidecar=True), container("2")]},
            2.5,  # the init container runs beside the sidecar: 0.5 + 2 > 0.5 + 1
            id="init beside sidecar",
        ),
        pytest.param(
            {"containers": [container("1")], "resources": {"requests": {"cpu": "4"}}}, 4.0, id="pod level replaces"
        ),
    ],
)
def test_what_a_pod_asks_of_its_node(spec: dict[str, Any], cores: float) -> None:
    assert kinds.pod(raw(spec=spec)).cpu_cores == cores


def test_a_node() -> None:
    allocatable = {"cpu": "3920m", "memory": "16Gi", "pods": "110", "ephemeral-storage": "1e9"}
    status = {**condition("True"), "allocatable": allocatable}
    seen = kinds.node(raw(spec={"unschedulable": True}, status=status))
    assert (seen.name, seen.ready, seen.schedulable) == ("web", True, False)
    assert (seen.cpu_cores, seen.memory_bytes, seen.pods) == (3.92, 16 * 2**30, 110)
    assert seen.ready_changed_at == kinds.pod(raw(status=status)).ready_at
    assert (kinds.node(raw()).ready, kinds.node(raw()).ready_changed_at) == (False, 0.0)


@pytest.mark.parametrize(
    ("ref", "target"),
    [
        ({"kind": "StatefulSet", "apiVersion": "apps/v1", "name": "db"}, TargetRef("apps/v1", "StatefulSet", "db")),
        ({"name": "web"}, TargetRef("apps/v1", "Deployment", "web")),  # KEDA's defaults
        (
            {"kind": "Deployment", "apiVersion": "apps/v1beta2", "name": "web"},
            TargetRef("apps/v1", "Deployment", "web"),
        ),
    ],
)
def test_what_an_autoscaler_owns(ref: dict[str, Any], target: TargetRef) -> None:
    assert kinds.scaled_object(raw(spec={"scaleTargetRef": ref})).target == target
    assert kinds.horizontal_pod_autoscaler(raw(spec={"scaleTargetRef": ref})).kind == "HorizontalPodAutoscaler"


def test_our_own_kinds_go_through_their_parser() -> None:
    assert kinds.through(lambda body: body["spec"]["mode"])(raw(spec={"mode": "Act"})) == "Act"


def test_an_object_of_the_wrong_shape_is_an_error_that_says_where() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.spec\.replicas"):
        workload_kinds.deployment(raw(spec={"replicas": "three"}))


STARTED = "2026-11-29T08:00:10Z"


def waiting_for(status: str, at: str) -> dict[str, Any]:
    ready = {"type": "Ready", "status": status, "lastTransitionTime": at}
    return {"phase": "Running", "startTime": STARTED, "conditions": [ready]}


@pytest.mark.parametrize(
    ("status", "once"),
    [
        pytest.param(waiting_for("True", "2026-11-29T08:00:30Z"), True, id="it is Ready"),
        pytest.param(waiting_for("False", STARTED), False, id="since its start it was not"),
        pytest.param(waiting_for("False", "2026-11-29T08:00:11Z"), False, id="times are whole seconds"),
        pytest.param(waiting_for("False", "2026-11-29T08:01:00Z"), True, id="it was, and changed later"),
        pytest.param({"phase": "Pending"}, False, id="it has no node"),
    ],
)
def test_whether_a_pod_was_ever_ready_is_read_from_its_conditions_times(status: dict[str, Any], once: bool) -> None:
    assert kinds.pod(raw(status=status)).once_ready is once


def test_a_pod_knows_its_controller_its_priority_and_since_when_it_waits() -> None:
    controller = {"kind": "ReplicaSet", "name": "web-1", "uid": "2", "controller": True}
    owners = [{"kind": "Other", "name": "o", "uid": "1"}, controller]
    unschedulable = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "lastTransitionTime": "1970-01-01T00:01:00Z",
    }
    body = {
        "metadata": {"name": "web-1-x", "namespace": "shop", "ownerReferences": owners, "resourceVersion": "9"},
        "spec": {"priority": 7, "nodeSelector": {"zone": "north"}, "containers": []},
        "status": {"phase": "Pending", "conditions": [unschedulable]},
    }
    seen = kinds.pod(msgspec.json.encode(body))
    assert (seen.owner, seen.priority, seen.resource_version) == (Owner("ReplicaSet", "web-1", "2"), 7, "9")
    assert seen.unschedulable_since == 60.0
    assert seen.constraints is not None
    assert seen.constraints.node_selector.matches({"zone": "north"})
    placed = {**body, "spec": {**body["spec"], "nodeName": "node-1"}}
    assert kinds.pod(msgspec.json.encode(placed)).constraints is None


def test_pods_have_one_shape_while_containers_resources_and_account_are_the_same() -> None:
    def shape(**spec: Any) -> int:
        plain = {"containers": [{"name": "app", "image": "web:1", "resources": {"limits": {"cpu": "1"}}}]}
        return kinds.pod(raw(spec={**plain, **spec})).shape

    assert shape() == shape(nodeName="node-1", terminationGracePeriodSeconds=5)
    assert shape() != shape(serviceAccountName="other")
    assert shape() != shape(containers=[{"name": "app", "image": "web:1"}])
    assert shape() != shape(initContainers=[{"name": "mesh", "image": "proxy:1"}])


def test_a_deployment_knows_how_far_its_rollout_is_and_keeps_its_template() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "web:1"}]}}
    annotations = {"deployment.kubernetes.io/revision": "5"}
    body: dict[str, Any] = {
        "metadata": {"name": "web", "namespace": "shop", "generation": 3, "annotations": annotations},
        "spec": {"template": template, "paused": True},
        "status": {"observedGeneration": 2, "conditions": [{"type": "Progressing", "reason": "ReplicaSetUpdated"}]},
    }
    seen = workload_kinds.deployment(msgspec.json.encode(body))
    assert seen.rollout == Rollout("5", observed=False, paused=True, complete=False)
    assert (seen.template.labels, seen.template.spec) == ({"app": "web"}, template["spec"])
    done = {"type": "Progressing", "reason": "NewReplicaSetAvailable"}
    body["status"] = {"observedGeneration": 3, "conditions": [done]}
    body["spec"] = {"template": template}
    assert workload_kinds.deployment(msgspec.json.encode(body)).rollout == Rollout("5", True, False, True)
    assert workload_kinds.stateful_set(msgspec.json.encode(body)).rollout is None


def test_a_replica_set_and_a_service_as_far_as_promotions_go() -> None:
    body = {
        "metadata": {
            "name": "web-1",
            "namespace": "shop",
            "uid": "2",
            "labels": {"pod-template-hash": "abc"},
            "annotations": {"deployment.kubernetes.io/revision": "5"},
            "ownerReferences": [{"kind": "Deployment", "name": "web", "uid": "1", "controller": True}],
        },
        "spec": {"replicas": 4},
        "status": {"replicas": 2},
    }
    owner = Owner("Deployment", "web", "1")
    assert workload_kinds.replica_set(msgspec.json.encode(body)) == ReplicaSet(
        Key("shop", "web-1"), "2", owner, "5", "abc", 4, 2
    )
    service = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {"b": "2", "a": "1"}}}
    assert workload_kinds.service(msgspec.json.encode(service)).selector == (("a", "1"), ("b", "2"))
