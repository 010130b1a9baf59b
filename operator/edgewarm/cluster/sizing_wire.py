"""The cpu of a pod's containers on the wire: what is asked, what its kubelet has given, and what stands between.

| condition PodResizePending | its reason says why: Deferred (no room now), Infeasible (never here) |
| PodResizeInProgress        | reason Error: the kubelet tries again                                |
https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from edgewarm.cluster.milestones import Condition
from edgewarm.cluster.requests import Resources, quantity
from edgewarm.model.amounts import CPU
from edgewarm.model.sizing import Cpu, Cpus, Sizing


class _Sized(msgspec.Struct, gc=False):
    name: str = ""
    resources: Resources | None = None


class _Spec(msgspec.Struct, gc=False):
    containers: list[_Sized]


class _Status(msgspec.Struct, gc=False, rename="camel"):
    container_statuses: list[_Sized] | None = None
    conditions: list[Condition] | None = None


class _Pod(msgspec.Struct, gc=False):
    spec: _Spec
    status: _Status = msgspec.field(default_factory=_Status)


_POD = msgspec.json.Decoder(_Pod)


def sizing(raw: msgspec.Raw | bytes) -> Sizing:
    """Of a v1 Pod."""
    wire = _POD.decode(raw)
    statuses = wire.status.container_statuses or ()
    told = bool(statuses) and all(one.resources is not None for one in statuses)
    return Sizing(
        _cpus(wire.spec.containers), _cpus(statuses) if told else None, _trouble(wire.status.conditions or ())
    )


def _cpus(containers: Sequence[_Sized]) -> Cpus:
    found = {one.name: _cpu(one.resources) for one in containers}
    return {name: cpu for name, cpu in found.items() if cpu != Cpu()}


def _cpu(resources: Resources | None) -> Cpu:
    if resources is None:
        return Cpu()
    request, limit = (resources.requests or {}).get(CPU), (resources.limits or {}).get(CPU)
    return Cpu(None if request is None else float(quantity(request)), None if limit is None else float(quantity(limit)))


def _trouble(conditions: Iterable[Condition]) -> str:
    """Such as "Deferred: Node didn't have enough resource: cpu"; empty while nothing is wrong."""
    for one in conditions:
        waits = one.type == "PodResizePending" or (one.type == "PodResizeInProgress" and one.reason == "Error")
        if waits and one.status == "True":
            return f"{one.reason or 'Deferred'}: {one.message}"
    return ""
