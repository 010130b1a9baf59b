"""What the cluster looks like to the core: targets, pods, nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgewarm.model.amounts import CPU, MEMORY, NOTHING, PODS, Amounts
from edgewarm.model.constraints import Constraints, PodTerm, Taint
from edgewarm.model.geography import Point
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.prices import PodRequests
from edgewarm.model.selector import Requirement as Requirement
from edgewarm.model.selector import Selector as Selector


@dataclass(frozen=True, slots=True)
class Workload:
    """A scalable object as last seen: wanted and ready replicas, how to find its pods, what each requests."""

    namespace: str
    ref: TargetRef
    uid: str
    resource_version: str
    replicas: int
    ready: int
    selector: Selector
    pod: PodRequests = field(default=PodRequests())
    asks: Amounts = field(default_factory=lambda: NOTHING)  # of one pod, all resources, `pods` included
    constraints: Constraints = field(default=Constraints())

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.ref.name)


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as last seen. `ready_at` is the last change of its Ready condition to True, None while it is not Ready."""

    key: Key
    uid: str
    labels: Mapping[str, str]
    node: str
    phase: str
    created_at: float
    ready_at: float | None
    deleting: bool
    cpu_cores: float = 0.0
    memory_bytes: float = 0.0
    other: Amounts = field(default_factory=lambda: NOTHING)  # beyond cpu, memory and itself
    apart: tuple[PodTerm, ...] = ()

    @property
    def holds_room(self) -> bool:
        """A finished pod holds nothing of its node."""
        return self.phase not in {"Succeeded", "Failed"}

    @property
    def asks(self) -> Amounts:
        """All that it requests, itself included."""
        return {CPU: self.cpu_cores, MEMORY: self.memory_bytes, PODS: 1.0, **self.other}


@dataclass(frozen=True, slots=True)
class PodStart:
    """One first Ready of a pod, seen live."""

    pod: Key
    labels: Mapping[str, str]
    created_at: float
    ready_at: float

    @property
    def seconds(self) -> float:
        return self.ready_at - self.created_at


@dataclass(frozen=True, slots=True)
class Node:
    """A node as last seen; resources are what it can give to pods (allocatable)."""

    name: str
    labels: Mapping[str, str]
    ready: bool
    schedulable: bool
    cpu_cores: float
    memory_bytes: float
    pods: int
    other: Amounts = field(default_factory=lambda: NOTHING)  # beyond cpu, memory and pods
    taints: tuple[Taint, ...] = ()
    point: Point | None = None

    @property
    def allocatable(self) -> Amounts:
        """All that it can give, by the names of Kubernetes."""
        return {CPU: self.cpu_cores, MEMORY: self.memory_bytes, PODS: float(self.pods), **self.other}


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """Another controller that owns a target's replica count: an HPA or a KEDA ScaledObject."""

    kind: str
    key: Key
    target: TargetRef = field(default=TargetRef("", "", ""))
