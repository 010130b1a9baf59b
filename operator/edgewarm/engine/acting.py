"""Act: carry out the moves of one policy's decisions, and say in the decision's status what became of each.

decision written first -> /scale, guarded by resourceVersion -> status says Executed
"""

from __future__ import annotations

import structlog

from edgewarm.decide.explanation import change
from edgewarm.decide.lifecycle import AWAITING, Create, Execute, Mark, Move
from edgewarm.engine.book import Live
from edgewarm.engine.judge import Moment
from edgewarm.engine.ports import Cluster, Telemetry
from edgewarm.engine.reports import Case, decision_draft, evaluation
from edgewarm.engine.scorekeeping import closed
from edgewarm.manifests.decision import DecisionReport, decision_status, scaling_decision
from edgewarm.model.decision import DecisionRecord, Phase
from edgewarm.model.errors import Conflict, EdgewarmError, Invalid, NotFound
from edgewarm.model.identity import Key
from edgewarm.model.names import SCALING_DECISION, WARMING_POLICY
from edgewarm.model.policy import Mode
from edgewarm.model.view import Note

log = structlog.get_logger()
KEPT = 10  # evaluated decisions per policy
LONGEST_RETRY_SECONDS = 600.0


class Actor:
    """The only part of the engine that changes the world, but for statuses."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry) -> None:
        self._cluster = cluster
        self._telemetry = telemetry

    async def carry_out(self, case: Case, moves: tuple[Move, ...], moment: Moment) -> None:
        """Do the moves in order; what the world refuses is kept in the book as the policy's trouble."""
        if moment.now < case.book.retry_at:
            return
        for move in moves:
            try:
                match move:
                    case Create():
                        await self._create(case, move, moment)
                    case Execute():
                        await self._execute(case, move, moment)
                    case Mark():
                        await self._mark(move.record.key, DecisionReport(move.phase, move.message))
            except Conflict:
                return  # the object changed under us: the next pass looks again
            except EdgewarmError as error:
                self._put_off(case, error, moment.now)
                return
        case.book.trouble, case.book.failures = None, 0

    def _put_off(self, case: Case, error: EdgewarmError, now: float) -> None:
        """What was refused will be refused again: try after 30 s, 60 s, .. 10 min; what was away, on the next pass."""
        book, problem = case.book, str(error)
        refused = isinstance(error, Invalid)
        delay = min(LONGEST_RETRY_SECONDS, 30.0 * 2 ** min(book.failures, 10)) if refused else 0.0
        if book.trouble != problem:
            log.warning("action failed", policy=str(case.item.key), problem=problem, retry_seconds=delay)
        book.trouble, book.failures, book.retry_at = problem, book.failures + 1, now + delay

    async def _create(self, case: Case, move: Create, moment: Moment) -> None:
        """Close the decision in force, write the new one, and follow it where the mode says so."""
        await self._close(case, moment.now)
        manifest = scaling_decision(decision_draft(case, move, moment))
        key = Key(case.item.key.namespace, manifest["metadata"]["name"])
        await self._record(case, manifest)
        self._announce(case, move, key, moment)
        await self._note(case, moment.now)
        case.book.last_decision_at = moment.now
        case.book.last_decision = key.name
        if move.phase is Phase.EXECUTING:
            await self._scale(case, key, move.after, moment)
        else:
            await self._mark(key, DecisionReport(move.phase, case.summary))
        if move.phase is Phase.OBSERVED:
            self._follow(case, key, move.after, moment, simulated=True)

    async def tidy(self, records: tuple[DecisionRecord, ...], live: Key | None) -> None:
        """Delete all but the newest decisions that are done; open ones and the one in force stay."""
        done = [r for r in records if r.phase not in AWAITING and r.key != live]
        for record in done[:-KEPT]:
            try:
                await self._cluster.delete_decision(record.key)
            except EdgewarmError as error:
                log.warning("old decision not deleted", decision=str(record.key), problem=str(error))

    async def _record(self, case: Case, manifest: dict[str, object]) -> None:
        """A decision that cannot be written (a quota, say) is still followed: capacity comes before bookkeeping."""
        try:
            await self._cluster.create_decision(manifest)
        except Invalid as error:
            log.warning("decision not recorded", policy=str(case.item.key), problem=str(error))

    async def _execute(self, case: Case, move: Execute, moment: Moment) -> None:
        await self._close(case, moment.now)
        case.book.last_decision_at = moment.now
        await self._scale(case, move.record.key, move.record.action.after, moment)

    async def _scale(self, case: Case, key: Key, wanted: int, moment: Moment) -> None:
        try:
            await self._cluster.scale(case.workload, wanted)
        except EdgewarmError as error:
            await self._mark(key, DecisionReport(Phase.FAILED, str(error)))
            raise
        case.book.left_at = (case.workload.replicas, moment.now)
        self._follow(case, key, wanted, moment, simulated=False)
        await self._mark(key, DecisionReport(Phase.EXECUTED, f"scaled to {wanted}", moment.now))

    def _follow(self, case: Case, key: Key, wanted: int, moment: Moment, *, simulated: bool) -> None:
        """From now on this decision is in force: pacing remembers the change, and its deeds are counted when ready."""
        book, before = case.book, case.judgement.situation.current
        book.pacing = book.pacing.changed(moment.now, wanted - before)
        delay = case.judgement.lead_seconds if wanted > before else 0.0
        if simulated and book.own is not None:
            book.own = book.own.follow(moment.now, wanted, case.judgement.lead_seconds)
        phase = Phase.OBSERVED if simulated else Phase.EXECUTED
        message = case.summary if simulated else f"scaled to {wanted}"
        book.live = Live(key, phase, message, None if simulated else moment.now, moment.now + delay, simulated)

    async def _close(self, case: Case, now: float) -> None:
        """The decision in force is superseded: write whether it was right."""
        book, live = case.book, case.book.live
        if live is None:
            return
        book.live = None
        book.score, outcome = closed(book.score, live, case.judgement.situation.policy.kappa)
        progress = DecisionReport(live.phase, live.message, live.executed_at, evaluation(live, outcome, now))
        await self._mark(live.key, progress)

    async def _mark(self, key: Key, progress: DecisionReport) -> None:
        """Write a decision's status; one that is gone (or was never recorded) needs none."""
        try:
            await self._cluster.apply_status(SCALING_DECISION, key, decision_status(progress))
        except NotFound:
            log.info("decision is gone", decision=str(key), phase=progress.phase.value)

    def _announce(self, case: Case, move: Create, key: Key, moment: Moment) -> None:
        reason, mode = case.judgement.verdict.reason.value, case.judgement.situation.policy.mode
        self._telemetry.decided(case.item.key, reason, mode.value)
        log.info(
            change(move.before, move.after),
            policy=str(case.item.key),
            decision=key.name,
            reason=reason,
            mode=mode.value,
            demand=case.judgement.situation.demand,
            ready=case.judgement.situation.ready,
            because=case.summary,
        )

    async def _note(self, case: Case, now: float) -> None:
        policy = case.judgement.situation.policy
        prefix = {Mode.OBSERVE: "would be ", Mode.RECOMMEND: "recommended: ", Mode.ACT: ""}[policy.mode]
        note = Note(
            WARMING_POLICY, case.item.key, case.item.uid, case.judgement.verdict.reason.value, prefix + case.summary
        )
        await self._cluster.record(note, now)
