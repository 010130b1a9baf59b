"""The life of a ScalingDecision: what to do with the plan and the decisions that are still open.

A plan is a wanted count. A rise is due now, so it is never held back; a fall waits until a minute after the decision
before, so that the changes of one minute join one decision.

    | mode      | open decision     | plan                        | moves                                   |
    |-----------|-------------------|-----------------------------|-----------------------------------------|
    | Observe   | any               | wanted != planned           | create Observed                         |
    | Act       | awaiting approval | needs no approval           | supersede it                            |
    | Act       | none              | wanted != planned           | create Executing, scale, then Executed  |
    | Act       | any               | needs approval, free > planned | scale to free, as above              |
    | Act       | as Recommend      | needs approval, free <= planned | as Recommend                        |
    | Recommend | none              | wanted != planned           | create AwaitingApproval                 |
    | Recommend | awaiting          | covered, not expired        | wait                                    |
    | Recommend | awaiting          | covered, expired            | expire it                               |
    | Recommend | awaiting          | not covered                 | supersede it, and look again            |
    | Recommend | approved rise     | due, and not too much       | execute it: scale, then Executed        |
    | Recommend | denied            | the same direction          | wait until it would have expired        |
    | Observe   | left by a crash   | any                         | Observed                                |
    | Act       | left by a crash   | the count is there / is not | Executed / Superseded                   |
    | Recommend | left by a crash   | any                         | AwaitingApproval                        |

Left by a crash is a decision without a phase, or Executing, that this life of the operator did not write.

An open decision covers the plan while it goes the same way and doing it would not end below what is wanted: a rise may
be larger than wanted now, a fall may be smaller. A rise that was approved is also done where more is wanted by now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgewarm.model.decision import Approval, DecisionRecord, Phase
from edgewarm.model.policy import Mode

JOIN_SECONDS = 60.0
APPROVAL_SECONDS = 600.0
GRACE_SECONDS = 600.0  # for an approval that was given while the operator was down
AWAITING = frozenset({Phase.AWAITING_APPROVAL, Phase.APPROVED})
OPEN = AWAITING | {None}  # a decision whose phase is not to be seen yet is open too


@dataclass(frozen=True, slots=True)
class Create:
    """Write a new decision in this phase; with EXECUTING, scale and then mark it Executed."""

    before: int
    after: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class Execute:
    """Do what was approved."""

    record: DecisionRecord


@dataclass(frozen=True, slots=True)
class Mark:
    """Move a decision to another phase, with the sentence that says why."""

    record: DecisionRecord
    phase: Phase
    message: str


Move = Create | Execute | Mark


@dataclass(frozen=True, slots=True)
class Plan:
    """The wanted count against what is planned already, when the last decision was made, and the upper bound now.

    `free` is set where a person must approve what lies above it: what demand now, schedules and fallback ask for.
    """

    mode: Mode
    planned: int
    wanted: int
    last_decision_at: float | None
    most: int = 2**31 - 1
    free: int | None = None

    @property
    def asks(self) -> bool:
        """In mode Act: part of the rise needs approval."""
        return self.mode is Mode.ACT and self.free is not None and self.wanted > max(self.planned, self.free)


def moves(plan: Plan, records: tuple[DecisionRecord, ...], now: float) -> tuple[Move, ...]:
    """What to do now, in order; `records` are this policy's decisions, oldest first."""
    answered = tuple(move for record in records if (move := _answered(record)) is not None)
    awaiting = tuple(record for record in records if record.phase in OPEN)
    if plan.asks and plan.free is not None and plan.free > plan.planned:
        return _created(replace(plan, wanted=plan.free), Phase.EXECUTING, now)
    if plan.mode is not Mode.RECOMMEND and not plan.asks:
        awaiting = tuple(record for record in awaiting if record.phase is not None)
        why = f"mode is {plan.mode} and {plan.wanted} replicas are wanted now"
        closed = tuple(Mark(r, Phase.SUPERSEDED, why) for r in awaiting)
        phase = Phase.OBSERVED if plan.mode is Mode.OBSERVE else Phase.EXECUTING
        return (*closed, *_created(plan, phase, now))
    if awaiting:
        return answered or tuple(move for record in awaiting if (move := _open(plan, record, now)) is not None)
    if _denied(plan, records, now):
        return ()
    return _created(plan, Phase.AWAITING_APPROVAL, now)


def leftovers(plan: Plan, records: tuple[DecisionRecord, ...]) -> tuple[Move, ...]:
    """What to make of decisions that a crash left between two writes."""
    return tuple(_left(plan, record) for record in records if record.phase in {None, Phase.EXECUTING})


def _left(plan: Plan, record: DecisionRecord) -> Mark:
    message = "taken up again after a restart"
    if plan.mode is Mode.OBSERVE:
        return Mark(record, Phase.OBSERVED, message)
    if plan.mode is Mode.RECOMMEND and record.phase is None:
        return Mark(record, Phase.AWAITING_APPROVAL, message)
    done = plan.planned == record.action.after
    return Mark(record, Phase.EXECUTED if done else Phase.SUPERSEDED, message)


def _created(plan: Plan, phase: Phase, now: float) -> tuple[Move, ...]:
    falling = plan.wanted < plan.planned
    young = plan.last_decision_at is not None and now - plan.last_decision_at < JOIN_SECONDS
    if plan.wanted == plan.planned or (falling and young):
        return ()
    return (Create(plan.planned, plan.wanted, phase),)


def _answered(record: DecisionRecord) -> Move | None:
    """A person's answer that the phase does not show yet."""
    if record.phase is not Phase.AWAITING_APPROVAL or record.approval is None:
        return None
    if record.approval is Approval.DENIED:
        return Mark(record, Phase.DENIED, "denied")
    return Mark(record, Phase.APPROVED, "approved")


def _open(plan: Plan, record: DecisionRecord, now: float) -> Move | None:
    if not covers(record, plan) and not _approved_part(record, plan):
        return Mark(record, Phase.SUPERSEDED, f"{plan.wanted} replicas are wanted now")
    if record.action.after > plan.most:
        return Mark(record, Phase.SUPERSEDED, f"at most {plan.most} replicas are allowed now")
    if record.phase is Phase.APPROVED and record.expires_at is not None and now >= record.expires_at + GRACE_SECONDS:
        return Mark(record, Phase.EXPIRED, "approved, but not carried out in time")
    if record.phase is Phase.APPROVED:
        return Execute(record) if now >= record.action.execute_at else None
    if record.expires_at is not None and now >= record.expires_at:
        return Mark(record, Phase.EXPIRED, "nobody approved it in time")
    return None


def _approved_part(record: DecisionRecord, plan: Plan) -> bool:
    """A rise that was approved, and more is wanted by now: it is done, and the rest is a decision of its own."""
    rising = record.action.after > record.action.before == plan.planned
    return record.phase is Phase.APPROVED and rising and plan.wanted > record.action.after


def covers(record: DecisionRecord, plan: Plan) -> bool:
    """Doing the decision now would go the plan's way, from where we are, and would not end below what is wanted."""
    before, after = plan.planned, record.action.after
    if before != record.action.before:
        return False
    rising = after > before
    return (plan.wanted > before) == rising and plan.wanted != before and after >= plan.wanted


def _denied(plan: Plan, records: tuple[DecisionRecord, ...], now: float) -> bool:
    """The last decision was denied and the plan has not outgrown it: asking again at once would be nagging."""
    if not records or records[-1].phase is not Phase.DENIED:
        return False
    last = records[-1]
    return covers(last, plan) and last.expires_at is not None and now < last.expires_at
