"""Promotion, which waits for no pass: the cluster tells of a change, and standbys become what a ReplicaSet lacks.

a ReplicaSet wants more, or lost a pod -> decide.promoting -> one guarded patch per standby -> it is adopted
    a standby at rest before that:      -> one guarded resize -> its kubelet tells of it, which is the next change

Promoting first would be faster by a blink (a kubelet takes 0.1 to 0.4 s), and would serve with the cpu of the rest for
that long, or for ever where the resize is deferred.
Modes Act and Recommend (a person approved that the standbys are held); Observe and a pause promote nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import structlog

from edgewarm.decide.promoting import Crew, is_draining, is_standby, missing, promotions, rises, standing_on
from edgewarm.decide.resting import Sizes
from edgewarm.engine.alone import alone
from edgewarm.engine.ports import Cluster, Telemetry
from edgewarm.engine.resting import template_sizes, to_resize
from edgewarm.engine.standing import elders
from edgewarm.manifests.standby import promotion
from edgewarm.model.errors import EdgewarmError, Invalid
from edgewarm.model.identity import Key
from edgewarm.model.objects import PolicyObject
from edgewarm.model.operations import PatchObject
from edgewarm.model.policy import Mode
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod, ReplicaSet, Workload
from edgewarm.pools.room import room

log = structlog.get_logger()
AT_ONCE = 16
ARRIVED_SECONDS = 30.0
"""After which a promoted pod that nobody adopted no longer counts as on its way."""
HELD_SECONDS = 10.0
"""For how long a scale-in that was begun keeps promotions away."""
REFUSED_SECONDS = 30.0
"""For how long a standby that the API server did not resize lets others go first."""


@dataclass(frozen=True, slots=True)
class _Promoted:
    """A standby that was promoted: for which ReplicaSet, and when."""

    key: Key
    replica_set: str
    at: float


@dataclass(frozen=True, slots=True)
class _Raised:
    """A standby that was asked to rise, in which version and when; `refused`: the API server said no."""

    version: str
    at: float
    refused: bool = False

    def stands(self, pod: Pod, now: float) -> bool:
        """Whether the view does not show it yet, or it was refused just now."""
        return now - self.at < REFUSED_SECONDS and (self.refused or self.version == pod.resource_version)


@dataclass(frozen=True, slots=True)
class _Work:
    """What the standbys of one policy do now."""

    item: PolicyObject
    workload: Workload
    replica_set: ReplicaSet
    promoted: tuple[Pod, ...]
    rising: tuple[Pod, ...]
    sizes: Sizes

    @property
    def why(self) -> str:
        return f"ReplicaSet {self.replica_set.key.name} wants {self.replica_set.wanted}"


class Promoter:
    """Level, not edge: each look compares what every ReplicaSet lacks with the standbys that fit it."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry) -> None:
        self._cluster = cluster
        self._telemetry = telemetry
        self._held: dict[str, tuple[int, float]] = {}  # ReplicaSet -> the count it is being lowered to, and since when
        self._promoted: dict[str, _Promoted] = {}  # by uid of the pod, until the view shows it adopted
        self._raised: dict[str, _Raised] = {}  # by uid of the pod

    def hold(self, replica_set: str, after: int, now: float) -> None:
        """Nothing for this ReplicaSet until it wants no more than `after`, or a while has passed."""
        self._held[replica_set] = after, now

    def release(self, replica_set: str) -> None:
        """The ReplicaSet was not lowered after all."""
        self._held.pop(replica_set, None)

    async def look(self, now: float) -> int:
        """Promote what is to be promoted now, and say how many that were."""
        view = self._cluster.view()
        self._arrived(view, now)
        policies = [item for item in view.policies.values() if _may_promote(item, now)]
        younger = elders(view.policies) if policies else {}
        found = (self._wanted(item, view, now) for item in policies if item.key not in younger)
        work = [one for one in found if one is not None]
        gate = asyncio.Semaphore(AT_ONCE)
        promoted = [self._promote(gate, one, pod, now) for one in work for pod in one.promoted]
        done = await asyncio.gather(
            *promoted, *(self._raise(gate, one, pod, now) for one in work for pod in one.rising)
        )
        return sum(done)

    def _wanted(self, item: PolicyObject, view: ClusterView, now: float) -> _Work | None:
        with alone(item.key, "the standbys of a policy could not be looked at"):
            assert item.policy is not None
            workload = view.workloads.get((item.key.namespace, item.policy.target))
            drain = item.policy.rungs.drain_seconds
            mine = (pod for pod in view.owned_by(item.uid) if is_standby(pod) and pod.uid not in self._promoted)
            standbys = tuple(pod for pod in mine if not is_draining(pod, drain, now))
            if workload is None or not standbys:
                return None
            current = standing_on(workload, view.replica_sets.get(workload.uid, ())).current
            if current is None or self._is_held(current, now):
                return None
            size = template_sizes(workload, item.policy.rungs.standby, view.can_resize)
            crew = Crew(current, view.owned_by(current.uid), standbys, self._arriving(current), size)
            return _Work(item, workload, current, promotions(crew), self._rises(crew, workload, view, now), size)
        return None

    def _rises(self, crew: Crew, workload: Workload, view: ClusterView, now: float) -> tuple[Pod, ...]:
        """Those whose nodes have the room; the nodes are only looked at when somebody is to rise."""
        low = [pod for pod in crew.standbys if crew.sizes.is_low(pod)]
        if not low or not missing(crew):
            return ()
        told = {pod.uid: self._raised[pod.uid] for pod in low if pod.uid in self._raised}
        waiting = {pod.uid for pod in low if pod.uid in told and told[pod.uid].stands(pod, now)}
        unseen = sum(not told[uid].refused for uid in waiting)  # they are rising, which the view does not show yet
        free = room(view.nodes.values(), view.pods.values())
        able = free.with_cores([pod for pod in low if pod.uid not in waiting], workload.pod.cpu_cores)
        return rises(replace(crew, arriving=crew.arriving + unseen), {pod.uid for pod in able})

    def _is_held(self, current: ReplicaSet, now: float) -> bool:
        after, since = self._held.get(current.uid, (current.wanted, now))
        if current.wanted > after and now - since < HELD_SECONDS:
            return True
        self._held.pop(current.uid, None)
        return False

    def _arriving(self, replica_set: ReplicaSet) -> int:
        return sum(one.replica_set == replica_set.uid for one in self._promoted.values())

    def _arrived(self, view: ClusterView, now: float) -> None:
        """Forget those that are adopted (they are counted among its pods now), gone, or that nobody wanted."""
        for uid, one in tuple(self._promoted.items()):
            pod = view.pods.get(one.key)
            gone = pod is None or pod.uid != uid or not pod.is_active
            adopted = pod is not None and pod.owner is not None and pod.owner.uid == one.replica_set
            if gone or adopted or now - one.at > ARRIVED_SECONDS:
                del self._promoted[uid]
        for uid in [uid for uid, raised in self._raised.items() if now - raised.at >= REFUSED_SECONDS]:
            del self._raised[uid]

    async def _promote(self, gate: asyncio.Semaphore, work: _Work, pod: Pod, now: float) -> bool:
        item, current = work.item, work.replica_set
        body = promotion(pod, work.workload.template, current)
        self._promoted[pod.uid] = _Promoted(pod.key, current.uid, now)
        patch = PatchObject(item.uid, "Pod", pod.key, pod.uid, pod.resource_version, body, work.why)
        if await self._failed(gate, work, patch, "promoted", pod) is not None:
            self._promoted.pop(pod.uid, None)  # it is looked at again with the next change, or the next pass
            return False
        self._telemetry.promoted(item.key, 1)
        return True

    async def _raise(self, gate: asyncio.Semaphore, work: _Work, pod: Pod, now: float) -> bool:
        """Ask for the cpu of the template; False, for nothing is promoted by it yet."""
        self._raised[pod.uid] = _Raised(pod.resource_version, now)
        patch = to_resize(pod, work.sizes, work.item.uid, rest=False, why=work.why)
        problem = await self._failed(gate, work, patch, "raised from its rest", pod)
        if isinstance(problem, Invalid):
            self._raised[pod.uid] = _Raised(pod.resource_version, now, refused=True)
        elif problem is not None:
            del self._raised[pod.uid]
        return False

    async def _failed(
        self, gate: asyncio.Semaphore, work: _Work, patch: PatchObject, what: str, pod: Pod
    ) -> EdgewarmError | None:
        policy, told = str(work.item.key), str(pod.key)
        async with gate:
            try:
                await self._cluster.carry_out(patch)
            except EdgewarmError as error:
                log.info(f"not {what}", policy=policy, pod=told, problem=str(error))
                return error
        log.info(what, policy=policy, pod=told, node=pod.node, because=work.why)
        return None


def _may_promote(item: PolicyObject, now: float) -> bool:
    policy = item.policy
    if policy is None or policy.mode is Mode.OBSERVE or policy.rungs.standby is None:
        return False
    return policy.paused_until is None or now >= policy.paused_until
