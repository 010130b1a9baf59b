"""One policy's pass on the ladder: the rungs are brought to their plan, and its change is written down.

Written down after it was tried, and only of rungs that are not in trouble: what failed is a condition, and becomes a
decision when it works.

A change of the rungs joins the replicas' decision of the same pass; alone it becomes a decision of its own, at most one
a minute. See decide.rung_moves for what each mode does.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from edgewarm.decide.lifecycle import APPROVAL_SECONDS, Mark
from edgewarm.decide.rung_moves import Grant, RungState, Write, rung_leftovers, rung_moves
from edgewarm.engine.acting import Actor
from edgewarm.engine.judge import Moment
from edgewarm.engine.ladder import Ladder
from edgewarm.engine.reports import Case
from edgewarm.engine.rungs import RungSituation
from edgewarm.manifests.decision import DecisionDraft, DecisionReport, scaling_decision
from edgewarm.model.decision import Action, DecisionRecord, Phase
from edgewarm.model.errors import EdgewarmError
from edgewarm.model.identity import Key
from edgewarm.model.names import WARMING_POLICY
from edgewarm.model.rungs import Place
from edgewarm.model.view import Note

log = structlog.get_logger()


class Climber:
    """Acts on the rungs below the replicas."""

    def __init__(self, ladder: Ladder, actor: Actor) -> None:
        self._ladder = ladder
        self._actor = actor

    async def climb(self, case: Case, records: tuple[DecisionRecord, ...], moment: Moment) -> None:
        """Act, and write it down; `records` change rungs only.

        What is open of them is closed although no rung is left: a crash may come between its last act and its phase.
        """
        if case.climb is None:
            return
        acted = bool(case.ladder.plans) and await self._act(case, case.climb, moment)
        book = case.book
        times = [at for at in (book.rungs.decided_at, book.last_decision_at) if at is not None]
        state = RungState(book.policy.mode, case.ladder.counts, book.rungs.told, max(times, default=None))
        foreign = [record for record in records if record.key not in case.written]
        for move in rung_leftovers(state.mode, foreign) or rung_moves(state, records, moment.now):
            match move:
                case Write():
                    await self._write(case, _done(case, move, acted), moment)
                case Grant():
                    await self._grant(case, move.record, acted, moment)
                case Mark():
                    await self._actor.mark(case, move.record.key, DecisionReport(move.phase, move.message))

    async def _act(self, case: Case, climb: RungSituation, moment: Moment) -> bool:
        book = case.book
        book.rungs.remember(case.ladder, moment.now, book.policy.scale_down.stabilization_seconds)
        return await self._ladder.act(replace(climb, granted=case.granted), case.ladder, book.rungs)

    async def _grant(self, case: Case, record: DecisionRecord, acted: bool, moment: Moment) -> None:
        """What is approved is planned in the next pass, and told once it was tried."""
        granted, counts = case.book.rungs.granted, {_place(action): action.after for action in record.rungs}
        if not counts.items() <= granted.items():
            granted |= counts
        elif acted:
            rungs, trouble = {place.rung for place in counts}, case.book.rungs.trouble
            problem = next((trouble[rung] for rung in trouble if rung in rungs), None)
            report = DecisionReport(Phase.EXECUTED, "approved, and carried out", moment.now)
            if problem is not None:
                report = DecisionReport(Phase.FAILED, f"approved, but {problem}")
            await self._actor.mark(case, record.key, report)

    async def _write(self, case: Case, move: Write, moment: Moment) -> None:
        if not move.actions:
            return
        summary = f"{changes(move.actions)}: {'; '.join(case.ladder.notes)}"
        manifest = scaling_decision(_draft(case, move, summary, moment))
        key = Key(case.item.key.namespace, manifest["metadata"]["name"])
        try:
            await self._actor.record(case, manifest)
        except EdgewarmError as error:
            log.warning("decision not recorded", policy=str(case.item.key), problem=str(error))
            return
        book = case.book
        book.rungs.decided_at, book.last_decision, book.rungs.wrote = moment.now, key.name, key
        book.rungs.told |= {_place(action): action.after for action in move.actions}
        log.info("rungs changed", policy=str(case.item.key), decision=key.name, phase=str(move.phase), because=summary)
        prefix = {Phase.OBSERVED: "would be ", Phase.AWAITING_APPROVAL: "recommended: "}.get(move.phase, "")
        reason = _reason(case, move)
        await self._actor.note(Note(WARMING_POLICY, case.item.key, case.item.uid, reason, prefix + summary), moment.now)
        executed = moment.now if move.phase is Phase.EXECUTED else None
        await self._actor.mark(case, key, DecisionReport(move.phase, summary, executed))


def _done(case: Case, move: Write, acted: bool) -> Write:
    """Without what was not tried (in a pause, say), or failed."""
    if move.phase is not Phase.EXECUTED or case.climb is None:
        return move
    tried = (one for one in move.actions if acted and case.climb.begins(one.rung))
    return replace(move, actions=tuple(one for one in tried if one.rung not in case.book.rungs.trouble))


def _place(action: Action) -> Place:
    return Place(action.rung, action.node)


def changes(actions: tuple[Action, ...]) -> str:
    """Such as "Standby 0 -> 2, Image on node-1 0 -> 1 and 3 more".

    >>> from edgewarm.model.rungs import RungName
    >>> changes((Action(RungName.STANDBY, 0, 2, 0.0), Action(RungName.IMAGE, 0, 1, 0.0, "node-1")))
    'Standby 0 -> 2, Image on node-1 0 -> 1'
    """
    told = [f"{a.rung}{'' if a.node is None else f' on {a.node}'} {a.before} -> {a.after}" for a in actions[:4]]
    return ", ".join(told) + (f" and {len(actions) - 4} more" if len(actions) > 4 else "")


def _reason(case: Case, move: Write) -> str:
    """Why the first of the changes is wanted."""
    reasons = {count.place: count.reason for count in case.ladder.counts}
    return reasons[_place(move.actions[0])]


def _draft(case: Case, move: Write, summary: str, moment: Moment) -> DecisionDraft:
    policy, now = case.book.policy, moment.now
    return DecisionDraft(
        policy=case.item.key,
        policy_uid=case.item.uid,
        target=policy.target,
        mode=policy.mode,
        at=now,
        actions=move.actions,
        reason=_reason(case, move),
        summary=summary,
        replicas=case.workload.replicas,
        expires_at=now + APPROVAL_SECONDS if move.phase is Phase.AWAITING_APPROVAL else None,
    )
