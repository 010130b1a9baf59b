"""What the engine needs of the world, as Protocols; real ones and fakes fit the same hole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from edgewarm.model.decision import DecisionRecord
from edgewarm.model.demand import DemandRequest, History, Reading
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.objects import PolicyObject, PoolObject
from edgewarm.model.workload import Autoscaler, Node, Pod, PodStart, Workload

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class ClusterView:
    """Everything the informers know at one moment. Mappings are snapshots: they do not change under the reader.

    `autoscalers` is keyed by the (namespace, target) that each one owns.
    """

    policies: Mapping[Key, PolicyObject] = field(default_factory=dict)
    pools: Mapping[str, PoolObject] = field(default_factory=dict)
    workloads: Mapping[tuple[str, TargetRef], Workload] = field(default_factory=dict)
    autoscalers: Mapping[tuple[str, TargetRef], Autoscaler] = field(default_factory=dict)
    decisions: Mapping[Key, DecisionRecord] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    pods: Mapping[Key, Pod] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A Kubernetes Event to record about one of our objects; `warning` chooses its type."""

    kind: str
    key: Key
    uid: str
    reason: str
    message: str
    warning: bool = False


class Cluster(Protocol):
    """The API server. Writes raise Conflict, NotFound, Forbidden or Unavailable (model.errors)."""

    def view(self) -> ClusterView: ...

    def take_starts(self) -> Sequence[PodStart]:
        """The first Readys seen live since the last call, each once; pods already Ready when first seen give none."""

    async def scale(self, workload: Workload, replicas: int) -> None:
        """Patch /scale, guarded by `workload.resource_version`."""

    async def create_decision(self, manifest: Manifest) -> None: ...

    async def delete_decision(self, key: Key) -> None: ...

    async def apply_status(self, kind: str, key: Key, status: Manifest) -> None:
        """Server-side apply of the status of one of our kinds ("WarmingPolicy", "EdgeNodePool", "ScalingDecision")."""

    async def record(self, note: Note, now: float) -> None:
        """Write the Event unless the same one was written recently."""


class Demand(Protocol):
    """All sources together. Neither method raises for one policy's trouble: that is a Missing in its place."""

    async def read(self, requests: Mapping[Key, DemandRequest], now: float) -> Mapping[Key, Reading]: ...

    async def history(
        self, requests: Mapping[Key, DemandRequest], start: float, end: float, step_seconds: float
    ) -> Mapping[Key, History]:
        """Past demand on the grid start, start + step, ... <= end; a policy without an answer is absent."""
