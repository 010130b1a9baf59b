"""What the engine remembers of one policy between passes, and how it is taken up again after a restart.

Nothing here is needed for safety: a lost book means history is replayed, nothing is lowered for one window, and the
scores go on from the numbers in the policy's status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgewarm.decide.situation import Change, Recommendation
from edgewarm.engine.ladder import RungBook
from edgewarm.learn.capacity import Capacity
from edgewarm.learn.confidence import Belief, Block, Blocks
from edgewarm.learn.evaluation import Tally
from edgewarm.learn.idle_time import IdleTime
from edgewarm.learn.lead_times import LeadTimes
from edgewarm.learn.promises import Promises
from edgewarm.learn.pull_use import PullUse
from edgewarm.learn.shortages import MissCause, Shortages
from edgewarm.learn.stage_times import StageTimes
from edgewarm.manifests.decision import DecisionReport
from edgewarm.manifests.lead_times import StageLead
from edgewarm.model.decision import Outcome
from edgewarm.model.identity import Key
from edgewarm.model.policy import DEFAULT_CONFIDENCE, Policy

LONGEST_WINDOW_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Pacing:
    """What `behavior` must remember: recommendations and changes of the last hour."""

    recommendations: tuple[Recommendation, ...] = ()
    changes: tuple[Change, ...] = ()

    def recommended(self, now: float, wanted: int, window_seconds: float) -> Pacing:
        kept = tuple(item for item in self.recommendations if now - item.at < window_seconds)
        return Pacing((*kept, Recommendation(now, wanted)), self.changes)

    def begun(self, now: float, current: int, gap_seconds: float) -> Pacing:
        """Whoever begins to decide (again, after a gap) begins with the count that is there, as the HPA does."""
        if any(now - item.at <= gap_seconds for item in self.recommendations):
            return self
        return Pacing((*self.recommendations, Recommendation(now, current)), self.changes)

    def changed(self, now: float, delta: int) -> Pacing:
        kept = tuple(item for item in self.changes if now - item.at < LONGEST_WINDOW_SECONDS / 2)
        return Pacing(self.recommendations, (*kept, Change(now, delta)))


@dataclass(frozen=True, slots=True)
class Shadow:
    """A plan that is only simulated, on the same demand."""

    capacity: Capacity
    pacing: Pacing = Pacing()


@dataclass(frozen=True, slots=True)
class Live:
    """A decision in force: a rise answers for the pods `before` + 1 .. `after` from `ready_at` on, a fall for none.

    `told` is the outcome that its status shows already, while it is still in force.
    """

    key: Key
    report: DecisionReport
    before: int
    after: int
    ready_at: float
    simulated: bool
    tally: Tally = Tally()
    cause: MissCause | None = None
    told: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """Sums since `since`; resumed from the status after a restart."""

    since: float
    simulated: bool
    tally: Tally = Tally()
    outcomes: tuple[tuple[Outcome, int], ...] = ()
    shortages: Shortages = Shortages()
    promises: Promises = Promises()

    def count(self, outcome: Outcome) -> int:
        return dict(self.outcomes).get(outcome, 0)

    def counted(self, outcome: Outcome) -> tuple[tuple[Outcome, int], ...]:
        return tuple(sorted((dict(self.outcomes) | {outcome: self.count(outcome) + 1}).items()))


@dataclass(frozen=True, slots=True)
class Left:
    """The workload as it was before our own write: while it still looks like this, what is seen is stale."""

    resource_version: str
    replicas: int
    at: float


@dataclass
class Book:
    """Mutable memory of one policy; every part of it is a frozen value that a pure function replaces."""

    uid: str
    policy: Policy
    score: Score
    lead: LeadTimes = LeadTimes()
    stages: StageTimes = field(default_factory=StageTimes)
    pull_use: PullUse = field(default_factory=PullUse)
    idle: IdleTime = field(default_factory=IdleTime)
    stage_leads: tuple[StageLead, ...] = ()  # what is told of `stages`
    pacing: Pacing = Pacing()
    own: Capacity | None = None
    shadow: Shadow | None = None  # the reactive answer
    foreseen: Shadow | None = None  # what following the forecast would hold, whether or not it is acted on
    blocks: Blocks = field(default_factory=Blocks)
    belief: Belief | None = None
    learned_threshold: float = DEFAULT_CONFIDENCE
    weighed: tuple[Block, ...] = ()  # the blocks that it was learned from
    blind_since: float | None = None
    lives: tuple[Live, ...] = ()  # oldest first
    unwritten: dict[Key, DecisionReport] = field(default_factory=dict)  # statuses that could not be written yet
    wrote: Key | None = None  # the last decision of this life of the operator
    last_decision_at: float | None = None
    last_decision: str | None = None
    last_step_at: float | None = None
    left: Left | None = None  # what our last /scale patch changed
    trouble: str | None = None
    failures: int = 0  # in a row, of acting on the plan
    retry_at: float = float("-inf")
    rungs: RungBook = field(default_factory=RungBook)
    status: Mapping[str, Any] = field(default_factory=dict)
    status_at: float = float("-inf")
