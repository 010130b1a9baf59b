"""Promotion, which waits for no pass: the cluster tells of a change, and standbys become what a ReplicaSet lacks.

a ReplicaSet wants more, or lost a pod -> decide.promoting -> one guarded patch per standby -> it is adopted

Modes Act and Recommend (a person approved that the standbys are held); Observe and a pause promote nothing.
"""

from __future__ import annotations

import asyncio
import math
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
from edgewarm.model.policy import Mode
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod, ReplicaSet, Workload

log = structlog.get_logger()
AT_ONCE = 16
ARRIVED_SECONDS = 30.0
"""After which a promoted pod that nobody adopted no longer counts as on its way."""
HELD_SECONDS = 10.0
"""For how long a scale that was lowered keeps promotions away, should the ReplicaSet not come to know of it."""


@dataclass(frozen=True, slots=True)
class _Promoted:
    """A standby that was promoted: for which ReplicaSet, and when."""

    key: Key
    replica_set: str
    at: float


class Promoter:
    """Level, not edge: each look compares what every ReplicaSet lacks with the standbys that fit it."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry) -> None:
        self._cluster = cluster
        self._telemetry = telemetry
        # ReplicaSet -> the count it is being lowered to, and when it had been: inf until then, None if just now
        self._held: dict[str, tuple[int, float | None]] = {}
        self._promoted: dict[str, _Promoted] = {}  # by uid of the pod, until the view shows it adopted

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
        work = [one for item in policies if item.key not in younger for one in self._wanted(item, view, now)]
        gate = asyncio.Semaphore(AT_ONCE)
        done = await asyncio.gather(*(self._promote(gate, *one, now) for one in work))
        return sum(done)

    def _wanted(
        self, item: PolicyObject, view: ClusterView, now: float
    ) -> list[tuple[PolicyObject, Workload, ReplicaSet, Pod]]:
        with alone(item.key, "the standbys of a policy could not be looked at"):
            assert item.policy is not None
            workload = view.workloads.get((item.key.namespace, item.policy.target))
            drain = item.policy.rungs.drain_seconds
            mine = (pod for pod in view.owned_by(item.uid) if is_standby(pod) and pod.uid not in self._promoted)
            standbys = tuple(pod for pod in mine if not is_draining(pod, drain, now))
            if workload is None or not standbys:
                return []
            current = standing_on(workload, view.replica_sets.get(workload.uid, ())).current
            if current is None or self._is_held(current, now):
                return []
            crew = Crew(current, view.owned_by(current.uid), standbys, self._arriving(current))
            return [(item, workload, current, pod) for pod in promotions(crew)]
        return []

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

    async def _promote(
        self, gate: asyncio.Semaphore, item: PolicyObject, workload: Workload, current: ReplicaSet, pod: Pod, now: float
    ) -> bool:
        why = f"ReplicaSet {current.key.name} wants {current.wanted}"
        body = promotion(pod, workload.template, current)
        self._promoted[pod.uid] = _Promoted(pod.key, current.uid, now)
        async with gate:
            try:
                await self._cluster.carry_out(
                    PatchObject(item.uid, "Pod", pod.key, pod.uid, pod.resource_version, body, why)
                )
            except EdgewarmError as error:
                self._promoted.pop(pod.uid, None)  # it is looked at again with the next change, or the next pass
                log.info("not promoted", policy=str(item.key), pod=str(pod.key), problem=str(error))
                return False
        self._telemetry.promoted(item.key, 1)
        log.info("promoted", policy=str(item.key), pod=str(pod.key), node=pod.node, because=why)
        return True


def _may_promote(item: PolicyObject, now: float) -> bool:
    policy = item.policy
    if policy is None or policy.mode is Mode.OBSERVE or policy.rungs.standby is None:
        return False
    return policy.paused_until is None or now >= policy.paused_until
