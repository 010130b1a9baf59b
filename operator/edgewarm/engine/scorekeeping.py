"""Learn: once a model step, each policy's pod-minutes, promises and shortages go into its book. Pure."""

from __future__ import annotations

from dataclasses import replace

from edgewarm.decide.newsvendor import probability_needed
from edgewarm.decide.situation import Situation, Verdict
from edgewarm.engine.book import Book, Live, Score
from edgewarm.engine.judge import Judgement
from edgewarm.learn.capacity import Capacity
from edgewarm.learn.evaluation import Step, Tally
from edgewarm.learn.promises import Promise
from edgewarm.learn.shortages import MissCause
from edgewarm.model.decision import Outcome
from edgewarm.model.reasons import Reason

LONGEST_STEP_SECONDS = 90.0  # after a gap in passes, nothing is claimed about the gap
BOUND_REASONS = frozenset(
    {Reason.MAX_REPLICAS, Reason.SCHEDULE_MAXIMUM, Reason.SCALE_UP_LIMITED, Reason.SCALE_UP_STABILIZED, Reason.PAUSED}
)


def seen(score: Score, judgement: Judgement, step_made: bool, step_seconds: float) -> Score:
    """Promises meet this pass's sample; with a new model step, the outlook makes a new promise."""
    now, demand = judgement.situation.now, judgement.situation.demand
    promises = score.promises.see(now, demand)
    outlook = judgement.situation.outlook
    if step_made and outlook is not None:
        start = now + outlook.lead_seconds
        promises = promises.make(Promise(start, start + step_seconds, outlook.lead))
    return replace(score, promises=promises)


def miss_cause(situation: Situation, verdict: Verdict) -> MissCause:
    """Why pods are short right now."""
    if situation.demand is None:
        return MissCause.BLIND
    if verdict.reason in BOUND_REASONS:
        return MissCause.BOUND
    return MissCause.FORECAST


def measured(judgement: Judgement, shadow: Capacity, score: Score, minutes: float) -> Tally | None:
    """The step's pod-minutes; None while demand is unknown."""
    if judgement.need is None:
        return None
    situation = judgement.situation
    quantiles = score.promises.about(situation.now)
    promised = 0.0
    if quantiles is not None:
        capacity = situation.policy.capacity_per_pod
        raised_units = range(shadow.ready + 1, situation.ready + 1)
        promised = sum(probability_needed(quantiles, n, capacity) for n in raised_units)
    return Tally.of(Step(judgement.need, situation.ready, shadow.ready, minutes, promised))


def scored(book: Book, judgement: Judgement, shadow: Capacity) -> tuple[Score, Live | None]:
    """Book one model step; the first one after a gap only sets the clock."""
    now, last = judgement.situation.now, book.last_step_at
    if last is None or now - last > LONGEST_STEP_SECONDS:
        return book.score, book.live
    tally = measured(judgement, shadow, book.score, (now - last) / 60)
    if tally is None:
        return book.score, book.live
    cause = miss_cause(judgement.situation, judgement.verdict)
    shortages = book.score.shortages.see(round(tally.short * 1000), cause)
    score = replace(book.score, tally=book.score.tally + tally, shortages=shortages)
    live = book.live
    if live is not None and now >= live.ready_at:
        live = replace(live, tally=live.tally + tally, cause=live.cause or shortages.cause)
    return score, live


def closed(score: Score, live: Live, kappa: float) -> tuple[Score, Outcome]:
    """A decision was superseded: was it right?"""
    outcome = live.tally.outcome(kappa)
    return replace(score, outcomes=score.counted(outcome)), outcome
