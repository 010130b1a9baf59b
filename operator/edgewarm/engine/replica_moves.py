"""What a pass does about the replicas, and when it rather waits for what it wrote to show up. Pure."""

from __future__ import annotations

from dataclasses import replace

from edgewarm.decide.lifecycle import Move, Plan, leftovers, moves
from edgewarm.decide.verdict import decide
from edgewarm.engine.parking import would_park_blindly
from edgewarm.engine.reports import Case
from edgewarm.model.decision import DecisionRecord
from edgewarm.model.policy import Mode

STALE_SECONDS = 10.0  # the same count for longer than this was set by somebody else
UNSEEN_SECONDS = 300.0  # a proposal that does not show up for longer was deleted


def replica_moves(case: Case, records: tuple[DecisionRecord, ...], now: float) -> tuple[Move, ...]:
    """What is to be done about the replicas."""
    situation, verdict = case.judgement.situation, case.judgement.verdict
    free = decide(replace(situation, outlook=None)).wanted if case.worth and case.worth.approval else None
    mode, most = situation.policy.mode, situation.policy.bounds.high
    plan = Plan(mode, situation.current, verdict.wanted, case.book.last_decision_at, most, free)
    if plan.asks and _is_unseen(case, records, now):
        plan = replace(plan, wanted=max(plan.planned, free or 0))
    foreign = tuple(record for record in records if record.key not in case.written)
    return leftovers(plan, foreign) or moves(plan, records, now)


def is_stale(case: Case, records: tuple[DecisionRecord, ...], now: float) -> bool:
    """Our own last write has not come back yet, so what is seen is older than what we did."""
    left = case.book.left
    if left is not None:
        unmoved = case.workload.replicas == left.replicas and now - left.at < STALE_SECONDS
        if unmoved or case.workload.resource_version == left.resource_version:
            return True
    proposed = case.judgement.situation.policy.mode is Mode.RECOMMEND and _is_unseen(case, records, now)
    return proposed or would_park_blindly(case)


def _is_unseen(case: Case, records: tuple[DecisionRecord, ...], now: float) -> bool:
    """The last decision that we wrote does not show up yet; asking again would be asking twice."""
    wrote, at = case.book.wrote, case.book.last_decision_at
    unseen = wrote is not None and all(record.key != wrote for record in records)
    return unseen and at is not None and now - at < UNSEEN_SECONDS
