"""Promotion, which waits for no pass: the cluster tells of a change, and standbys become what a ReplicaSet lacks.

a ReplicaSet wants more, or lost a pod -> decide.promoting -> one guarded patch per standby -> it is adopted
    a standby at rest before that:      -> one guarded resize -> its kubelet tells of it, which is the next change

Promoting first would be faster by a blink (a kubelet takes 0.1 to 0.4 s), and would serve with the cpu of the rest for
that long, or for ever where the resize is deferred.
Modes Act and Recommend (a person approved that the standbys are held); Observe and a pause promote nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod, ReplicaSet, Workload
from edgewarm.pools.leaving import departures
from edgewarm.pools.room import room

log = structlog.get_logger()
AT_ONCE = 16
ARRIVED_SECONDS = 30.0
"""After which a promoted pod that nobody adopted no longer counts as on its way."""
HELD_SECONDS = 10.0
"""For how long a scale that was lowered keeps promotions away, should the ReplicaSet not come to know of it."""
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
    """A standby that was asked to rise, in which version and when; `refused`: the words of the API server's no."""

    version: str
    at: float
    refused: str = ""

    def stands(self, pod: Pod, now: float) -> bool:
        """Whether the view does not show it yet, or it was refused just now."""
        return now - self.at < REFUSED_SECONDS and (self.refused != "" or self.version == pod.resource_version)


@dataclass(frozen=True, slots=True)
class Rises:
    """Of the standbys at rest: uids of those that may be raised now, how many rise although the view does not show it,
    and what the API server said lately against others, by uid."""

    able: frozenset[str] = frozenset()
    unseen: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Work:
    """What the standbys of one policy do now."""

    item: PolicyObject
    workload: Workload
    replica_set: ReplicaSet
    promoted: tuple[Pod, ...]
    rising: tuple[Pod, ...]
    sizes: Sizes
    why: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """A standby of a crew that is to serve, and why."""

    item: PolicyObject
    workload: Workload
    crew: Crew
    pod: Pod
    why: str


