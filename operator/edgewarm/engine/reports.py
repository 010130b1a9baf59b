"""From what the engine knows to the values that the builders in `manifests` write down. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgewarm.decide.lifecycle import APPROVAL_SECONDS, Create
from edgewarm.decide.newsvendor import held, probability_needed
from edgewarm.decide.situation import Candidate, Situation
from edgewarm.decide.worth import Worth, expected
from edgewarm.engine.book import Book, Live, Score
from edgewarm.engine.judge import Judgement, Moment
from edgewarm.manifests.decision import DecisionDraft, Evaluation, Prediction, Weighed
from edgewarm.manifests.policy_status import Confidence, HorizonNeed, LeadTime, PolicyReport, Replicas, Scores
from edgewarm.model.conditions import Condition
from edgewarm.model.decision import Action, Outcome, Phase
from edgewarm.model.identity import Key
from edgewarm.model.numbers import PolicyNumbers
from edgewarm.model.objects import PolicyObject
from edgewarm.model.policy import Model, Policy
from edgewarm.model.quantiles import Outlook, Quantiles
from edgewarm.model.workload import Workload

HORIZON_NAMES = {300.0: "5m", 900.0: "15m", 3600.0: "1h", 86400.0: "24h"}
SHOWN_LEVELS = (0.5, 0.9, 0.95)


@dataclass(frozen=True)
class Case:
    """One policy's pass, judged: what actor and reporter need of it."""

    item: PolicyObject
    book: Book
    workload: Workload
    judgement: Judgement
    summary: str
    worth: Worth | None = None

    @property
    def written(self) -> frozenset[Key]:
        """Decisions that this life of the operator wrote or took up: their phase is known better than it is seen."""
        ours = {live.key for live in self.book.lives} | self.book.unwritten.keys()
        return frozenset(ours | ({self.book.wrote} if self.book.wrote is not None else set()))


def horizons(outlook: Outlook | None) -> Sequence[tuple[str, float, Quantiles]]:
    """(name, seconds, quantiles): lead time first, then the fixed distances."""
    if outlook is None:
        return ()
    fixed = [(HORIZON_NAMES[seconds], seconds, quantiles) for seconds, quantiles in outlook.horizons]
    return (("lead", outlook.lead_seconds, outlook.lead), *fixed)


def decision_draft(case: Case, move: Create, moment: Moment) -> DecisionDraft:
    """The spec of a new decision."""
    situation, verdict = case.judgement.situation, case.judgement.verdict
    policy, now = situation.policy, moment.now
    awaiting = move.phase is Phase.AWAITING_APPROVAL
    lasts = max(APPROVAL_SECONDS, 2 * case.judgement.lead_seconds)
    return DecisionDraft(
        policy=case.item.key,
        policy_uid=case.item.uid,
        target=policy.target,
        mode=policy.mode,
        at=now,
        action=Action("Replica", move.before, move.after, now),
        reason=verdict.reason.value,
        summary=case.summary,
        urgent=move.after > move.before,
        predictions=tuple(_prediction(case.judgement, *horizon) for horizon in horizons(situation.outlook)),
        candidates=tuple(_weighed(candidate, situation) for candidate in verdict.candidates),
        worth=case.worth,
        expires_at=now + lasts if awaiting else None,
    )


def _weighed(candidate: Candidate, situation: Situation) -> Weighed:
    outlook, capacity = situation.outlook, situation.policy.capacity_per_pod
    return Weighed(candidate, None if outlook is None else expected(outlook.lead, candidate.wanted, capacity))


def _prediction(judgement: Judgement, name: str, seconds: float, quantiles: Quantiles) -> Prediction:
    policy = judgement.situation.policy
    tau, capacity = policy.service_level, policy.capacity_per_pod
    outlook = judgement.situation.outlook
    by = "" if outlook is None or outlook.model == Model.FLEET else f", by model {outlook.model}"
    recommended = held(quantiles, tau, capacity)
    return Prediction(
        name,
        seconds,
        judgement.situation.demand,
        tuple((level, quantiles.at(level)) for level in SHOWN_LEVELS),
        probability_needed(quantiles, recommended, capacity),
        recommended,
        f"p{100 * tau:.0f} of demand is {quantiles.at(tau):.4g}, {capacity:.4g} per pod{by}",
        judgement.situation.confidence,
    )


