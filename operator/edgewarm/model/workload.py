"""What the cluster looks like to the core: targets, pods, nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgewarm.model.amounts import CPU, EPHEMERAL, MEMORY, NOTHING, PODS, Amounts
from edgewarm.model.constraints import Constraints, PodTerm, Taint
from edgewarm.model.data import Staged
from edgewarm.model.geography import Point
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.prices import PodRequests
from edgewarm.model.pulls import NO_IMAGES, NodeImages, PullProgress
from edgewarm.model.selector import Requirement as Requirement
from edgewarm.model.selector import Selector as Selector
from edgewarm.model.sizing import Sizing
from edgewarm.model.stages import NO_MILESTONES, Milestones, Stage
from edgewarm.model.template import PodTemplate


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a Deployment has got with its template. `revision` is that of its current ReplicaSet.

    `observed`: its controller has seen the last change of the spec; `complete`: the last rollout came to its end, which
    stays true while it is only scaled.
    """

    revision: str = ""
    observed: bool = False
    paused: bool = False
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Workload:
    """A scalable object as last seen: wanted and ready replicas, how to find its pods, what each requests.

    `rollout` is None for what is no Deployment.
    """

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
    template: PodTemplate = field(default=PodTemplate())
    rollout: Rollout | None = None

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.ref.name)


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller of an object, by its ownerReference."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """A ReplicaSet as last seen: what its spec wants, how many pods its status counts."""

    key: Key
    uid: str
    owner: Owner | None
    revision: str
    template_hash: str
    wanted: int
    counted: int


@dataclass(frozen=True, slots=True)
class Service:
    """What a Service selects; one without a selector selects nothing."""

    key: Key
    selector: tuple[tuple[str, str], ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return bool(self.selector) and all(labels.get(key) == value for key, value in self.selector)


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as last seen. `ready_at` is the last change of its Ready condition to True, None while it is not Ready.

    `once_ready`: it is Ready, or was and no longer is. `unschedulable_since`: the scheduler finds no node for it.
    `shape` stands for its containers, their resources and its account: pods that differ in these differ in it; `frame`
    for the same without the amounts of cpu.
    """

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
    resource_version: str = ""
    owner: Owner | None = None
    once_ready: bool = False
    unschedulable_since: float | None = None
    priority: int = 0
    shape: int = 0
    constraints: Constraints | None = None  # of the node that it still waits for
    milestones: Milestones = NO_MILESTONES
    pulling: PullProgress | None = None  # of a pull pod of ours
    fetching: PullProgress | None = None  # of a pod of ours that fetches a file
    staged: Staged | None = None  # of one that stages data
    mounts: frozenset[str] = frozenset()  # canonical names of the images that it mounts as volumes
    frame: int = 0
    sizing: Sizing | None = None  # of a standby

    @property
    def holds_room(self) -> bool:
        """A finished pod holds nothing of its node."""
        return self.phase not in {"Succeeded", "Failed"}

    @property
    def is_active(self) -> bool:
        """As a ReplicaSet counts: neither finished nor on its way out."""
        return self.holds_room and not self.deleting

    @property
    def brings(self) -> PullProgress | None:
        """How far it has got, of a pod of ours that pulls or fetches; None of all others."""
        return self.pulling or self.fetching

    @property
    def asks(self) -> Amounts:
        """All that it requests, itself included."""
        return {CPU: self.cpu_cores, MEMORY: self.memory_bytes, PODS: 1.0, **self.other}


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
    """A node as last seen; resources are what it can give to pods (allocatable).

    `ready_changed_at`: when its condition Ready last changed, 0 where it does not say.
    """

    name: str
    labels: Mapping[str, str]
    ready: bool
    schedulable: bool
    cpu_cores: float
    memory_bytes: float
    pods: int
    disk_pressure: bool = False
    images: NodeImages = NO_IMAGES
    other: Amounts = field(default_factory=lambda: NOTHING)  # beyond cpu, memory and pods
    taints: tuple[Taint, ...] = ()
    point: Point | None = None
    ready_changed_at: float = 0.0

    @property
    def disk_bytes(self) -> float:
        """Its ephemeral storage, on which images lie too; 0 where it does not say."""
        return self.other.get(EPHEMERAL, 0.0)

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
