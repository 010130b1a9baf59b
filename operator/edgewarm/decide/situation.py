"""What a decision is made from, and what it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edgewarm.model.demand import Measured, Reading
from edgewarm.model.load import Load
from edgewarm.model.policy import DEFAULT_CONFIDENCE, Policy
from edgewarm.model.quantiles import Outlook
from edgewarm.model.reasons import Reason


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What was wanted at some time, before `behavior` paced it."""

    at: float
    wanted: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the replica count that we made: `delta` pods."""

    at: float
    delta: int


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that the rules may look at. `current` is the count asked of the workload, `ready` what serves.

    `lead_seconds` is the lead time plus one pass; `learning`: history is being read, so there is no outlook *yet*.
    `confidence`: P(the mean cost of following the forecast is below the reactive answer's); None where nobody asks.
    `learned_threshold`: of that confidence, where the policy states none.
    `history_seconds`: how far back demand is known. `loads`: the resources of a policy that has some; `reading` and
    `outlook` are then those of the largest, in pods.
    """

    now: float
    policy: Policy
    reading: Reading
    current: int
    ready: int
    lead_seconds: float = 0.0
    outlook: Outlook | None = None
    learning: bool = False
    confidence: float | None = None
    learned_threshold: float = DEFAULT_CONFIDENCE
    history_seconds: float | None = None
    started_at: float = float("-inf")
    blind_since: float | None = None
    recommendations: tuple[Recommendation, ...] = ()
    changes: tuple[Change, ...] = ()
    loads: tuple[Load, ...] = ()

    @property
    def demand(self) -> float | None:
        return self.reading.value if isinstance(self.reading, Measured) else None

    @property
    def parts(self) -> tuple[Load, ...]:
        """The resources, or the one demand as the only part."""
        return self.loads or (Load(self.policy.series[0], self.reading, self.outlook),)

    @property
    def least_demand(self) -> float | None:
        """Demand, or while some resources are blind what the others ask for at least."""
        if self.demand is not None:
            return self.demand
        return max((load.pods for load in self.loads if load.pods is not None), default=None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one rule made of the number; kept in the order of the rules."""

    rule: str
    wanted: int
    reason: Reason
    note: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The number so far, the reason of the last rule that changed it, and the trail that led here."""

    wanted: int
    reason: Reason
    trail: tuple[Candidate, ...] = field(default=())

    def becomes(self, rule: str, wanted: int, reason: Reason, note: str) -> Draft:
        """The draft after a rule that changed the number (or said the same: then only the trail grows)."""
        bound = self.binds(rule, wanted, reason, note)
        return replace(self, trail=bound.trail) if wanted == self.wanted else bound

    def binds(self, rule: str, wanted: int, reason: Reason, note: str) -> Draft:
        """The draft after a rule that has the say, whether or not it changed the number."""
        return Draft(wanted, reason, (*self.trail, Candidate(rule, wanted, reason, note)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of the rules: how many pods, which rule bound, and what was recommended before pacing."""

    wanted: int
    reason: Reason
    candidates: tuple[Candidate, ...]
    recommended: int
