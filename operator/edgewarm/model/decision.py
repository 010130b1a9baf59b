"""A ScalingDecision as the core sees it, and the words of its life."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgewarm.model.identity import Key


class Phase(StrEnum):
    """Where a decision is in its life; `decide.lifecycle` has the truth table."""

    OBSERVED = "Observed"  # mode Observe: nothing will be done
    AWAITING_APPROVAL = "AwaitingApproval"
    APPROVED = "Approved"
    DENIED = "Denied"
    EXECUTING = "Executing"
    EXECUTED = "Executed"
    SUPERSEDED = "Superseded"  # a later decision replaced it
    EXPIRED = "Expired"  # nobody approved it in time
    FAILED = "Failed"


class Approval(StrEnum):
    """What a person wrote into spec.approval."""

    APPROVED = "Approved"
    DENIED = "Denied"


class Outcome(StrEnum):
    """Afterwards: was it right? Definitions in `learn.evaluation`."""

    HIT = "Hit"
    FALSE_POSITIVE = "FalsePositive"
    MISS = "Miss"
    NEUTRAL = "Neutral"


@dataclass(frozen=True, slots=True)
class Action:
    """One change of one rung: `before` -> `after`, not before `execute_at`."""

    rung: str
    before: int
    after: int
    execute_at: float


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What the API server holds of one decision."""

    key: Key
    uid: str
    policy: str
    created_at: float
    action: Action
    reason: str
    expires_at: float | None
    approval: Approval | None
    phase: Phase | None
    evaluated: bool
