"""Migration: a serving pod leaves its node once a standby elsewhere is warm, and there is never one less that serves.

a standby at rest rises, and has its cpu (in an earlier pass)
-> may it be evicted? (asked, not done) -> it will be the first to go (deletion cost) -> the standby is promoted
-> the ReplicaSet has one too many, and deletes that one, with its own grace

One pod of a workload in a pass. The cost is written before the promotion, so whoever sees one pod too many sees which
one it is (a watch keeps the order of writes). Nothing moves while demand is unknown, the replicas are about to change,
a rollout is under way, or the pod that was to go last is still there.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from edgewarm.decide.migration import Leaver, Move, held_back, next_move, stays
from edgewarm.decide.promoting import Crew
from edgewarm.engine.ladder import MoveBook
from edgewarm.engine.ports import Cluster, Telemetry
from edgewarm.engine.promoter import Promoter, Promotion
from edgewarm.engine.remarks import Remark
from edgewarm.engine.reports import Case
from edgewarm.engine.rungs import RungSituation
from edgewarm.model.errors import Conflict, EdgewarmError, Invalid, NotFound, Protected
from edgewarm.model.names import DELETION_COST, WARMING_POLICY
from edgewarm.model.operations import AskEviction, PatchObject
from edgewarm.model.view import Note
from edgewarm.model.workload import Workload

log = structlog.get_logger()
CONDITION = "Migrating"
FIRST_TO_GO = str(-(2**31))
STUCK_SECONDS = 600.0
"""For how long nothing else is moved while the pod that was to go is still there."""


class Mover:
    """Called at the end of a policy's pass."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry, promoter: Promoter) -> None:
        self._cluster = cluster
        self._telemetry = telemetry
        self._promoter = promoter

    async def move(self, case: Case, now: float) -> None:
        """Move one pod, if one is to be moved and may be."""
        climb, book = case.climb, case.book.rungs.moves
        book.refused = None
        if climb is None or not climb.leavers or waits(climb, book) is not None:
            return
        climb = replace(climb, view=self._cluster.view())  # anew: replicas and rungs were changed since
        found = self._promoter.crew(climb.item, climb.policy, climb.view, now)
        if found is None:
            return
        workload, crew = found
        rises = self._promoter.rises(crew, workload, climb.view, now)
        move = next_move(replace(crew, arriving=crew.arriving + rises.unseen), climb.leavers, rises.able)
        if move is None:
            book.refused = _refused("RiseRefused", held_back(crew, climb.leavers, rises.refused))
        elif move.rises:
            await self._raise(climb, book, (workload, crew, move))
        elif await self._lets_go(climb, book, move.leaver):
            await self._serve(climb, book, (workload, crew, move))

    async def _raise(self, climb: RungSituation, book: MoveBook, step: tuple[Workload, Crew, Move]) -> None:
        """The standby is given its cpu, within the budgets; a pass that sees that it has it goes on."""
        workload, crew, move = step
        if not climb.may_rise(move.standby, crew.sizes.more_cores(move.standby, crew.sizes.full)):
            coming = any(pod.ready_at is None for pod in crew.standbys)  # such a one needs no rise
            why = f"the budgets of pool {climb.policy.pool} have none left; raise spec.budgets.cpu"
            book.refused = None if coming else _refused("RiseRefused", stays(move, why))
            return
        rise = Promotion(climb.item, workload, crew, move.standby, f"{move.leaver} is to leave")
        problem = await self._promoter.raise_up(rise, climb.now)
        if problem is not None and not isinstance(problem, Conflict | NotFound):
            reason = "RiseRefused" if isinstance(problem, Invalid) else "ActionFailed"
            book.refused = _refused(reason, stays(move, str(problem)))

    async def _lets_go(self, climb: RungSituation, book: MoveBook, leaver: Leaver) -> bool:
        """Whether the pod may leave, and will be the first to."""
        uid, pod, why = climb.item.uid, leaver.pod, f"{leaver} is to leave"
        mark = {"metadata": {"annotations": {DELETION_COST: FIRST_TO_GO}}}
        try:
            await self._cluster.carry_out(AskEviction(uid, pod.key, pod.uid, why))
            await self._cluster.carry_out(PatchObject(uid, "Pod", pod.key, pod.uid, pod.resource_version, mark, why))
        except (Conflict, NotFound) as changed:
            log.debug("a pod changed before it was moved", problem=str(changed))
            return False
        except EdgewarmError as error:
            reason = "EvictionRefused" if isinstance(error, Protected) else "ActionFailed"
            book.refused = _refused(reason, f"{leaver} stays: {error}")
            log.debug("not moved", policy=str(climb.item.key), pod=str(pod.key), problem=str(error))
            return False
        return True

    async def _serve(self, climb: RungSituation, book: MoveBook, step: tuple[Workload, Crew, Move]) -> None:
        """The standby serves; what is one too many then goes."""
        workload, crew, move = step
        item, standby = climb.item, move.standby
        why = f"{move.leaver} leaves: {standby.key.name} on {standby.node} serves in its stead"
        if await self._promoter.promote(Promotion(item, workload, crew, standby, why), climb.now):
            book.pod, book.at = move.leaver.pod.uid, climb.now
            self._telemetry.moved(item.key, 1)
            await self._cluster.record(Note(WARMING_POLICY, item.key, item.uid, "Migrated", why), climb.now)


def waits(climb: RungSituation, book: MoveBook) -> str | None:
    """Why nothing is moved now, whatever is warm."""
    until, known = climb.policy.paused_until, climb.situation
    if until is not None and climb.now < until:
        return "the policy is paused"
    if known.demand is None:
        return "demand is unknown"
    if climb.scales and climb.verdict.wanted != climb.workload.replicas:
        return "the replicas are about to change"
    last = next((one for one in climb.leavers if one.pod.uid == book.pod), None)
    if last is not None and climb.now - book.at < STUCK_SECONDS:
        return f"{last} has not gone yet"
    return None


def migrating(climb: RungSituation | None, book: MoveBook) -> tuple[Remark, ...]:
    """What a policy's conditions say while pods are to leave."""
    leaving = () if climb is None else climb.leavers
    if climb is None or not leaving:
        return ()
    if book.refused is not None:
        return (book.refused,)
    why = waits(climb, book)
    if why is not None:
        return (Remark(CONDITION, False, "Waiting", f"{_pods(len(leaving))} to leave, and wait: {why}"),)
    message = f"{_pods(len(leaving))} to leave; next {leaving[0]}, when a standby elsewhere is warm"
    return (Remark(CONDITION, True, "Moving", message),)


def _refused(reason: str, message: str | None) -> Remark | None:
    return None if message is None else Remark(CONDITION, False, reason, message)


def _pods(count: int) -> str:
    return "1 pod is" if count == 1 else f"{count} pods are"
