"""Raw bytes of watched objects -> values of `model`, decoding only what we read (workloads: `workload_kinds`).

Structs mirror the wire; everything is optional there, because the API server leaves zero values out.
`gc=False` is safe (the structs hold no cycles and live for one conversion) and spares the collector millions of visits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import field

from edgewarm.cluster.constraints import PodSpec, TemplateSpec, WireTaint, amounts, apart, constraints, frame, taints
from edgewarm.cluster.data_wire import fetch_progress, image_volumes, staged
from edgewarm.cluster.milestones import Condition, ContainerStatus, milestones, unplaced
from edgewarm.cluster.pull_progress import NodeImage, State, node_images, pull_progress
from edgewarm.cluster.requests import ResourceList, quantity
from edgewarm.cluster.sizing_wire import sizing
from edgewarm.cluster.wire import Meta, seconds
from edgewarm.model.amounts import CPU, MEMORY, NOTHING, PODS, Amounts
from edgewarm.model.constraints import Constraints
from edgewarm.model.data import Staged
from edgewarm.model.geography import Point
from edgewarm.model.identity import TargetRef
from edgewarm.model.names import FETCH_KEY, LATITUDE, LONGITUDE, RUNG_LABEL
from edgewarm.model.pulls import PullProgress
from edgewarm.model.rungs import PULLED, RungName
from edgewarm.model.workload import Autoscaler, Node, Pod

READY_SLACK_SECONDS = 1.0  # times on the wire are whole seconds


class _PodStatus(msgspec.Struct, gc=False, rename="camel"):
    phase: str = ""
    reason: str = ""
    message: str = ""
    start_time: datetime | None = None
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None


class _Pod(msgspec.Struct, gc=False):
    metadata: Meta
    spec: PodSpec = field(default_factory=PodSpec)
    status: _PodStatus = field(default_factory=_PodStatus)


class _Unplaced(msgspec.Struct, gc=False):
    metadata: Meta
    spec: TemplateSpec = field(default_factory=TemplateSpec)


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
    metadata: Meta
    spec: _AutoscalerSpec


_POD = msgspec.json.Decoder(_Pod)
_UNPLACED = msgspec.json.Decoder(_Unplaced)
_NAMESPACE = msgspec.json.Decoder(_Namespace)
_NODE = msgspec.json.Decoder(_Node)
_AUTOSCALER = msgspec.json.Decoder(_Autoscaler)
_DICT = msgspec.json.Decoder(dict[str, Any])


def pod(raw: msgspec.Raw | bytes) -> Pod:
    """A v1 Pod; its requests are counted as the scheduler counts them."""
    wire = _POD.decode(raw)
    meta, spec = wire.metadata, wire.spec
    identity = spec.identity
    needs, rung = amounts(spec), (meta.labels or {}).get(RUNG_LABEL)
    return Pod(
        key=meta.key,
        uid=meta.uid,
        labels=meta.labels or {},
        node=spec.node_name,
        phase=wire.status.phase,
        created_at=seconds(meta.creation_timestamp),
        ready_at=_ready_at(wire.status.conditions, seconds(meta.creation_timestamp)),
        deleting=meta.deletion_timestamp is not None,
        cpu_cores=needs.get(CPU, 0.0),
        memory_bytes=needs.get(MEMORY, 0.0),
        other=_beyond(needs),
        apart=apart(spec, meta.namespace),
        resource_version=meta.resource_version,
        owner=meta.controller,
        once_ready=_once_ready(wire.status),
        unschedulable_since=_unschedulable_since(wire.status.conditions),
        priority=spec.priority or 0,
        shape=hash(identity),
        constraints=None if spec.node_name else _unplaced(raw),
        milestones=milestones(
            wire.status.conditions or (),
            wire.status.start_time,
            wire.status.container_statuses or (),
            (spec.containers, spec.init_containers or ()),
            spec.volumes or (),
        ),
        pulling=_pulling(wire) if rung in PULLED and FETCH_KEY not in (meta.annotations or {}) else None,
        fetching=_fetching(wire) if FETCH_KEY in (meta.annotations or {}) else None,
        staged=_staged(wire) if rung == RungName.DATA else None,
        mounts=image_volumes(spec.volumes or ()),
        frame=frame(identity),
        sizing=sizing(raw) if rung == RungName.STANDBY else None,
    )


def _pulling(wire: _Pod) -> PullProgress:
    annotations, images, phase = wire.metadata.annotations or {}, len(wire.spec.containers), wire.status.phase
    return pull_progress(annotations, _states(wire), images, phase, _said(wire))


def _fetching(wire: _Pod) -> PullProgress:
    return fetch_progress(wire.metadata.annotations or {}, _states(wire), wire.status.phase, _said(wire))


def _states(wire: _Pod) -> list[State]:
    return [one.state or State() for one in wire.status.container_statuses or ()]


def _said(wire: _Pod) -> tuple[str, str]:
    """What is said of the pod as a whole: why it ended, or why it finds no node."""
    status = wire.status
    return (status.reason, status.message) if wire.spec.node_name else unplaced(status.conditions or ())


def _staged(wire: _Pod) -> Staged:
    return staged(wire.metadata.annotations or {}, wire.spec.containers[0].image if wire.spec.containers else "")


def _unplaced(raw: msgspec.Raw | bytes) -> Constraints:
    """What a pod asks of the node that it does not have yet."""
    wire = _UNPLACED.decode(raw)
    return constraints(wire.spec, wire.metadata.namespace, wire.metadata.labels or {})


def node(raw: msgspec.Raw | bytes) -> Node:
    """A v1 Node; resources are its allocatable, `schedulable` means not cordoned."""
    wire = _NODE.decode(raw)
    has = {name: float(quantity(text)) for name, text in (wire.status.allocatable or {}).items()}
    told = next((one for one in wire.status.conditions or () if one.type == "Ready"), None)
    return Node(
        name=wire.metadata.name,
        labels=wire.metadata.labels or {},
        ready=told is not None and told.status == "True",
        ready_changed_at=0.0 if told is None else seconds(told.last_transition_time),
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


def _once_ready(status: _PodStatus) -> bool:
    """It is Ready, or its Ready condition changed after the pod had been taken in by its kubelet.

    A kubelet writes startTime and the first Ready condition (False) in one go; the condition's time moves only when its
    status does, so a later time means that the pod was Ready in between.
    """
    ready = next((one for one in status.conditions or () if one.type == "Ready"), None)
    if ready is None or ready.status == "True":
        return ready is not None
    if status.start_time is None or ready.last_transition_time is None:
        return False
    return ready.last_transition_time.timestamp() > status.start_time.timestamp() + READY_SLACK_SECONDS


def _unschedulable_since(conditions: list[Condition] | None) -> float | None:
    for one in conditions or ():
        if one.type == "PodScheduled" and one.status == "False" and one.reason == "Unschedulable":
            return seconds(one.last_transition_time)
    return None
