"""What the cluster looks like to the core: targets, pods, nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.prices import PodRequests
from edgewarm.model.stages import NO_MILESTONES, Milestones, Stage


@dataclass(frozen=True, slots=True)
class Requirement:
    """One matchExpressions entry of a label selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Kubernetes semantics: NotIn and DoesNotExist also match where the label is absent."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value is not None and value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        raise ValueError(f"operator must be In, NotIn, Exists or DoesNotExist, got {self.operator}")


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector: every label and every requirement must match."""

    labels: tuple[tuple[str, str], ...] = ()
    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(labels.get(k) == v for k, v in self.labels) and all(r.matches(labels) for r in self.requirements)


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
    milestones: Milestones = NO_MILESTONES


@dataclass(frozen=True, slots=True)
class PodStart:
    """One first Ready of a pod, seen live; `stages` are those that were told, `image_bytes` the size of its images."""

    pod: Key
    labels: Mapping[str, str]
    created_at: float
    ready_at: float
    node: str = ""
    stages: Mapping[Stage, float] = field(default_factory=dict)
    image_bytes: float | None = None

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


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """Another controller that owns a target's replica count: an HPA or a KEDA ScaledObject."""

    kind: str
    key: Key
    target: TargetRef = field(default=TargetRef("", "", ""))
