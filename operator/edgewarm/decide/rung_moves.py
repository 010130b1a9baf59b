"""When a change of the rungs below the replicas is written down as a decision, and what a person's answer allows.

    | mode      | open proposal | plan                       | moves                                        |
    |-----------|---------------|----------------------------|----------------------------------------------|
    | Observe   | -             | differs from what was told | write Observed, at most once a minute        |
    | Act       | -             | differs from what was told | write Executed, at most once a minute        |
    | Recommend | none          | differs from what is held  | propose (AwaitingApproval)                   |
    | Recommend | approved      | any                        | grant its counts, Executed once it was tried |
    | Recommend | denied        | any                        | mark Denied; ask again when it had expired   |
    | Recommend | unanswered    | as held                    | mark Superseded                              |
    | Recommend | unanswered    | differs, time is over      | mark Expired                                 |
    | any       | without phase, of an earlier life          | mark it as the mode does                     |

In mode Act the rungs themselves never wait for the decision: it is the record of what is done, not its cause.
Other modes leave a proposal of before as Superseded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgewarm.decide.lifecycle import AWAITING, JOIN_SECONDS, Mark
from edgewarm.model.decision import Action, Approval, DecisionRecord, Phase
from edgewarm.model.policy import Mode
from edgewarm.model.rungs import Place, RungCount

OPEN = AWAITING | {None}


@dataclass(frozen=True, slots=True)
class Write:
    """Record these changes in a new decision of this phase."""

    actions: tuple[Action, ...]
    phase: Phase


@dataclass(frozen=True, slots=True)
class Grant:
    """A person approved this proposal: its counts hold from now on."""

    record: DecisionRecord


RungMove = Write | Grant | Mark


@dataclass(frozen=True, slots=True)
class RungState:
    """What is wanted, what the last decision said (`told`) and when the last one of any kind was written."""

    mode: Mode
    counts: Sequence[RungCount]
    told: Mapping[Place, int]
    last_at: float | None = None

    def changes(self, now: float) -> tuple[Action, ...]:
        """Places whose wanted count is another than what was told; a place never told of is as it is held."""
        found = []
        for count in self.counts:
            before = self.told.get(count.place, count.held)
            if before != count.wanted:
                found.append(Action(count.place.rung, before, count.wanted, now, count.place.node))
        return tuple(found)

    def asked(self, now: float) -> tuple[Action, ...]:
        """Places whose wanted count is another than what is held: what a person would have to approve."""
        return tuple(
            Action(one.place.rung, one.held, one.wanted, now, one.place.node)
            for one in self.counts
            if one.held != one.wanted
        )


def rung_moves(state: RungState, records: Sequence[DecisionRecord], now: float) -> tuple[RungMove, ...]:
    """What to do now; `records` are the policy's decisions that change rungs only, oldest first."""
    awaiting = [record for record in records if record.phase in OPEN]
    if state.mode is not Mode.RECOMMEND:
        phase = Phase.OBSERVED if state.mode is Mode.OBSERVE else Phase.EXECUTED
        closed = tuple(Mark(one, Phase.SUPERSEDED, f"mode is {state.mode}") for one in awaiting if one.phase)
        return (*closed, *_written(state, state.changes(now), phase, now))
    if awaiting:
        found = (_answer(record, state, now) for record in awaiting)
        return tuple(move for move in found if move is not None)
    if records and records[-1].phase is Phase.DENIED and now < (records[-1].expires_at or now):
        return ()
    return _written(state, () if not state.changes(now) else state.asked(now), Phase.AWAITING_APPROVAL, now)


def rung_leftovers(mode: Mode, records: Sequence[DecisionRecord]) -> tuple[Mark, ...]:
    """What to make of decisions of an earlier life that a crash left without a phase."""
    phase = {Mode.OBSERVE: Phase.OBSERVED, Mode.RECOMMEND: Phase.AWAITING_APPROVAL}.get(mode, Phase.EXECUTED)
    return tuple(Mark(one, phase, "taken up again after a restart") for one in records if one.phase is None)


def _written(state: RungState, actions: tuple[Action, ...], phase: Phase, now: float) -> tuple[RungMove, ...]:
    young = state.last_at is not None and now - state.last_at < JOIN_SECONDS
    return () if young or not actions else (Write(actions, phase),)


def _answer(record: DecisionRecord, state: RungState, now: float) -> RungMove | None:
    if record.approval is Approval.APPROVED:
        return Grant(record)
    if record.approval is Approval.DENIED:
        return Mark(record, Phase.DENIED, "denied")
    if not state.asked(now):
        return Mark(record, Phase.SUPERSEDED, "what is held is what is wanted now")
    if record.expires_at is not None and now >= record.expires_at:
        return Mark(record, Phase.EXPIRED, "nobody approved it in time")
    return None
