"""Everything the informers know at one moment, and the Event that tells a person about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgewarm.model.decision import DecisionRecord
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.objects import PolicyObject, PoolObject
from edgewarm.model.workload import Autoscaler, Node, Pod, ReplicaSet, Service, Workload


@dataclass(frozen=True)
class ClusterView:
    """Mappings are snapshots: they do not change under the reader.

    `workloads` and `autoscalers` are keyed by (namespace, target); an autoscaler by the target that it owns.
    `namespaces` are the labels of each, `services` what there is in each. `owned` has the pods of each controller by
    its uid, `replica_sets` those of each Deployment by its uid. `unseen`: uids of policies for whom something was
    written that this view does not show yet. `can_resize`: the API server resizes running pods in place; None while it
    has not been asked.
    """

    policies: Mapping[Key, PolicyObject] = field(default_factory=dict)
    pools: Mapping[str, PoolObject] = field(default_factory=dict)
    workloads: Mapping[tuple[str, TargetRef], Workload] = field(default_factory=dict)
    autoscalers: Mapping[tuple[str, TargetRef], Autoscaler] = field(default_factory=dict)
    decisions: Mapping[Key, DecisionRecord] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    pods: Mapping[Key, Pod] = field(default_factory=dict)
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    services: Mapping[str, tuple[Service, ...]] = field(default_factory=dict)
    replica_sets: Mapping[str, tuple[ReplicaSet, ...]] = field(default_factory=dict)
    owned: Mapping[str, Mapping[Key, Pod]] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()
    can_resize: bool | None = None

    def owned_by(self, uid: str) -> tuple[Pod, ...]:
        """The pods of a controller, in the order of their names."""
        return tuple(pod for _, pod in sorted(self.owned.get(uid, {}).items()))


@dataclass(frozen=True, slots=True)
class Note:
    """A Kubernetes Event to record about one of our objects; `warning` chooses its type."""

    kind: str
    key: Key
    uid: str
    reason: str
    message: str
    warning: bool = False
