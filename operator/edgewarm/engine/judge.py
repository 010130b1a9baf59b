"""One policy, one pass: from what was observed to a verdict. Pure; the book is read here and written by the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgewarm.decide.newsvendor import is_censored, need
from edgewarm.decide.situation import Situation, Verdict
from edgewarm.decide.verdict import decide
from edgewarm.engine.book import Book, Pacing, Shadow
from edgewarm.learn.capacity import Capacity
from edgewarm.model.demand import Measured, Reading
from edgewarm.model.load import Load
from edgewarm.model.policy import Mode, Policy, Strategy
from edgewarm.model.quantiles import Outlook
from edgewarm.model.workload import Workload


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one pass found out about one policy. `need` is None while demand is unknown."""

    situation: Situation
    verdict: Verdict
    need: int | None
    lead_seconds: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of demand: now, ahead, whether history is still being read, and how far the forecast is trusted.

    `loads` are the resources of a policy that has some.
    """

    reading: Reading
    outlook: Outlook | None
    learning: bool
    confidence: float | None = None
    history_seconds: float | None = None
    loads: tuple[Load, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """What all policies of a pass share."""

    now: float
    started_at: float
    pass_seconds: float


def lead_seconds(book: Book, policy: Policy) -> float:
    """Measured p90 of a pod's start, else the policy's predictionHorizon."""
    measured = book.lead.quantile(0.9)
    return policy.prediction_horizon_seconds if measured is None else measured


def capacity_now(book: Book, policy: Policy, workload: Workload, now: float) -> Capacity:
    """What is asked for and ready: the cluster's numbers, or in mode Observe the plan's own, simulated."""
    if policy.mode is not Mode.OBSERVE:
        return Capacity(workload.replicas, workload.ready)
    return (book.own or begun(book, policy, workload, now)).at(now)


def begun(book: Book, policy: Policy, workload: Workload, now: float) -> Capacity:
    """A simulation that begins where the workload is."""
    return Capacity.begun(workload.replicas, workload.ready, now + lead_seconds(book, policy))


def judge(policy: Policy, book: Book, workload: Workload, evidence: Evidence, moment: Moment) -> Judgement:
    """Run the policy's rules on what is known now."""
    reading = evidence.reading
    capacity = capacity_now(book, policy, workload, moment.now)
    situation = Situation(
        now=moment.now,
        policy=policy,
        reading=reading,
        current=capacity.planned,
        ready=capacity.ready,
        lead_seconds=lead_seconds(book, policy) + moment.pass_seconds,
        outlook=evidence.outlook,
        learning=evidence.learning,
        confidence=evidence.confidence,
        learned_threshold=book.learned_threshold,
        history_seconds=evidence.history_seconds,
        started_at=moment.started_at,
        blind_since=book.blind_since,
        recommendations=book.pacing.recommendations,
        changes=book.pacing.changes,
        loads=evidence.loads,
    )
    asked = need(reading.value, policy.capacity_per_pod) if isinstance(reading, Measured) else None
    return Judgement(situation, decide(situation), asked, lead_seconds(book, policy))


def shadowed(judgement: Judgement, shadow: Shadow, now: float, strategy: Strategy = Strategy.REACTIVE) -> Shadow:
    """Another strategy on the same demand, one pass on: the same rules, no schedules, no gate, simulated capacity."""
    capacity, pacing = shadow.capacity.at(now), shadow.pacing
    policy = replace(judgement.situation.policy, strategy=strategy, schedules=(), confidence_threshold=0.0)
    situation = replace(
        judgement.situation,
        policy=policy,
        current=capacity.planned,
        ready=capacity.ready,
        recommendations=pacing.recommendations,
        changes=pacing.changes,
    )
    verdict = decide(situation)
    pacing = pacing.recommended(now, verdict.recommended, memory_seconds(situation.policy))
    if verdict.wanted == capacity.planned:
        return Shadow(capacity, pacing)
    pacing = pacing.changed(now, verdict.wanted - capacity.planned)
    return Shadow(capacity.follow(now, verdict.wanted, judgement.lead_seconds), pacing)


def memory_seconds(policy: Policy) -> float:
    """How long a recommendation can matter: the longer of the two stabilization windows, and at least one pass."""
    return max(policy.scale_up.stabilization_seconds, policy.scale_down.stabilization_seconds, 1.0)


def paced(book: Book, judgement: Judgement, now: float) -> Pacing:
    """The book's pacing after this pass's recommendation."""
    memory = memory_seconds(judgement.situation.policy)
    return book.pacing.recommended(now, judgement.verdict.recommended, memory)


def censored(per_pod: float, workload: Workload | None, reading: Reading) -> bool:
    """The sample is only a lower bound: the pods that serve were all busy."""
    if workload is None or not isinstance(reading, Measured):
        return False
    return is_censored(reading.value, workload.ready, per_pod)