def evaluation(live: Live, outcome: Outcome, now: float) -> Evaluation:
    """What a superseded decision did from the time its pods were ready."""
    tally = live.tally
    cause = live.cause.value if live.cause is not None and outcome is Outcome.MISS else None
    since = min(live.ready_at, now)
    return Evaluation(outcome, live.simulated, since, now, tally.raised, tally.used, tally.short, tally.promised, cause)


def lead_time(book: Book, policy: Policy) -> LeadTime:
    """Measured, or the policy's predictionHorizon until then."""
    p50, p90 = book.lead.quantile(0.5), book.lead.quantile(0.9)
    if p50 is None or p90 is None:
        assumed = policy.prediction_horizon_seconds
        return LeadTime(assumed, assumed, book.lead.starts, measured=False)
    return LeadTime(p50, p90, book.lead.starts, measured=True)


def confidence(book: Book, policy: Policy) -> Confidence | None:
    """How far the forecast is trusted, and from what."""
    if book.belief is None:
        return None
    sure = book.belief.confidence
    return Confidence(sure, sure >= policy.least_confidence, book.blocks.closed)


def scores(score: Score, kappa: float) -> Scores | None:
    """The scores so far; None before the first step was booked."""
    tally = score.tally
    if tally == type(tally)():
        return None
    return Scores(
        since=score.since,
        simulated=score.simulated,
        samples=score.promises.checked,
        raised=tally.raised,
        used=tally.used,
        short=tally.short,
        idle=tally.idle,
        promised=tally.promised,
        cost=tally.cost(kappa),
        reactive_cost=tally.reactive_cost(kappa),
        saving=tally.saving(kappa),
        precision=tally.precision,
        recall=tally.recall,
        f1=tally.f1,
        kept_promise=tally.kept_promise,
        coverage_p90=score.promises.coverage,
        hits=score.count(Outcome.HIT),
        false_positives=score.count(Outcome.FALSE_POSITIVE),
        misses=score.shortages.episodes,
    )


def policy_report(case: Case, found: tuple[Condition, ...]) -> PolicyReport:
    """The whole status of a policy that was judged."""
    policy, situation, workload = case.book.policy, case.judgement.situation, case.workload
    capacity = policy.capacity_per_pod
    ahead = tuple(
        HorizonNeed(name, seconds, held(quantiles, 0.5, capacity), held(quantiles, 0.9, capacity))
        for name, seconds, quantiles in horizons(situation.outlook)
    )
    return PolicyReport(
        generation=case.item.generation,
        conditions=found,
        reason=case.judgement.verdict.reason.value,
        summary=case.summary,
        demand=situation.demand,
        replicas=Replicas(workload.replicas, workload.ready, case.judgement.verdict.wanted),
        need=case.judgement.need,
        horizons=ahead,
        forecast_need=ahead[0].p90 if ahead else None,
        forecast_model=situation.outlook.model if situation.outlook is not None else None,
        lead_time=lead_time(case.book, policy),
        last_decision=case.book.last_decision,
        scores=scores(case.book.score, policy.kappa),
        confidence=confidence(case.book, policy),
    )


def policy_numbers(case: Case) -> PolicyNumbers:
    """The gauges of a policy."""
    situation = case.judgement.situation
    outlook, lead = situation.outlook, case.book.lead
    levels = (0.5, 0.9)
    return PolicyNumbers(
        demand=situation.demand,
        need=case.judgement.need,
        ready=case.workload.ready,
        wanted=case.judgement.verdict.wanted,
        blind=situation.demand is None,
        forecast={} if outlook is None else {level: outlook.lead.at(level) for level in levels},
        lead_seconds={level: value for level in levels if (value := lead.quantile(level)) is not None},
    )
