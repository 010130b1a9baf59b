"""The engine's port `Cluster`, fulfilled by informers for reading and guarded requests for writing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from edgewarm.cluster import kinds, resources, workload_kinds
from edgewarm.cluster.abilities import Abilities
from edgewarm.cluster.events import EventRecorder
from edgewarm.cluster.executor import Executor, Seen
from edgewarm.cluster.informer import Informer, Reads, Timing
from edgewarm.cluster.milestones import pull
from edgewarm.cluster.owned import OwnedBy
from edgewarm.cluster.resources import Resource
from edgewarm.cluster.starts import StartWatch
from edgewarm.cluster.stirring import Stirring
from edgewarm.model.decision import DecisionRecord
from edgewarm.model.errors import Conflict
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.objects import PolicyObject, PoolObject
from edgewarm.model.operations import Operation
from edgewarm.model.stages import Pull
from edgewarm.model.view import ClusterView, Note
from edgewarm.model.workload import Autoscaler, Node, Pod, PodStart, ReplicaSet, Service, Workload

R = TypeVar("R")
Manifest = Mapping[str, Any]
Target = tuple[str, TargetRef]
SCALE_ATTEMPTS = 4


@dataclass(frozen=True)
class Parsers:
    """Wire -> model for our own kinds, from the api room; `decision` answers None for one it cannot read."""

    policy: Callable[[Manifest], PolicyObject]
    pool: Callable[[Manifest], PoolObject]
    decision: Callable[[Manifest], DecisionRecord | None]


class _ScaleMeta(msgspec.Struct, rename="camel"):
    resource_version: str


class _ScaleSpec(msgspec.Struct):
    replicas: int = 0


class _Scale(msgspec.Struct):
    """The parts of autoscaling/v1 Scale that guard a write."""

    metadata: _ScaleMeta
    spec: _ScaleSpec


class Api(Reads, Protocol):
    """What the adapter needs of the client; `client.ApiClient` is one."""

    async def get(self, resource: Resource, key: Key, subresource: str = "") -> bytes: ...

    async def create(self, resource: Resource, namespace: str, manifest: Manifest) -> bytes: ...

    async def ask_eviction(self, key: Key, body: Manifest) -> None: ...

    async def delete(self, resource: Resource, key: Key, options: Manifest | None = None) -> None: ...

    async def merge_patch(self, resource: Resource, key: Key, body: Manifest, subresource: str = "") -> bytes: ...

    async def strategic_patch(self, resource: Resource, key: Key, body: Manifest, subresource: str = "") -> bytes: ...

    async def apply(self, resource: Resource, key: Key, body: Manifest, subresource: str = "") -> bytes: ...

    async def core_resources(self) -> bytes: ...

    async def close(self) -> None: ...


class KubeCluster:
    """Everything the engine sees and does in the cluster.

    `wake` is called when a person changed one of our objects: a new spec, an approval, a deletion.
    """

    def __init__(
        self,
        api: Api,
        parsers: Parsers,
        timing: Timing,
        wake: Callable[[], None] | None = None,
    ) -> None:
        self._api = api
        self._wake = wake or (lambda: None)
        self._starts = StartWatch()
        self._owned: OwnedBy[Pod] = OwnedBy()
        self._replica_sets: OwnedBy[ReplicaSet] = OwnedBy()
        self._stirring = Stirring()
        self._abilities = Abilities(api, timing.sleep)
        self.recorder = EventRecorder(api)
        self._informers: list[Informer[Any]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._follow(parsers, timing)
        self._executor = Executor(api, timing.clock, self._lookup, timing.sleep)

    def _follow(self, parsers: Parsers, timing: Timing) -> None:
        def informer(resource: Resource, decode: Callable[[Any], Any], on_change: Any = None) -> Informer[Any]:
            followed: Informer[Any] = Informer(self._api, resource, decode, timing, on_change)
            self._informers.append(followed)
            return followed

        policies = informer(resources.POLICIES, kinds.through(parsers.policy), self._policy_changed)
        pools = informer(resources.POOLS, kinds.through(parsers.pool), self._pool_changed)
        decisions = informer(resources.DECISIONS, kinds.through(parsers.decision), self._decision_changed)
        deployments = informer(resources.DEPLOYMENTS, workload_kinds.deployment, self._stirring.workload)
        stateful_sets = informer(resources.STATEFUL_SETS, workload_kinds.stateful_set)
        self._informers.append(Informer(self._api, resources.PULLS, pull, _unmarked(timing), self._starts.pulled))
        pods = informer(resources.PODS, kinds.pod, self._pod_changed)
        informer(resources.REPLICA_SETS, workload_kinds.replica_set, self._replica_set_changed)
        services = informer(resources.SERVICES, workload_kinds.service)
        nodes = informer(resources.NODES, kinds.node, self._node_changed)
        namespaces = informer(resources.NAMESPACES, kinds.namespace)
        hpas = informer(resources.AUTOSCALERS, kinds.horizontal_pod_autoscaler)
        scaled_objects = informer(resources.SCALED_OBJECTS, kinds.scaled_object)
        self._caches: Mapping[str, Informer[Any]] = {"Pod": pods}
        self._parts: dict[str, Callable[[], Any]] = {
            "policies": lambda: policies.objects,
            "decisions": lambda: decisions.objects,
            "pods": lambda: pods.objects,
            "replica_sets": self._replica_sets.tuples,
            "services": _Derived((services,), _by_namespace),
            "owned": self._owned.snapshot,
            "unseen": lambda: self._executor.unseen(),
            "can_resize": lambda: self._abilities.can_resize,
            "pools": _Derived((pools,), _by_name),
            "nodes": _Derived((nodes,), _by_name),
            "namespaces": _Derived((namespaces,), _by_name),
            "workloads": _Derived((deployments, stateful_sets), _workloads),
            # KEDA drives an HPA of its own: where both own a target, the ScaledObject is the one to talk to.
            "autoscalers": _Derived((hpas, scaled_objects), _owners),
        }

    async def start(self) -> None:
        """Begin to follow all kinds; returns at once."""
        for informer in self._informers:
            name = f"informer-{informer.resource.plural}"
            self._tasks.append(asyncio.create_task(informer.run(), name=name))
        self._tasks.append(asyncio.create_task(self._abilities.run(), name="abilities"))

    async def stop(self) -> None:
        """End all informers and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self._api.close()

    @property
    def synced(self) -> bool:
        """Every kind has been listed once (or is known not to be installed)."""
        return all(informer.synced for informer in self._informers)

    async def wait_synced(self) -> None:
        """Until `synced`; raises the bug that ended an informer, should there be one."""
        synced = asyncio.create_task(self._all_synced())
        try:
            await asyncio.wait([synced, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            synced.cancel()
        self._raise_bugs()

    def ages(self, now: float) -> Mapping[str, float]:
        """Plural -> seconds since the API server last said anything about it."""
        return {informer.resource.plural: informer.age(now) for informer in self._informers}

    def view(self) -> ClusterView:
        """Everything known now; raises the bug that ended an informer, rather than showing a view that is going old."""
        self._raise_bugs()
        return ClusterView(**{name: part() for name, part in self._parts.items()})

    def take_starts(self) -> Sequence[PodStart]:
        return self._starts.take()

    def take_pulls(self) -> Sequence[Pull]:
        return self._starts.take_pulls()

    async def scale(self, workload: Workload, replicas: int) -> None:
        """Set spec.replicas through /scale; Conflict if somebody else changed them since `workload` was read.

        A Scale carries its parent's resourceVersion, and a patch that names one is checked against it. Versions move
        with every status too, most of all while pods start, so a conflict is looked into: only the count matters.
        """
        resource, version = resources.scalable(workload.ref), workload.resource_version
        for _ in range(SCALE_ATTEMPTS):
            body = {"metadata": {"resourceVersion": version}, "spec": {"replicas": replicas}}
            try:
                await self._api.merge_patch(resource, workload.key, body, "scale")
            except Conflict as conflict:
                found = msgspec.json.decode(await self._api.get(resource, workload.key, "scale"), type=_Scale)
                if found.spec.replicas != workload.replicas:
                    raise
                version, problem = found.metadata.resource_version, conflict
            else:
                return
        raise problem

    async def carry_out(self, operation: Operation) -> None:
        await self._executor.carry_out(operation)

    async def create_decision(self, manifest: Manifest) -> None:
        """Conflict if one of that name exists."""
        await self._api.create(resources.DECISIONS, manifest["metadata"]["namespace"], manifest)

    async def delete_decision(self, key: Key) -> None:
        await self._api.delete(resources.DECISIONS, key)

    async def apply_status(self, kind: str, key: Key, status: Manifest) -> None:
        """The whole status that we own: fields that `status` leaves out go away."""
        resource = resources.ours(kind)
        metadata = {"name": key.name, **({"namespace": key.namespace} if key.namespace else {})}
        body = {"apiVersion": resource.api_version, "kind": kind, "metadata": metadata, "status": status}
        await self._api.apply(resource, key, body, "status")

    async def record(self, note: Note, now: float) -> None:
        await self.recorder.record(note, now)

    async def _all_synced(self) -> None:
        for informer in self._informers:
            await informer.wait_synced()

    def _raise_bugs(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled() and (bug := task.exception()) is not None:
                raise RuntimeError(f"following the cluster: {task.get_name()} ended by a bug") from bug

    def _lookup(self, kind: str, key: Key) -> Seen | None:
        found: Seen | None = self._caches[kind].get(key)
        return found

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        self._starts.changed(old, new)
        self._owned.changed(old, new)
        self._executor.changed(old, new)
        self._stirring.pod(old, new)

    def _replica_set_changed(self, old: ReplicaSet | None, new: ReplicaSet | None) -> None:
        self._replica_sets.changed(old, new)
        self._stirring.replica_set(old, new)

    async def stirred(self) -> None:
        """Until something that a promotion depends on has changed since the last call."""
        await self._stirring.wait()

    def _policy_changed(self, old: PolicyObject | None, new: PolicyObject | None) -> None:
        # A status that we wrote comes back as a change; waking for it would make the engine run in circles.
        if old is None or new is None or (old.policy, old.problem, old.uid) != (new.policy, new.problem, new.uid):
            self._wake()

    def _pool_changed(self, old: PoolObject | None, new: PoolObject | None) -> None:
        if old is None or new is None or _asked_of(old) != _asked_of(new):
            self._wake()

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        # A cordon is the beginning of a drain, whose evictions begin at once: what is to be warm elsewhere is late.
        if old is not None and new is not None and _closed(old) != _closed(new):
            self._wake()

    def _decision_changed(self, old: DecisionRecord | None, new: DecisionRecord | None) -> None:
        # Decisions come and go by our own hand; what a person writes is the approval.
        if old is not None and new is not None and old.approval != new.approval:
            self._wake()


class _Derived(Generic[R]):
    """A value computed from informers, again only after one of them changed."""

    def __init__(self, informers: tuple[Informer[Any], ...], build: Callable[..., R]) -> None:
        self._informers = informers
        self._build = build
        self._revisions: tuple[int, ...] | None = None
        self._value: R

    def __call__(self) -> R:
        revisions = tuple(informer.revision for informer in self._informers)
        if revisions != self._revisions:
            self._value = self._build(*(informer.objects for informer in self._informers))
            self._revisions = revisions
        return self._value


def _unmarked(timing: Timing) -> Timing:
    """Events get no bookmarks (the API server does not cache them), so a quiet hour is no dead connection."""
    return replace(timing, idle_seconds=timing.watch_seconds[1] + timing.idle_seconds)


def _asked_of(pool: PoolObject) -> tuple[object, ...]:
    """All that a person wrote into a pool."""
    asked = (pool.selector, pool.settings, pool.allowed_namespaces, pool.prices, pool.approval)
    return *asked, pool.problem, pool.uid


def _closed(node: Node) -> tuple[object, ...]:
    return node.schedulable, node.taints


def _by_namespace(services: Mapping[Key, Service]) -> Mapping[str, tuple[Service, ...]]:
    found: dict[str, list[Service]] = {}
    for service in services.values():
        found.setdefault(service.key.namespace, []).append(service)
    return {namespace: tuple(all_of) for namespace, all_of in found.items()}


def _by_name(objects: Mapping[Key, R]) -> Mapping[str, R]:
    return {key.name: value for key, value in objects.items()}


def _workloads(*kinds_of: Mapping[Key, Workload]) -> Mapping[Target, Workload]:
    return {(workload.namespace, workload.ref): workload for objects in kinds_of for workload in objects.values()}


def _owners(*kinds_of: Mapping[Key, Autoscaler]) -> Mapping[Target, Autoscaler]:
    """Later kinds win over earlier ones."""
    return {(owner.key.namespace, owner.target): owner for objects in kinds_of for owner in objects.values()}
