"""What a change of plan costs, risks and is expected to miss, and whether a person must approve it.

cost            (after - before) x price of a pod-hour x hours        4 h, or until the schedule that set it closes
expected short  E (need - n)+,  expected idle  E (n - need)+          over the lead window's quantiles
in money        kappa x short, and idle, x price of a pod-hour        an hour of such demand; kappa is the user's own
scaling factor  after / max(1, before)
risk            High    scaling factor above 2, strategy Aggressive
                Medium  horizons that contradict each other, history of less than two days
                Low     else; a confidence below .6 is noted
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgewarm.decide.newsvendor import held, need
from edgewarm.decide.schedules import matches_around, open_schedules
from edgewarm.decide.situation import Situation, Verdict
from edgewarm.model.policy import Strategy
from edgewarm.model.prices import ApprovalTerms, RiskLevel, Terms
from edgewarm.model.quantiles import Quantiles
from edgewarm.model.reasons import Reason

LONGEST_HOURS = 4.0
STEEP = 2.0
SHORT_HISTORY_SECONDS = 2 * 86400.0
LOW_CONFIDENCE = 0.6
NEAR_SECONDS = 3600.0
PARTS = 100  # equal shares of probability that an expectation is summed over


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that could go wrong, how bad, and what keeps it small."""

    level: RiskLevel
    reason: str
    mitigation: str


@dataclass(frozen=True, slots=True)
class Worth:
    """What is known of a change before it is made; `approval` says why a person must approve it, if one must.

    `pod_hour` is what a pod of the workload costs in an hour.
    """

    cost: float
    scaling_factor: float
    concerns: tuple[Concern, ...] = ()
    approval: tuple[str, ...] = ()
    pod_hour: float = 0.0

    @property
    def risk(self) -> RiskLevel:
        return max((c.level for c in self.concerns), key=lambda level: level.rank, default=RiskLevel.LOW)


def scaling_factor(before: int, after: int) -> float:
    """How many times as many pods.

    >>> scaling_factor(4, 7), scaling_factor(0, 3)
    (1.75, 3.0)
    """
    return after / max(1, before)


@dataclass(frozen=True, slots=True)
class Expected:
    """Pods expected to be missing and idle; `costs` of both in an hour, None where a pod has no price."""

    short: float
    idle: float
    costs: tuple[float, float] | None = None


def expected_of(situation: Situation, count: int, pod_hour: float) -> Expected | None:
    """Of holding `count` in the lead window; None without a forecast."""
    if situation.outlook is None:
        return None
    policy = situation.policy
    short, idle = expected(situation.outlook.lead, count, policy.capacity_per_pod)
    return Expected(short, idle, (policy.kappa * short * pod_hour, idle * pod_hour) if pod_hour else None)


def expected(quantiles: Quantiles, count: int, capacity_per_pod: float) -> tuple[float, float]:
    """(short, idle) pods to expect of holding `count`: the mean over equal shares of probability."""
    needs = [need(quantiles.at((part + 0.5) / PARTS), capacity_per_pod) for part in range(PARTS)]
    return sum(max(0, n - count) for n in needs) / PARTS, sum(max(0, count - n) for n in needs) / PARTS


def worth(situation: Situation, verdict: Verdict, terms: Terms, pod_hour: float) -> Worth:
    """Of changing to the verdict's count now; `pod_hour` is what a pod of this workload costs in an hour."""
    before, after = situation.current, verdict.wanted
    cost = (after - before) * pod_hour * _hours(situation, verdict)
    factor = scaling_factor(before, after)
    concerns = tuple(c for check in CONCERNS if (c := check(situation, after)) is not None)
    found = Worth(cost, factor, concerns, pod_hour=pod_hour)
    if terms.approval is None or after <= before:
        return found
    return replace(found, approval=_why(found, situation.policy.strategy, terms.approval))


def _hours(situation: Situation, verdict: Verdict) -> float:
    """How long the plan is taken to last."""
    if verdict.reason is not Reason.SCHEDULE_MINIMUM:
        return LONGEST_HOURS
    found = open_schedules(situation.policy.schedules, situation.now, situation.lead_seconds)
    ends = [
        matches_around(item.schedule.end, item.schedule.time_zone, max(situation.now, item.opens_at))[1]
        for item in found
        if item.schedule.low is not None and item.schedule.low >= verdict.wanted
    ]
    return min(LONGEST_HOURS, (max(ends) - situation.now) / 3600) if ends else LONGEST_HOURS


def _why(found: Worth, strategy: Strategy, terms: ApprovalTerms) -> tuple[str, ...]:
    reasons = []
    if found.cost > terms.cost_above:
        reasons.append(f"it costs {found.cost:.4g}, above {terms.cost_above:.4g}")
    if found.risk.rank >= terms.risk.rank:
        reasons.append(f"its risk is {found.risk}, and {terms.risk} is to be approved")
    if strategy in terms.strategies:
        reasons.append(f"its strategy is {strategy}")
    return tuple(reasons)


def _steep(situation: Situation, after: int) -> Concern | None:
    factor = scaling_factor(situation.current, after)
    if factor <= STEEP:
        return None
    reason = f"the count rises {factor:.3g} times at once"
    return Concern(RiskLevel.HIGH, reason, "bound the rise with scaling.maxReplicas or scaling.behavior.scaleUp")


def _aggressive(situation: Situation, _: int) -> Concern | None:
    if situation.policy.strategy is not Strategy.AGGRESSIVE:
        return None
    reason = "strategy Aggressive holds more than the objective asks for"
    return Concern(RiskLevel.HIGH, reason, "use strategy Hybrid with a larger objective.kappa")


def _contradiction(situation: Situation, _: int) -> Concern | None:
    """One of the next hour's horizons asks for more than there is now, another for less."""
    outlook, policy = situation.outlook, situation.policy
    if outlook is None:
        return None
    near = [q for seconds, q in outlook.horizons if seconds <= NEAR_SECONDS]
    counts = [held(q, policy.service_level, policy.capacity_per_pod) for q in (outlook.lead, *near)]
    if not min(counts) < situation.current < max(counts):
        return None
    reason = f"within the next hour between {min(counts)} and {max(counts)} pods are expected to be needed"
    return Concern(RiskLevel.MEDIUM, reason, "lengthen the scale-down window if pods come and go")


def _short_history(situation: Situation, _: int) -> Concern | None:
    known = situation.history_seconds
    if known is None or known >= SHORT_HISTORY_SECONDS:
        return None
    reason = f"only {known / 3600:.0f} h of history are known, less than two days"
    return Concern(RiskLevel.MEDIUM, reason, "use mode Observe or Recommend until two days are known")


def _doubt(situation: Situation, _: int) -> Concern | None:
    sure = situation.confidence
    if sure is None or sure >= LOW_CONFIDENCE:
        return None
    reason = f"confidence in the forecast is {sure:.0%}"
    return Concern(RiskLevel.LOW, reason, "the forecast is acted on only above forecast.confidenceThreshold")


CONCERNS = (_steep, _aggressive, _contradiction, _short_history, _doubt)
"""Every check, in the order in which they are told."""
