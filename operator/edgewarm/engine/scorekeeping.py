"""Learn: once a model step, each policy's pod-minutes, promises and shortages go into its book. Pure."""

from __future__ import annotations

from dataclasses import replace

from edgewarm.decide.newsvendor import need, probability_needed
from edgewarm.decide.situation import Situation, Verdict
from edgewarm.engine.book import Book, Live, Score
from edgewarm.engine.judge import Judgement
from edgewarm.learn.capacity import Capacity
from edgewarm.learn.confidence import Blocks
from edgewarm.learn.evaluation import Step, Tally
from edgewarm.learn.promises import Promise
from edgewarm.learn.shortages import MissCause
from edgewarm.model.decision import Outcome
from edgewarm.model.reasons import Reason

LONGEST_LIFE_SECONDS = 3600.0
MOST_IN_FORCE = 10
TELLING = frozenset({Outcome.HIT, Outcome.MISS})
LONGEST_STEP = 1.5  # model steps: after a gap in passes, nothing is claimed about the gap
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
    asked_in_time = need(situation.demand, situation.policy.capacity_per_pod) <= situation.current
    return MissCause.DISTURBANCE if asked_in_time else MissCause.FORECAST


def step_of(judgement: Judgement, shadow: Capacity, score: Score, minutes: float) -> Step | None:
    """What the step found; None while demand is unknown."""
    if judgement.need is None:
        return None
    situation = judgement.situation
    quantiles, capacity = score.promises.about(situation.now), situation.policy.capacity_per_pod
    units = range(shadow.ready + 1, situation.ready + 1) if quantiles is not None else ()
    chances = {n: probability_needed(quantiles, n, capacity) for n in units if quantiles is not None}
    return Step(judgement.need, situation.ready, shadow.ready, minutes, chances)


def scored(book: Book, judgement: Judgement, shadow: Capacity, step_seconds: float) -> tuple[Score, tuple[Live, ...]]:
    """Book one model step; the first one after a gap only sets the clock."""
    now, last = judgement.situation.now, book.last_step_at
    if last is None or now - last > LONGEST_STEP * step_seconds:
        return book.score, book.lives
    step = step_of(judgement, shadow, book.score, (now - last) / 60)
    if step is None:
        return book.score, book.lives
    tally = Tally.of(step)
    shortages = book.score.shortages.see(tally.short, miss_cause(judgement.situation, judgement.verdict))
    score = replace(book.score, tally=book.score.tally + tally, shortages=shortages)
    return score, credited(book.lives, step, tally.short, shortages.cause, now)


def block_seen(book: Book, judgement: Judgement, step_made: bool, step_seconds: float) -> Blocks:
    """What the two simulated plans cost in this step; a step without forecast or demand says nothing of either."""
    now, last, asked = judgement.situation.now, book.last_step_at, judgement.need
    known = asked is not None and judgement.situation.outlook is not None and last is not None
    if not known or asked is None or last is None or now - last > LONGEST_STEP * step_seconds:
        return book.blocks
    if not step_made or book.foreseen is None or book.shadow is None:
        return book.blocks
    kappa, minutes = judgement.situation.policy.kappa, (now - last) / 60
    ours, theirs = book.foreseen.capacity.ready, book.shadow.capacity.ready
    costs = (minutes * _cost(asked, ours, kappa), minutes * _cost(asked, theirs, kappa))
    return book.blocks.see(now, now - last, costs, ours != theirs)


def _cost(need_now: int, ready: int, kappa: float) -> float:
    return kappa * max(0, need_now - ready) + max(0, ready - need_now)


def credited(
    lives: tuple[Live, ...], step: Step, short: float, cause: MissCause | None, now: float
) -> tuple[Live, ...]:
    """Each rise answers for its own pods; a shortage is on the newest decision whose pods are ready."""
    newest = max((index for index, live in enumerate(lives) if now >= live.ready_at), default=-1)
    result = []
    for index, live in enumerate(lives):
        if now >= live.ready_at:
            tally = live.tally + Tally.of_units(step, live.before, live.after)
            if index == newest and short > 0:
                tally, live = replace(tally, short=tally.short + short), replace(live, cause=live.cause or cause)
            live = replace(live, tally=tally)
        result.append(live)
    return tuple(result)


def superseded(lives: tuple[Live, ...], wanted: int, now: float) -> tuple[tuple[Live, ...], tuple[Live, ...]]:
    """(over, still in force) when `wanted` becomes the plan.

    A rise is over when the plan falls below what it raised to, a fall with the next decision, and each after an hour
    or when ten younger ones are in force.
    """
    old = frozenset(live.key for live in lives[: max(0, len(lives) + 1 - MOST_IN_FORCE)])

    def is_over(live: Live) -> bool:
        fall = live.after <= live.before
        return fall or live.key in old or live.after > wanted or now - live.ready_at > LONGEST_LIFE_SECONDS

    return tuple(x for x in lives if is_over(x)), tuple(x for x in lives if not is_over(x))


def outlived(lives: tuple[Live, ...], now: float) -> tuple[tuple[Live, ...], tuple[Live, ...]]:
    """(over, still in force) without a new plan: an hour is enough to tell."""
    over = tuple(live for live in lives if now - live.ready_at > LONGEST_LIFE_SECONDS)
    return over, tuple(live for live in lives if live not in over)


def news(live: Live, kappa: float) -> Outcome | None:
    """An outcome worth telling before the decision is over: a hit or a miss that its status does not show yet."""
    outcome = live.tally.outcome(kappa)
    return outcome if outcome in TELLING and outcome is not live.told else None


def closed(score: Score, live: Live, kappa: float) -> tuple[Score, Outcome]:
    """A decision is over: was it right?"""
    outcome = live.tally.outcome(kappa)
    return replace(score, outcomes=score.counted(outcome)), outcome
