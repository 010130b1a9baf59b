"""Parking: scaling in keeps warm what the forecast wants back, by taking serving pods out of their ReplicaSet first.

relabel out of ReplicaSet and Services -> lower the scale at once -> the ReplicaSet deletes the cold twins it had begun

This is done for a few pods at a time, until the scale is where it should be: waiting in between would let the twins
become Ready. The parked pods get no SIGTERM, so connections that are open go on: until `rungs.parking.drain` is over
they are neither promoted nor deleted. While the scale is being lowered nothing is promoted for this ReplicaSet, or
other standbys would take the places of those that were parked. Where our last write of pods is not seen yet the fall
itself waits (`would_park_blindly`): nothing could be parked, and warmth would be lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import structlog

from edgewarm.decide.parking import parkable, parkings
from edgewarm.decide.promoting import Crew, standing_on
from edgewarm.engine.ports import Cluster, Telemetry
from edgewarm.engine.promoter import Promoter
from edgewarm.engine.reports import Case
from edgewarm.engine.resting import priced_terms
from edgewarm.engine.rungs import RungSituation
from edgewarm.engine.standby import hidden_labels
from edgewarm.manifests.standby import parking, serving
from edgewarm.model.errors import EdgewarmError
from edgewarm.model.names import WARMING_POLICY
from edgewarm.model.operations import PatchObject
from edgewarm.model.policy import Mode
from edgewarm.model.rungs import RungName
from edgewarm.model.workload import Owner, Pod, ReplicaSet

log = structlog.get_logger()
AT_ONCE = 10
"""Pods that are out of their ReplicaSet while its scale is not lowered yet: so many cold twins start for a moment."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A pod, and the ReplicaSet that it was taken out of."""

    pod: Pod
    replica_set: ReplicaSet


def would_park_blindly(case: Case) -> bool:
    """Replicas are to be parked, and what was written of pods last is not seen yet."""
    climb = case.climb
    return climb is not None and climb.to_be_parked > 0 and climb.item.uid in climb.view.unseen


class Parker:
    """Called right before the scale is lowered."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry, promoter: Promoter) -> None:
        self._cluster = cluster
        self._telemetry = telemetry
        self._promoter = promoter

    def batches(self, case: Case, after: int) -> Sequence[Sequence[Pod]]:
        """What is worth parking when the scale goes down to `after`, a few at a time; nothing where anything is in
        doubt. Until `lowered` nothing is promoted."""
        climb, terms = case.climb, case.book.policy.rungs.parking
        standby = case.book.policy.rungs.standby
        may = terms is not None and case.book.policy.mode is Mode.ACT and after < case.workload.replicas
        if climb is None or standby is None or not may or climb.item.uid in climb.view.unseen:
            return ()
        current = _current(climb)
        if current is None:
            return ()
        there = sum(count.held for count in case.ladder.counts if count.place.rung is RungName.STANDBY)
        crew = Crew(current, climb.view.owned_by(current.uid), ())
        count = parkable(case.judgement.situation, priced_terms(climb, standby), after, there)
        chosen = tuple(islice(filter(climb.may_park, parkings(crew, len(crew.pods), after)), count))
        if chosen:
            self._promoter.hold(current.uid, after)
        return [chosen[i : i + AT_ONCE] for i in range(0, len(chosen), AT_ONCE)]

    async def park(self, case: Case, batch: Sequence[Pod], now: float) -> tuple[Parked, ...]:
        """Take these out, all at once; those that changed under us stay, and are deleted like any other."""
        climb = case.climb
        current = None if climb is None else _current(climb)
        if climb is None or current is None:
            return ()
        done = await asyncio.gather(*(self._take_out(climb, current, pod, now) for pod in batch))
        parked = tuple(Parked(pod, current) for pod, out in zip(batch, done, strict=True) if out)
        if parked:
            self._telemetry.parked(climb.item.key, len(parked))
        return parked

    def lowered(self, case: Case) -> None:
        """The scale is where it should be, or cannot be brought there."""
        current = None if case.climb is None else _current(case.climb)
        if current is not None:
            self._promoter.lowered(current.uid)

    async def take_back(self, case: Case, parked: Sequence[Parked]) -> None:
        """The scale was not lowered after all: what was taken out goes back at once, or cold twins would stand in."""
        for one in parked:
            self._promoter.release(one.replica_set.uid)
            pod, body = one.pod, serving(case.workload.template, one.replica_set)
            try:
                await self._cluster.carry_out(
                    PatchObject(case.item.uid, "Pod", pod.key, pod.uid, "", body, "the scale was not lowered")
                )
            except EdgewarmError as error:
                log.warning("not taken back", policy=str(case.item.key), pod=str(pod.key), problem=str(error))

    async def _take_out(self, climb: RungSituation, current: ReplicaSet, pod: Pod, now: float) -> bool:
        labels = hidden_labels(climb, pod.labels)
        if labels is None:
            return False
        policy = Owner(WARMING_POLICY, climb.item.key.name, climb.item.uid)
        body = parking(pod, labels, policy, current, now)
        why = "the forecast wants it back"
        try:
            await self._cluster.carry_out(
                PatchObject(climb.item.uid, "Pod", pod.key, pod.uid, pod.resource_version, body, why)
            )
        except EdgewarmError as error:
            log.info("not parked", policy=str(climb.item.key), pod=str(pod.key), problem=str(error))
            return False
        log.info("parked", policy=str(climb.item.key), pod=str(pod.key), node=pod.node, because=why)
        return True


def _current(climb: RungSituation) -> ReplicaSet | None:
    """The one that the workload stands on; None during a rollout."""
    return standing_on(climb.workload, climb.view.replica_sets.get(climb.workload.uid, ())).current
