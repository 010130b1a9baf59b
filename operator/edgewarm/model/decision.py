"""A ScalingDecision as the core sees it, and the words of its life."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgewarm.model.identity import Key
from edgewarm.model.rungs import RungName


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
    """One change of one rung: `before` -> `after`, not before `execute_at`; on one node, or (None) on any."""

    rung: RungName
    before: int
    after: int
    execute_at: float
    node: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What the API server holds of one decision. `action` is its change of replicas, if it has one, else its first.

    `rungs` are its changes below the replicas.
    """

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
    rungs: tuple[Action, ...] = ()

    @property
    def scales(self) -> bool:
        """Whether it changes replicas."""
        return self.action.rung == RungName.REPLICA
