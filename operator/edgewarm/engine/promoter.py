"""Promotion, which waits for no pass: the cluster tells of a change, and standbys become what a ReplicaSet lacks.

a ReplicaSet wants more, or lost a pod -> decide.promoting -> one guarded patch per standby -> it is adopted

Modes Act and Recommend (a person approved that the standbys are held); Observe and a pause promote nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from edgewarm.decide.promoting import Crew, is_draining, is_standby, promotions, standing_on
from edgewarm.engine.alone import alone
from edgewarm.engine.ports import Cluster, Telemetry
from edgewarm.engine.standing import elders
from edgewarm.manifests.standby import promotion
from edgewarm.model.errors import EdgewarmError
from edgewarm.model.identity import Key
from edgewarm.model.objects import PolicyObject
from edgewarm.model.operations import PatchObject
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod, ReplicaSet, Workload
from edgewarm.pools.leaving import departures

log = structlog.get_logger()
AT_ONCE = 16
ARRIVED_SECONDS = 30.0
"""After which a promoted pod that nobody adopted no longer counts as on its way."""
HELD_SECONDS = 10.0
"""For how long a scale-in that was begun keeps promotions away."""


@dataclass(frozen=True, slots=True)
class _Promoted:
    """A standby that was promoted: for which ReplicaSet, and when."""

    key: Key
    replica_set: str
    at: float


@dataclass(frozen=True, slots=True)
class Promotion:
    """A standby that is to serve, as a pod of which ReplicaSet, and why."""

    item: PolicyObject
    workload: Workload
    replica_set: ReplicaSet
    pod: Pod
    why: str


class Promoter:
    """Level, not edge: each look compares what every ReplicaSet lacks with the standbys that fit it."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry) -> None:
        self._cluster = cluster
        self._telemetry = telemetry
        self._held: dict[str, tuple[int, float]] = {}  # ReplicaSet -> the count it is being lowered to, and since when
        self._promoted: dict[str, _Promoted] = {}  # by uid of the pod, until the view shows it adopted

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
        work = [one for item in policies if item.key not in younger for one in self._wanted(item, view, now)]
        gate = asyncio.Semaphore(AT_ONCE)

        async def gated(one: Promotion) -> bool:
            async with gate:
                return await self.promote(one, now)

        done = await asyncio.gather(*(gated(one) for one in work))
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
        return workload, Crew(current, view.owned_by(current.uid), standbys, self._arriving(current), left)

    def _wanted(self, item: PolicyObject, view: ClusterView, now: float) -> list[Promotion]:
        with alone(item.key, "the standbys of a policy could not be looked at"):
            assert item.policy is not None
            found = self.crew(item, item.policy, view, now)
            if found is None:
                return []
            workload, crew = found
            why = f"ReplicaSet {crew.replica_set.key.name} wants {crew.replica_set.wanted}"
            return [Promotion(item, workload, crew.replica_set, pod, why) for pod in promotions(crew)]
        return []

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

    async def promote(self, one: Promotion, now: float) -> bool:
        """Whether the standby serves from now on."""
        item, current, pod = one.item, one.replica_set, one.pod
        body = promotion(pod, one.workload.template, current)
        self._promoted[pod.uid] = _Promoted(pod.key, current.uid, now)
        try:
            await self._cluster.carry_out(
                PatchObject(item.uid, "Pod", pod.key, pod.uid, pod.resource_version, body, one.why)
            )
        except EdgewarmError as error:
            self._promoted.pop(pod.uid, None)  # it is looked at again with the next change, or the next pass
            log.info("not promoted", policy=str(item.key), pod=str(pod.key), problem=str(error))
            return False
        self._telemetry.promoted(item.key, 1)
        log.info("promoted", policy=str(item.key), pod=str(pod.key), node=pod.node, because=one.why)
        return True


def _may_promote(item: PolicyObject, now: float) -> bool:
    policy = item.policy
    if policy is None or policy.mode is Mode.OBSERVE or policy.rungs.standby is None:
        return False
    return policy.paused_until is None or now >= policy.paused_until
