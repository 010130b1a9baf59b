"""Parking: scaling in keeps warm what the forecast wants back, by taking serving pods out of their ReplicaSet first.

relabel out of ReplicaSet and Services -> lower the scale at once -> the ReplicaSet deletes the cold twins it had begun

Waiting in between would let the twins become Ready. The parked pods get no SIGTERM, so connections that are open go on:
until `rungs.parking.drain` is over they are neither promoted nor deleted. While the scale is being lowered nothing is
promoted for this ReplicaSet, or other standbys would take the places of those that were parked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Parked:
    """A pod, and the ReplicaSet that it was taken out of."""

    pod: Pod
    replica_set: ReplicaSet


class Parker:
    """Called right before the scale is lowered."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry, promoter: Promoter) -> None:
        self._cluster = cluster
        self._telemetry = telemetry
        self._promoter = promoter

    async def park(self, case: Case, after: int, now: float) -> tuple[Parked, ...]:
        """Park what is worth it; nothing where anything is in doubt."""
        climb, terms = case.climb, case.book.policy.rungs.parking
        standby = case.book.policy.rungs.standby
        may = terms is not None and case.book.policy.mode is Mode.ACT and after < case.workload.replicas
        if climb is None or standby is None or not may:
            return ()
        current = standing_on(case.workload, climb.view.replica_sets.get(case.workload.uid, ())).current
        if current is None or climb.item.uid in climb.view.unseen:
            return ()
        there = sum(count.held for count in case.ladder.counts if count.place.rung is RungName.STANDBY)
        crew = Crew(current, climb.view.owned_by(current.uid), ())
        chosen = parkings(crew, parkable(case.judgement.situation, priced_terms(climb, standby), after, there))
        if chosen:
            self._promoter.hold(current.uid, after, now)
        parked = tuple([pod for pod in chosen if await self._take_out(climb, current, pod, now)])
        if parked:
            self._telemetry.parked(climb.item.key, len(parked))
        return tuple(Parked(pod, current) for pod in parked)

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
