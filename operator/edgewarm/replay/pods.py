"""A recorded world whose pods are seen one by one: a Deployment, its ReplicaSet, a Service and a node without end.

What the ladder needs of a cluster, as Kubernetes does it: a pod without an owner that the ReplicaSet selects is
adopted; what is too many is deleted, pods that are not Ready first, the youngest of each kind first; what is missing is
started.
A pod is ready when its start time is over, a standby's like a replica's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from edgewarm.decide.promoting import is_standby
from edgewarm.model.errors import Conflict, NotFound
from edgewarm.model.identity import Key
from edgewarm.model.names import POD_TEMPLATE_HASH
from edgewarm.model.operations import AskEviction, CreateObject, Operation, PatchObject
from edgewarm.model.selector import Selector
from edgewarm.model.template import PodTemplate
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Node, Owner, Pod, PodStart, ReplicaSet, Rollout, Service, Workload
from edgewarm.replay.account import Crew
from edgewarm.replay.world import Claim, MemoryCluster

HASH, REVISION, NODE = "replayed", "1", "anywhere"
ENDLESS = Node(NODE, {}, ready=True, schedulable=True, cpu_cores=math.inf, memory_bytes=math.inf, pods=10**6)


@dataclass
class PodCluster(MemoryCluster):
    """A cluster of one policy's workload. `started`: pods that became ready; `stirred_up`: a promotion may be due."""

    started: int = 0
    promotions: int = 0
    parkings: int = 0
    stirred_up: bool = False
    pods: dict[Key, Pod] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        (claim,) = self.workloads
        plain = self.workloads[claim]
        name = plain.ref.name
        body = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app", "image": name}]}}
        self._claim: Claim = claim
        self._item = next(iter(self.items.values()))
        self._set = Owner("ReplicaSet", name, f"set-{name}")
        self._service = Service(Key(claim[0], name), (("app", name),))
        self._due: dict[str, float] = {}
        self._drawn = -math.inf, 0
        self._named = 0
        self.workloads[claim] = replace(
            plain, rollout=Rollout(REVISION, True, False, True), template=PodTemplate(msgspec.json.encode(body))
        )
        for _ in range(plain.replicas):
            self._add(self._labels(), self._set, ready_at=self.now)
        self._count()

    def view(self) -> ClusterView:
        """Everything there is now."""
        owned: dict[str, dict[Key, Pod]] = {}
        for key, pod in self.pods.items():
            if pod.owner is not None:
                owned.setdefault(pod.owner.uid, {})[key] = pod
        workload = self._workload
        owner = Owner(workload.ref.kind, workload.ref.name, workload.uid)
        wanted, name = workload.replicas, Key(workload.namespace, self._set.name)
        standing = ReplicaSet(name, self._set.uid, owner, REVISION, HASH, wanted, len(self._replicas()))
        return replace(
            super().view(),
            nodes={NODE: ENDLESS},
            pods=dict(self.pods),
            services={workload.namespace: (self._service,)},
            replica_sets={workload.uid: (standing,)},
            owned=owned,
        )

    @property
    def next_ready(self) -> float:
        """When the next pod becomes ready."""
        return min(self._due.values(), default=math.inf)

    @property
    def crew(self) -> Crew:
        """The pods there are, by what they do."""
        mine = self._replicas()
        serving = sum(pod.ready_at is not None for pod in mine)
        return Crew(serving, len(mine) - serving, sum(is_standby(pod) for pod in self.pods.values()))

    def advance(self, now: float) -> None:
        """Time goes on until then; who is ready by now is."""
        self.now = now
        for key, pod in tuple(self.pods.items()):
            if self._due.get(pod.uid, math.inf) <= now:
                self._arrived(key, pod, self._due.pop(pod.uid))
        self._count()

    async def scale(self, workload: Workload, replicas: int) -> None:
        """The ReplicaSet starts and removes pods at once."""
        self.writes += 1
        seen = self._workload
        if seen.resource_version != workload.resource_version:
            raise Conflict(f"{workload.ref} changed")
        self.workloads[self._claim] = replace(
            seen, replicas=replicas, resource_version=str(int(seen.resource_version) + 1)
        )
        self._reconcile()

    async def carry_out(self, operation: Operation) -> None:
        """As the API server does, and the ReplicaSet after it."""
        self.writes += 1
        if isinstance(operation, CreateObject):
            meta = operation.manifest["metadata"]
            self._add(dict(meta["labels"]), _owner(meta["ownerReferences"]))
            return
        pod = self.pods.get(operation.key)
        if pod is None or pod.uid != operation.uid:
            raise NotFound(f"pod {operation.key} is gone")
        if isinstance(operation, AskEviction):
            return  # no PodDisruptionBudget is recorded
        if operation.resource_version not in {"", pod.resource_version}:
            raise Conflict(f"pod {operation.key} changed")
        if isinstance(operation, PatchObject):
            self._patch(pod, operation.body["metadata"])
        else:
            self._remove(pod)
        self._reconcile()

    @property
    def _workload(self) -> Workload:
        return self.workloads[self._claim]

    def _labels(self) -> dict[str, str]:
        return {**self._workload.template.labels, POD_TEMPLATE_HASH: HASH}

    def _replicas(self) -> list[Pod]:
        return [pod for pod in self.pods.values() if pod.owner == self._set]

    def _add(self, labels: Mapping[str, str], owner: Owner | None, ready_at: float | None = None) -> None:
        self._named += 1
        key = Key(self._claim[0], f"{self._set.name}-{self._named:06}")
        phase = "Pending" if ready_at is None else "Running"
        self.pods[key] = Pod(
            key,
            f"uid-{key.name}",
            labels,
            NODE,
            phase,
            self.now,
            ready_at,
            deleting=False,
            resource_version="1",
            owner=owner,
            once_ready=ready_at is not None,
        )
        if ready_at is None:
            self._due[f"uid-{key.name}"] = self.now + self._next_start()

    def _next_start(self) -> float:
        """The n-th pod of a moment takes the n-th draw, whatever it is for."""
        at, count = self._drawn
        count = count + 1 if at == self.now else 1
        self._drawn = self.now, count
        return float(self.lead.seconds(self.now, count)[-1])

    def _arrived(self, key: Key, pod: Pod, at: float) -> None:
        self.pods[key] = replace(
            pod, phase="Running", ready_at=at, once_ready=True, resource_version=f"{int(pod.resource_version) + 1}"
        )
        self.started += 1
        self.stirred_up = True
        self._starts.append(PodStart(key, pod.labels, pod.created_at, at))

    def _patch(self, pod: Pod, meta: Mapping[str, Any]) -> None:
        """RFC 7386, of labels and owners."""
        labels = {**pod.labels, **meta.get("labels", {})}
        owner = _owner(meta["ownerReferences"]) if "ownerReferences" in meta else pod.owner
        changed = replace(
            pod,
            labels={key: value for key, value in labels.items() if value is not None},
            owner=owner,
            resource_version=f"{int(pod.resource_version) + 1}",
        )
        self.pods[pod.key] = changed
        self.promotions += is_standby(pod) and not is_standby(changed)
        self.parkings += is_standby(changed) and not is_standby(pod)

    def _remove(self, pod: Pod) -> None:
        del self.pods[pod.key]
        self._due.pop(pod.uid, None)

    def _reconcile(self) -> None:
        """The ReplicaSet's part."""
        selected = Selector(tuple(self._labels().items()))
        for key, pod in self.pods.items():
            if pod.owner is None and selected.matches(pod.labels):
                self.pods[key] = replace(pod, owner=self._set)
        mine, wanted = self._replicas(), self._workload.replicas
        for pod in sorted(mine, key=self._kept_first)[wanted:]:
            self._remove(pod)
        for _ in range(wanted - len(mine)):
            self._add(self._labels(), self._set)
        self.stirred_up = True
        self._count()

    def _kept_first(self, pod: Pod) -> tuple[float, ...]:
        """Ready pods, those that have been so for longest, then those that will be so first."""
        return (0.0, pod.ready_at) if pod.ready_at is not None else (1.0, self._due[pod.uid])

    def _count(self) -> None:
        """The Deployment's status."""
        ready = self.crew.serving
        if self._workload.ready != ready:
            self.workloads[self._claim] = replace(self._workload, ready=ready)


def _owner(references: Sequence[Mapping[str, Any]] | None) -> Owner | None:
    """The controller among them."""
    return next((Owner(one["kind"], one["name"], one["uid"]) for one in references or () if one["controller"]), None)