class Promoter:
    """Level, not edge: each look compares what every ReplicaSet lacks with the standbys that fit it."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry) -> None:
        self._cluster = cluster
        self._telemetry = telemetry
        # ReplicaSet -> the count it is being lowered to, and when it had been: inf until then, None if just now
        self._held: dict[str, tuple[int, float | None]] = {}
        self._promoted: dict[str, _Promoted] = {}  # by uid of the pod, until the view shows it adopted
        self._raised: dict[str, _Raised] = {}  # by uid of the pod

    def hold(self, replica_set: str, after: int) -> None:
        """Nothing for this ReplicaSet while it is being lowered to `after`, however long that takes."""
        self._held[replica_set] = after, math.inf

    def lowered(self, replica_set: str) -> None:
        """The scale is lowered: nothing until the ReplicaSet wants no more than that, or a while has passed."""
        if replica_set in self._held:
            self._held[replica_set] = self._held[replica_set][0], None

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
        raised = [self._raise(gate, one, pod, now) for one in work for pod in one.rising]
        done, _ = await asyncio.gather(asyncio.gather(*promoted), asyncio.gather(*raised))
        return sum(done)

    def crew(self, item: PolicyObject, policy: Policy, view: ClusterView, now: float) -> tuple[Workload, Crew] | None:
        """The target with its pods and standbys; None where nothing may be promoted now."""
        workload = view.workloads.get((item.key.namespace, policy.target))
        mine = (pod for pod in view.owned_by(item.uid) if is_standby(pod) and pod.uid not in self._promoted)
        standbys = tuple(pod for pod in mine if not is_draining(pod, policy.rungs.drain_seconds, now))
        if workload is None or not standbys:
            return None
        current = standing_on(workload, view.replica_sets.get(workload.uid, ())).current
        if current is None or self._is_held(current, now):
            return None
        here = {pod.node for pod in standbys} if policy.rungs.migration else set[str]()
        left = frozenset(departures(here, view.nodes, workload.constraints))
        size = template_sizes(workload, policy.rungs.standby, view.can_resize)
        return workload, Crew(current, view.owned_by(current.uid), standbys, self._arriving(current), left, size)

    def _wanted(self, item: PolicyObject, view: ClusterView, now: float) -> _Work | None:
        with alone(item.key, "the standbys of a policy could not be looked at"):
            assert item.policy is not None
            found = self.crew(item, item.policy, view, now)
            if found is None:
                return None
            workload, crew = found
            current, rising = crew.replica_set, self._rises(crew, workload, view, now)
            why = f"ReplicaSet {current.key.name} wants {current.wanted}"
            return _Work(item, workload, current, promotions(crew), rising, crew.sizes, why)
        return None

    def _rises(self, crew: Crew, workload: Workload, view: ClusterView, now: float) -> tuple[Pod, ...]:
        """Of those that may rise, as many as are to."""
        if not missing(crew):
            return ()
        found = self.rises(crew, workload, view, now)
        return rises(replace(crew, arriving=crew.arriving + found.unseen), found.able)

    def rises(self, crew: Crew, workload: Workload, view: ClusterView, now: float) -> Rises:
        """Who of the crew can be raised, whose nodes have the room; these are only looked at where somebody rests."""
        low = [pod for pod in crew.standbys if crew.sizes.is_low(pod)]
        if not low:
            return Rises()
        told = {pod.uid: self._raised[pod.uid] for pod in low if pod.uid in self._raised}
        waiting = {pod.uid: told[pod.uid] for pod in low if pod.uid in told and told[pod.uid].stands(pod, now)}
        refused = {uid: one.refused for uid, one in waiting.items() if one.refused}
        free = room(view.nodes.values(), view.pods.values())
        able = free.with_cores([pod for pod in low if pod.uid not in waiting], workload.pod.cpu_cores)
        return Rises(frozenset(pod.uid for pod in able), len(waiting) - len(refused), refused)

    def _is_held(self, current: ReplicaSet, now: float) -> bool:
        after, since = self._held.get(current.uid, (current.wanted, now))
        since = now if since is None else since
        if current.wanted > after and now - since < HELD_SECONDS:
            self._held[current.uid] = after, since
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

    async def promote(self, one: Promotion, now: float) -> bool:
        """Whether the standby serves from now on, for another reason than that one is missing."""
        return await self._promote(asyncio.Semaphore(), _work(one), one.pod, now)

    async def raise_up(self, one: Promotion, now: float) -> EdgewarmError | None:
        """Ask for the cpu that the standby needs before it may serve; None where the API server agreed."""
        return await self._raise(asyncio.Semaphore(), _work(one), one.pod, now)

    async def _promote(self, gate: asyncio.Semaphore, work: _Work, pod: Pod, now: float) -> bool:
        item, current = work.item, work.replica_set
        self._promoted[pod.uid] = _Promoted(pod.key, current.uid, now)
        with alone(item.key, "a standby could not be promoted"):
            body = promotion(pod, work.workload.template, current)
            patch = PatchObject(item.uid, "Pod", pod.key, pod.uid, pod.resource_version, body, work.why)
            if await self._failed(gate, work, patch, "promoted", pod) is None:
                self._telemetry.promoted(item.key, 1)
                return True
        self._promoted.pop(pod.uid, None)  # it is looked at again with the next change, or the next pass
        return False

    async def _raise(self, gate: asyncio.Semaphore, work: _Work, pod: Pod, now: float) -> EdgewarmError | None:
        """Ask for the cpu of the template; nothing is promoted by it yet."""
        self._raised[pod.uid] = _Raised(pod.resource_version, now)
        patch = to_resize(pod, work.sizes, work.item.uid, rest=False, why=work.why)
        problem = await self._failed(gate, work, patch, "raised from its rest", pod)
        if isinstance(problem, Invalid):
            self._raised[pod.uid] = _Raised(pod.resource_version, now, refused=str(problem) or "refused")
        elif problem is not None:
            self._raised.pop(pod.uid, None)  # another look may have given it up meanwhile
        return problem

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


def _work(one: Promotion) -> _Work:
    return _Work(one.item, one.workload, one.crew.replica_set, (one.pod,), (), one.crew.sizes, one.why)


def _may_promote(item: PolicyObject, now: float) -> bool:
    policy = item.policy
    if policy is None or policy.mode is Mode.OBSERVE or policy.rungs.standby is None:
        return False
    return policy.paused_until is None or now >= policy.paused_until
