"""Workloads on the wire -> values of `model`: Deployments, StatefulSets, ReplicaSets, and the Services that feed them.

A pod template is kept as its bytes beside what is read of it here: only who builds a pod from it needs all of it.
"""

from __future__ import annotations

import msgspec
from msgspec import field

from edgewarm.cluster.constraints import TemplateSpec, amounts, constraints
from edgewarm.cluster.requests import priced
from edgewarm.cluster.selecting import WireSelector, selector
from edgewarm.cluster.wire import Meta
from edgewarm.model.amounts import PODS
from edgewarm.model.identity import TargetRef
from edgewarm.model.names import POD_TEMPLATE_HASH
from edgewarm.model.template import PodTemplate
from edgewarm.model.workload import ReplicaSet, Rollout, Service, Workload

REVISION = "deployment.kubernetes.io/revision"
ROLLED_OUT = "NewReplicaSetAvailable"


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


class _WorkloadMeta(Meta, gc=False, rename="camel"):
    generation: int = 0
    annotations: dict[str, str] | None = None


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
    metadata: Meta
    spec: _ServiceSpec = field(default_factory=_ServiceSpec)


_TEMPLATE = msgspec.json.Decoder(_Template)
_REPLICA_SET = msgspec.json.Decoder(_ReplicaSet)
_SERVICE = msgspec.json.Decoder(_Service)
_WORKLOAD = msgspec.json.Decoder(_Workload)


def deployment(raw: msgspec.Raw | bytes) -> Workload:
    """An apps/v1 Deployment."""
    return _workload(raw, "Deployment")


def stateful_set(raw: msgspec.Raw | bytes) -> Workload:
    """An apps/v1 StatefulSet."""
    return _workload(raw, "StatefulSet")


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
        asks={**needs, PODS: 1.0},
        constraints=constraints(template.spec, namespace, template.metadata.labels or {}),
        template=PodTemplate(bytes(wire.spec.template)),
        rollout=_rollout(wire) if kind == "Deployment" else None,
    )


def _rollout(wire: _Workload) -> Rollout:
    meta, status = wire.metadata, wire.status
    return Rollout(
        revision=(meta.annotations or {}).get(REVISION, ""),
        observed=status.observed_generation >= meta.generation,
        paused=bool(wire.spec.paused),
        complete=status.is_rolled_out,
    )
