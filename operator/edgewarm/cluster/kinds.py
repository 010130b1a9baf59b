"""Raw bytes of watched objects -> values of `model`, decoding only the fields that we read.

Structs mirror the wire; everything is optional there, because the API server leaves zero values out.
`gc=False` is safe (the structs hold no cycles and live for one conversion) and spares the collector millions of visits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import field

from edgewarm.cluster.constraints import PodSpec, TemplateSpec, WireTaint, apart, constraints, taints
from edgewarm.cluster.data_wire import fetch_progress, image_volumes, staged
from edgewarm.cluster.milestones import Condition, ContainerStatus, milestones, once_ready, unplaced
from edgewarm.cluster.pull_progress import NodeImage, State, node_images, pull_progress
from edgewarm.cluster.requests import ResourceList, priced, quantity, requested
from edgewarm.cluster.selecting import WireSelector, selector
from edgewarm.model.amounts import CPU, MEMORY, NOTHING, PODS, Amounts
from edgewarm.model.data import Staged
from edgewarm.model.geography import Point
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.names import FETCH_KEY, LATITUDE, LONGITUDE, POD_TEMPLATE_HASH, RUNG_LABEL
from edgewarm.model.pulls import PullProgress
from edgewarm.model.rungs import RungName
from edgewarm.model.template import PodTemplate
from edgewarm.model.workload import (
    Autoscaler,
    Node,
    Owner,
    Pod,
    ReplicaSet,
    Rollout,
    Service,
    Workload,
)

REVISION = "deployment.kubernetes.io/revision"
_PULLED = frozenset({RungName.IMAGE, RungName.DATA})
ROLLED_OUT = "NewReplicaSetAvailable"


class _Owner(msgspec.Struct, gc=False):
    kind: str
    name: str
    uid: str
    controller: bool | None = False


class _Meta(msgspec.Struct, gc=False, rename="camel"):
    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] | None = None
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    owner_references: list[_Owner] | None = None
    annotations: dict[str, str] | None = None

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)

    @property
    def controller(self) -> Owner | None:
        found = next((owner for owner in self.owner_references or () if owner.controller), None)
        return None if found is None else Owner(found.kind, found.name, found.uid)


class _TemplateMeta(msgspec.Struct, gc=False):
    labels: dict[str, str] | None = None


class _Template(msgspec.Struct, gc=False):
    metadata: _TemplateMeta = field(default_factory=_TemplateMeta)
    spec: TemplateSpec = field(default_factory=TemplateSpec)


class _WorkloadSpec(msgspec.Struct, gc=False):
    replicas: int | None = 1
    selector: WireSelector | None = None
    template: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"{}"))
    paused: bool | None = False


class _Progress(msgspec.Struct, gc=False):
    type: str
    reason: str = ""


class _WorkloadStatus(msgspec.Struct, gc=False, rename="camel"):
    ready_replicas: int | None = 0
    observed_generation: int = 0
    conditions: list[_Progress] | None = None

    @property
    def is_rolled_out(self) -> bool:
        """Without progressDeadlineSeconds there is no such condition; the ReplicaSets then say it."""
        progress = next((one for one in self.conditions or () if one.type == "Progressing"), None)
        return progress is None or progress.reason == ROLLED_OUT


class _WorkloadMeta(_Meta, gc=False, rename="camel"):
    generation: int = 0


class _Workload(msgspec.Struct, gc=False):
    metadata: _WorkloadMeta
    spec: _WorkloadSpec = field(default_factory=_WorkloadSpec)
    status: _WorkloadStatus = field(default_factory=_WorkloadStatus)


class _ReplicaSetSpec(msgspec.Struct, gc=False):
    replicas: int | None = 1


class _ReplicaSetStatus(msgspec.Struct, gc=False):
    replicas: int = 0


class _ReplicaSet(msgspec.Struct, gc=False):
    metadata: _WorkloadMeta
    spec: _ReplicaSetSpec = field(default_factory=_ReplicaSetSpec)
    status: _ReplicaSetStatus = field(default_factory=_ReplicaSetStatus)


class _ServiceSpec(msgspec.Struct, gc=False):
    selector: dict[str, str] | None = None


class _Service(msgspec.Struct, gc=False):
    metadata: _Meta
    spec: _ServiceSpec = field(default_factory=_ServiceSpec)


class _PodStatus(msgspec.Struct, gc=False, rename="camel"):
    phase: str = ""
    reason: str = ""
    message: str = ""
    start_time: datetime | None = None
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None


class _Pod(msgspec.Struct, gc=False):
    metadata: _Meta
    spec: PodSpec = field(default_factory=PodSpec)
    status: _PodStatus = field(default_factory=_PodStatus)


class _NodeSpec(msgspec.Struct, gc=False):
    unschedulable: bool | None = False
    taints: list[WireTaint] | None = None


class _NodeStatus(msgspec.Struct, gc=False):
    allocatable: ResourceList | None = None
    conditions: list[Condition] | None = None
    images: list[NodeImage] | None = None


class _ClusterMeta(msgspec.Struct, gc=False):
    name: str
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Node(msgspec.Struct, gc=False):
    metadata: _ClusterMeta
    spec: _NodeSpec = field(default_factory=_NodeSpec)
    status: _NodeStatus = field(default_factory=_NodeStatus)


class _Namespace(msgspec.Struct, gc=False):
    metadata: _ClusterMeta


class _Target(msgspec.Struct, gc=False, rename="camel"):
    name: str
    kind: str = ""
    api_version: str = ""


class _AutoscalerSpec(msgspec.Struct, gc=False, rename="camel"):
    scale_target_ref: _Target


class _Autoscaler(msgspec.Struct, gc=False):
    metadata: _Meta
    spec: _AutoscalerSpec


_TEMPLATE = msgspec.json.Decoder(_Template)
_REPLICA_SET = msgspec.json.Decoder(_ReplicaSet)
_SERVICE = msgspec.json.Decoder(_Service)
_WORKLOAD = msgspec.json.Decoder(_Workload)
_POD = msgspec.json.Decoder(_Pod)
_NAMESPACE = msgspec.json.Decoder(_Namespace)
_NODE = msgspec.json.Decoder(_Node)
_AUTOSCALER = msgspec.json.Decoder(_Autoscaler)
_DICT = msgspec.json.Decoder(dict[str, Any])


def deployment(raw: msgspec.Raw | bytes) -> Workload:
    """An apps/v1 Deployment."""
    return _workload(raw, "Deployment")


def stateful_set(raw: msgspec.Raw | bytes) -> Workload:
    """An apps/v1 StatefulSet."""
    return _workload(raw, "StatefulSet")


def pod(raw: msgspec.Raw | bytes) -> Pod:
    """A v1 Pod; its requests are counted as the scheduler counts them."""
    wire = _POD.decode(raw)
    meta, spec, status = wire.metadata, wire.spec, wire.status
    needs, rung = amounts(spec), (meta.labels or {}).get(RUNG_LABEL)
    return Pod(
        key=meta.key,
        uid=meta.uid,
        labels=meta.labels or {},
        node=spec.node_name,
        phase=status.phase,
        created_at=_seconds(meta.creation_timestamp),
        ready_at=_ready_at(status.conditions, _seconds(meta.creation_timestamp)),
        deleting=meta.deletion_timestamp is not None,
        cpu_cores=needs.get(CPU, 0.0),
        memory_bytes=needs.get(MEMORY, 0.0),
        other=_beyond(needs),
        apart=apart(spec, meta.namespace),
        milestones=milestones(
            status.conditions or (),
            status.start_time,
            status.container_statuses or (),
            (spec.containers, spec.init_containers or ()),
            spec.volumes or (),
        ),
        resource_version=meta.resource_version,
        owner=meta.controller,
        once_ready=once_ready(status.conditions, status.start_time),
        unschedulable_since=_unschedulable_since(wire.status.conditions),
        priority=spec.priority or 0,
        shape=spec.shape,
        pulling=_pulling(wire) if rung in _PULLED and FETCH_KEY not in (meta.annotations or {}) else None,
        fetching=_fetching(wire) if FETCH_KEY in (meta.annotations or {}) else None,
        staged=_staged(wire) if rung == RungName.DATA else None,
        mounts=image_volumes(spec.volumes or ()),
    )


def _pulling(wire: _Pod) -> PullProgress:
    annotations, images, phase = wire.metadata.annotations or {}, len(wire.spec.containers), wire.status.phase
    return pull_progress(annotations, _states(wire), images, phase, _said(wire))


def _fetching(wire: _Pod) -> PullProgress:
    return fetch_progress((wire.metadata.annotations or {})[FETCH_KEY], _states(wire), wire.status.phase, _said(wire))


def _states(wire: _Pod) -> list[State]:
    return [one.state or State() for one in wire.status.container_statuses or ()]


def _said(wire: _Pod) -> tuple[str, str]:
    """What is said of the pod as a whole: why it ended, or why it finds no node."""
    status = wire.status
    return (status.reason, status.message) if wire.spec.node_name else unplaced(status.conditions or ())


def _staged(wire: _Pod) -> Staged:
    return staged(wire.metadata.annotations or {}, wire.spec.containers[0].image if wire.spec.containers else "")


def replica_set(raw: msgspec.Raw | bytes) -> ReplicaSet:
    """An apps/v1 ReplicaSet."""
    wire = _REPLICA_SET.decode(raw)
    meta = wire.metadata
    return ReplicaSet(
        key=meta.key,
        uid=meta.uid,
        owner=meta.controller,
        revision=(meta.annotations or {}).get(REVISION, ""),
        template_hash=(meta.labels or {}).get(POD_TEMPLATE_HASH, ""),
        wanted=1 if wire.spec.replicas is None else wire.spec.replicas,
        counted=wire.status.replicas,
    )


def service(raw: msgspec.Raw | bytes) -> Service:
    """A v1 Service."""
    wire = _SERVICE.decode(raw)
    return Service(wire.metadata.key, tuple(sorted((wire.spec.selector or {}).items())))


def node(raw: msgspec.Raw | bytes) -> Node:
    """A v1 Node; resources are its allocatable, `schedulable` means not cordoned."""
    wire = _NODE.decode(raw)
    has = {name: float(quantity(text)) for name, text in (wire.status.allocatable or {}).items()}
    return Node(
        name=wire.metadata.name,
        labels=wire.metadata.labels or {},
        ready=_ready_at(wire.status.conditions, 0.0) is not None,
        schedulable=not wire.spec.unschedulable,
        cpu_cores=has.get(CPU, 0.0),
        memory_bytes=has.get(MEMORY, 0.0),
        pods=int(has.get(PODS, 0.0)),
        other=_beyond(has),
        taints=taints(wire.spec.taints),
        point=_point(wire.metadata.annotations or {}),
        disk_pressure=any(one.type == "DiskPressure" and one.status == "True" for one in wire.status.conditions or ()),
        images=node_images(wire.status.images or ()),
    )


def namespace(raw: msgspec.Raw | bytes) -> Mapping[str, str]:
    """The labels of a v1 Namespace."""
    return _NAMESPACE.decode(raw).metadata.labels or {}


def horizontal_pod_autoscaler(raw: msgspec.Raw | bytes) -> Autoscaler:
    """An autoscaling/v2 HorizontalPodAutoscaler."""
    return _autoscaler(raw, "HorizontalPodAutoscaler")


def scaled_object(raw: msgspec.Raw | bytes) -> Autoscaler:
    """A KEDA ScaledObject, whose target is a Deployment unless it says otherwise."""
    return _autoscaler(raw, "ScaledObject")


def through(parse: Callable[[Mapping[str, Any]], Any]) -> Callable[[msgspec.Raw | bytes], Any]:
    """A decoder for our own kinds: the whole object as a dict, handed to `parse` of the api room."""
    return lambda raw: parse(_DICT.decode(raw))


def _point(annotations: Mapping[str, str]) -> Point | None:
    """Where the annotations say that a node is; None where they say nothing that is a place."""
    try:
        return Point(float(annotations[LATITUDE]), float(annotations[LONGITUDE]))
    except (KeyError, ValueError):
        return None


def _beyond(found: Amounts) -> Amounts:
    """What is neither cpu, memory nor pods; one empty value for all that have nothing more."""
    return {name: amount for name, amount in found.items() if name not in {CPU, MEMORY, PODS} and amount} or NOTHING


def amounts(spec: PodSpec) -> Amounts:
    """All that a pod requests, by resource."""
    override = spec.resources.requests if spec.resources else None
    return requested(spec.containers, spec.init_containers or (), spec.overhead, override)


def _workload(raw: msgspec.Raw | bytes, kind: str) -> Workload:
    wire = _WORKLOAD.decode(raw)
    template, namespace = _TEMPLATE.decode(wire.spec.template), wire.metadata.namespace
    needs = amounts(template.spec)
    return Workload(
        namespace=namespace,
        ref=TargetRef("apps/v1", kind, wire.metadata.name),
        uid=wire.metadata.uid,
        resource_version=wire.metadata.resource_version,
        replicas=1 if wire.spec.replicas is None else wire.spec.replicas,
        ready=wire.status.ready_replicas or 0,
        selector=selector(wire.spec.selector),
        pod=priced(needs),
        template=PodTemplate(bytes(wire.spec.template)),
        rollout=_rollout(wire) if kind == "Deployment" else None,
        asks={**needs, PODS: 1.0},
        constraints=constraints(template.spec, namespace, template.metadata.labels or {}),
    )


def _rollout(wire: _Workload) -> Rollout:
    meta, status = wire.metadata, wire.status
    return Rollout(
        revision=(meta.annotations or {}).get(REVISION, ""),
        observed=status.observed_generation >= meta.generation,
        paused=bool(wire.spec.paused),
        complete=status.is_rolled_out,
    )


def _autoscaler(raw: msgspec.Raw | bytes, kind: str) -> Autoscaler:
    wire = _AUTOSCALER.decode(raw)
    target = wire.spec.scale_target_ref
    api_version = target.api_version or "apps/v1"
    if api_version.startswith("apps/"):  # the HPA resolves its target by group and kind, whatever the version
        api_version = "apps/v1"
    return Autoscaler(kind, wire.metadata.key, TargetRef(api_version, target.kind or "Deployment", target.name))


def _ready_at(conditions: list[Condition] | None, otherwise: float) -> float | None:
    """When Ready last became True; `otherwise` where the condition carries no time; None while not Ready."""
    for condition in conditions or ():
        if condition.type == "Ready":
            if condition.status != "True":
                return None
            return otherwise if condition.last_transition_time is None else condition.last_transition_time.timestamp()
    return None


def _unschedulable_since(conditions: list[Condition] | None) -> float | None:
    for one in conditions or ():
        if one.type == "PodScheduled" and one.status == "False" and one.reason == "Unschedulable":
            return _seconds(one.last_transition_time)
    return None


def _seconds(at: datetime | None) -> float:
    return 0.0 if at is None else at.timestamp()
