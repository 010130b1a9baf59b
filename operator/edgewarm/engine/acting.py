"""Act: carry out the moves of one policy's decisions, and say in the decision's status what became of each.

decision written first -> /scale, guarded by resourceVersion -> status says Executed
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from edgewarm.decide.binding import binding_resource, load_now
from edgewarm.decide.explanation import change
from edgewarm.decide.lifecycle import AWAITING, Create, Execute, Mark, Move
from edgewarm.engine.book import Left, Live
from edgewarm.engine.judge import Moment
from edgewarm.engine.parking import Parker
from edgewarm.engine.ports import Cluster, Telemetry
from edgewarm.engine.reports import Case, decision_draft, evaluation
from edgewarm.engine.scorekeeping import closed, news, outlived, superseded
from edgewarm.manifests.decision import DecisionReport, decision_status, scaling_decision
from edgewarm.model.decision import DecisionRecord, Phase
from edgewarm.model.errors import Conflict, EdgewarmError, Invalid, NotFound, Unavailable
from edgewarm.model.identity import Key
from edgewarm.model.names import SCALING_DECISION, WARMING_POLICY
from edgewarm.model.rungs import Place
from edgewarm.model.view import Note
from edgewarm.model.workload import Workload

log = structlog.get_logger()
KEPT = 10  # evaluated decisions per policy
LONGEST_RETRY_SECONDS = 600.0
MOST_UNWRITTEN = 20


class Actor:
    """The only part of the engine that changes the world, but for statuses."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry, parker: Parker) -> None:
        self._cluster = cluster
        self._parker = parker
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
                        await self.mark(case, move.record.key, DecisionReport(move.phase, move.message))
            except EdgewarmError as error:
                self._put_off(case, error, moment.now)
                return
        case.book.trouble, case.book.failures = None, 0

    def _put_off(self, case: Case, error: EdgewarmError, now: float) -> None:
        """What was refused will be refused again: try after 30 s, 60 s, .. 10 min.

        What was away, or changed under us, is tried again on the next pass, then after 10 s, 20 s, .. 1 min.
        """
        book, problem, times = case.book, str(error), min(case.book.failures, 10)
        if isinstance(error, Invalid):
            delay = min(LONGEST_RETRY_SECONDS, 30.0 * 2**times)
        else:
            delay = min(60.0, 5.0 * 2**times) if times else 0.0
        if isinstance(error, Conflict) and not times:
            book.failures = 1
            return
        if book.trouble != problem:
            log.warning("action failed", policy=str(case.item.key), problem=problem, retry_seconds=delay)
        book.trouble, book.failures, book.retry_at = problem, book.failures + 1, now + delay

    async def _create(self, case: Case, move: Create, moment: Moment) -> None:
        """Write the new decision, and follow it where the mode says so; a proposal leaves what is in force in force."""
        manifest = scaling_decision(decision_draft(case, move, moment))
        key = Key(case.item.key.namespace, manifest["metadata"]["name"])
        await self.record(case, manifest)
        self._announce(case, move, key, moment)
        await self._note(case, move.phase, moment.now)
        book = case.book
        book.last_decision_at, book.last_decision, book.wrote = moment.now, key.name, key
        book.rungs.told |= {Place(action.rung, action.node): action.after for action in case.joined(moment.now)}
        if move.phase is Phase.EXECUTING:
            await self._scale(case, key, move.after, moment)
            return
        report = DecisionReport(move.phase, case.summary)
        if move.phase is Phase.OBSERVED:
            await self._follow(case, key, report, move.after, moment)
        await self.mark(case, key, report)

    async def tidy(self, case: Case, records: tuple[DecisionRecord, ...]) -> None:
        """Delete all but the newest decisions that are done; open ones and those in force stay."""
        live = {one.key for one in case.book.lives}
        done = [r for r in records if r.phase not in AWAITING and r.key not in live]
        for record in done[:-KEPT]:
            try:
                await self._cluster.delete_decision(record.key)
            except NotFound:
                continue
            except EdgewarmError as error:
                log.warning("old decision not deleted", decision=str(record.key), problem=str(error))
                return

    async def record(self, case: Case, manifest: dict[str, object]) -> None:
        """A decision that cannot be written is still followed: capacity comes before bookkeeping.

        A refusal (a quota, say) is taken at once; a server that does not answer gets a second chance on the next pass.
        """
        try:
            await self._cluster.create_decision(manifest)
        except (Invalid, Unavailable) as error:
            if not isinstance(error, Invalid) and case.book.failures == 0:
                raise
            log.warning("decision not recorded", policy=str(case.item.key), problem=str(error))

    async def _execute(self, case: Case, move: Execute, moment: Moment) -> None:
        case.book.last_decision_at = moment.now
        await self._scale(case, move.record.key, move.record.action.after, moment)

    async def _scale(self, case: Case, key: Key, wanted: int, moment: Moment) -> None:
        workload = case.workload
        try:
            await self._lower_or_raise(case, wanted, moment.now)
        except EdgewarmError as error:
            await self.mark(case, key, DecisionReport(Phase.FAILED, str(error)))
            raise
        finally:
            self._parker.lowered(case)
        case.book.left = Left(workload.resource_version, workload.replicas, moment.now)
        report = DecisionReport(Phase.EXECUTED, f"scaled to {wanted}", moment.now)
        await self._follow(case, key, report, wanted, moment)
        await self.mark(case, key, report)

    async def _lower_or_raise(self, case: Case, wanted: int, now: float) -> None:
        """/scale; where pods are parked in steps, each right after its pods: no cold twin of theirs is to get Ready."""
        workload = case.workload
        for batch in self._parker.batches(case, wanted):
            parked = await self._parker.park(case, batch, now)
            case.book.rungs.parked_at = now
            try:
                workload = await self._scaled(workload, max(wanted, workload.replicas - len(parked)))
            except EdgewarmError:
                await self._parker.take_back(case, parked)
                raise
        await self._scaled(workload, wanted)

    async def _scaled(self, workload: Workload, replicas: int) -> Workload:
        if replicas != workload.replicas:
            await self._cluster.scale(workload, replicas)
        return replace(workload, replicas=replicas)

    async def _follow(self, case: Case, key: Key, report: DecisionReport, wanted: int, moment: Moment) -> None:
        """From now on this decision is in force: pacing remembers the change, and its deeds count when it is ready."""
        book, before = case.book, case.judgement.situation.current
        over, kept = superseded(book.lives, wanted, moment.now)
        await self._close(case, over, moment.now)
        book.pacing = book.pacing.changed(moment.now, wanted - before)
        simulated = report.phase is Phase.OBSERVED
        if simulated and book.own is not None:
            book.own = book.own.follow(moment.now, wanted, case.judgement.lead_seconds)
        ready_at = moment.now + (case.judgement.lead_seconds if wanted > before else 0.0)
        book.lives = (*kept, Live(key, report, before, wanted, ready_at, simulated))

    async def _close(self, case: Case, over: tuple[Live, ...], now: float) -> None:
        """These decisions are over: count and write whether they were right."""
        book, kappa = case.book, case.judgement.situation.policy.kappa
        for live in over:
            book.score, outcome = closed(book.score, live, kappa)
            await self.mark(case, live.key, replace(live.report, evaluation=evaluation(live, outcome, now)))

    async def look_back(self, case: Case, now: float) -> None:
        """Close what has been in force for long enough, tell hits and misses early, write what could not be written."""
        book, kappa = case.book, case.judgement.situation.policy.kappa
        over, book.lives = outlived(book.lives, now)
        await self._close(case, over, now)
        told = []
        for live in book.lives:
            outcome = news(live, kappa)
            if outcome is not None:
                await self.mark(case, live.key, replace(live.report, evaluation=evaluation(live, outcome, now)))
                live = replace(live, told=outcome)
            told.append(live)
        book.lives = tuple(told)
        for key, report in tuple(book.unwritten.items()):
            await self.mark(case, key, report)

    async def mark(self, case: Case, key: Key, report: DecisionReport) -> None:
        """Write a decision's status, or keep it for later: bookkeeping never holds up capacity."""
        unwritten = case.book.unwritten
        try:
            await self._cluster.apply_status(SCALING_DECISION, key, decision_status(report))
        except NotFound:
            log.info("decision is gone", decision=str(key), phase=report.phase.value)
            unwritten.pop(key, None)
        except EdgewarmError as error:
            if key not in unwritten:
                log.warning("decision status not written", decision=str(key), problem=str(error))
            unwritten[key] = report
            for oldest in list(unwritten)[:-MOST_UNWRITTEN]:
                del unwritten[oldest]
        else:
            unwritten.pop(key, None)

    def _announce(self, case: Case, move: Create, key: Key, moment: Moment) -> None:
        reason, mode = case.judgement.verdict.reason.value, case.judgement.situation.policy.mode
        asking = load_now(case.judgement.situation)
        self._telemetry.decided(case.item.key, reason, mode.value)
        log.info(
            change(move.before, move.after),
            policy=str(case.item.key),
            decision=key.name,
            reason=reason,
            mode=mode.value,
            demand=None if asking is None else asking.demand,
            resource=binding_resource(case.judgement.situation, case.judgement.verdict),
            ready=case.judgement.situation.ready,
            because=case.summary,
        )

    async def _note(self, case: Case, phase: Phase, now: float) -> None:
        prefix = {Phase.OBSERVED: "would be ", Phase.AWAITING_APPROVAL: "recommended: "}.get(phase, "")
        note = Note(
            WARMING_POLICY, case.item.key, case.item.uid, case.judgement.verdict.reason.value, prefix + case.summary
        )
        await self.note(note, now)

    async def note(self, note: Note, now: float) -> None:
        """Tell it as an Event."""
        await self._cluster.record(note, now)
