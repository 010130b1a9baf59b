"""From what the engine knows to the values that the builders in `manifests` write down. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from edgewarm.decide.binding import BY_DEMAND, FORECAST_REASONS, Window, binding_resource, load_ahead, load_now
from edgewarm.decide.explanation import because
from edgewarm.decide.lifecycle import APPROVAL_SECONDS, Create
from edgewarm.decide.newsvendor import held, need, probability_needed
from edgewarm.decide.rules import four_digits
from edgewarm.decide.rung_moves import RungState
from edgewarm.decide.situation import Verdict
from edgewarm.decide.worth import Worth, expected_of
from edgewarm.engine.book import Book, Live, Score
from edgewarm.engine.judge import Judgement, Moment
from edgewarm.engine.ladder import LadderPlan
from edgewarm.engine.rungs import RungSituation
from edgewarm.engine.standing import Standing, Surroundings
from edgewarm.forecast.explain import Explained, Explanation, at_horizon, at_lead
from edgewarm.manifests.decision import DecisionDraft, Evaluation, Prediction, Weighed
from edgewarm.manifests.policy_status import (
    Confidence,
    HorizonNeed,
    LeadTime,
    PolicyReport,
    Replicas,
    ResourceNeed,
    RungTotal,
    Scores,
)
from edgewarm.model.conditions import Condition
from edgewarm.model.decision import Action, Outcome, Phase
from edgewarm.model.identity import Key, Part
from edgewarm.model.load import Binding, Load
from edgewarm.model.numbers import PolicyNumbers, ResourceNumbers, RungNumbers
from edgewarm.model.objects import PolicyObject
from edgewarm.model.policy import Mode, Model, Policy
from edgewarm.model.quantiles import Outlook, Quantiles
from edgewarm.model.rungs import Place, RungCount, RungName
from edgewarm.model.workload import Workload

HORIZON_NAMES = {300.0: "5m", 900.0: "15m", 3600.0: "1h", 86400.0: "24h"}
LEAD = "lead"
ASKED_NOW = BY_DEMAND - FORECAST_REASONS
SHOWN_LEVELS = (0.5, 0.9, 0.95)
SHOWN_NODES = 20
SCRAPED_LEVELS = (0.5, 0.9)


@dataclass(frozen=True)
class Case:
    """One policy's pass, judged: what actor and reporter need of it."""

    item: PolicyObject
    book: Book
    workload: Workload
    judgement: Judgement
    summary: str
    worth: Worth | None = None
    why: Callable[[str], Explained | None] = lambda _: None  # of a series; asked only when somebody reads it
    parts: Mapping[Part, ResourceNumbers] = field(default_factory=dict)
    climb: RungSituation | None = None
    ladder: LadderPlan = field(default_factory=LadderPlan)

    def joined(self, now: float) -> tuple[Action, ...]:
        """Changes of the rungs that a decision about replicas records too; a person approves them apart.

        It is written before they are tried, so it has only those of rungs that work; the others have their own.
        """
        policy = self.book.policy
        if policy.mode is Mode.RECOMMEND:
            return ()
        found = RungState(policy.mode, self.ladder.counts, self.book.rungs.told).changes(now)
        works = frozenset(RungName) if policy.mode is Mode.OBSERVE else self.book.rungs.works
        return tuple(action for action in found if action.rung in works)

    @property
    def granted(self) -> Mapping[Place, int] | None:
        """What a person approved of the rungs; None where nobody must."""
        return self.book.rungs.granted if self.book.policy.mode is Mode.RECOMMEND else None

    @property
    def pulled_on(self) -> frozenset[str]:
        """Nodes that hold images by a pull pod of the policy."""
        pods = () if self.climb is None else self.climb.view.owned_by(self.item.uid)
        return frozenset(
            pod.pulling.node for pod in pods if pod.pulling is not None and pod.pulling.done and pod.staged is None
        )

    @property
    def warm(self) -> Mapping[str, int]:
        """Warm units by rung."""
        return {str(one.rung): one.warm for one in rung_totals(self.ladder.counts)}

    @property
    def written(self) -> frozenset[Key]:
        """Decisions that this life of the operator wrote or took up: their phase is known better than it is seen."""
        last = {key for key in (self.book.wrote, self.book.rungs.wrote) if key is not None}
        return frozenset({live.key for live in self.book.lives} | self.book.unwritten.keys() | last)


@dataclass(frozen=True)
class Found:
    """One policy after observe and decide: where it stands, and its case if it may have one."""

    around: Surroundings
    state: Standing
    case: Case | None


def horizons(outlook: Outlook | None) -> Sequence[tuple[str, float, Quantiles]]:
    """(name, seconds, quantiles): lead time first, then the fixed distances."""
    if outlook is None:
        return ()
    fixed = [(HORIZON_NAMES[seconds], seconds, quantiles) for seconds, quantiles in outlook.horizons]
    return ((LEAD, outlook.lead_seconds, outlook.lead), *fixed)


def _window(name: str) -> Window:
    """The quantiles of one of these horizons."""
    return lambda outlook: next((quantiles for found, _, quantiles in horizons(outlook) if found == name), None)


def decision_draft(case: Case, move: Create, moment: Moment) -> DecisionDraft:
    """The spec of a new decision."""
    situation, verdict = case.judgement.situation, case.judgement.verdict
    policy, now = situation.policy, moment.now
    awaiting = move.phase is Phase.AWAITING_APPROVAL
    price = case.worth.pod_hour if case.worth is not None else 0.0
    lasts = max(APPROVAL_SECONDS, 2 * case.judgement.lead_seconds)
    return DecisionDraft(
        policy=case.item.key,
        policy_uid=case.item.uid,
        target=policy.target,
        mode=policy.mode,
        at=now,
        actions=(Action(RungName.REPLICA, move.before, move.after, now), *case.joined(now)),
        reason=verdict.reason.value,
        summary=case.summary,
        urgent=_is_asked_now(verdict, move),
        predictions=_predictions(case),
        candidates=tuple(Weighed(one, expected_of(situation, one.wanted, price)) for one in verdict.candidates),
        expected=expected_of(situation, move.after, price),
        worth=case.worth,
        expires_at=now + lasts if awaiting else None,
        resource=binding_resource(situation, verdict),
    )


def _is_asked_now(verdict: Verdict, move: Create) -> bool:
    """A rise that demand needs now, and not only what is foreseen, scheduled or held for a while of blindness."""
    asked = max((one.wanted for one in verdict.candidates if one.reason in ASKED_NOW), default=0)
    return move.after > move.before and asked > move.before


def _predictions(case: Case) -> tuple[Prediction, ...]:
    return tuple(_prediction(case, *horizon) for horizon in horizons(case.judgement.situation.outlook))


def why_at(found: Explained, name: str, seconds: float, now: float, level: float) -> Explanation:
    """Of one of `horizons`."""
    return at_lead(found, now, seconds, level) if name == LEAD else at_horizon(found, seconds, level)


def _why(case: Case, load: Load, name: str, seconds: float) -> str:
    """The end of a prediction's sentence: the contributions, or whose forecast it is."""
    situation, model = case.judgement.situation, load.outlook.model if load.outlook else Model.FLEET
    if model != Model.FLEET:
        return f", by model {model}"
    found, tau = case.why(load.resource.name), situation.policy.service_level
    return "" if found is None else f": {because(why_at(found, name, seconds, situation.now, tau))}"


def _prediction(case: Case, name: str, seconds: float, quantiles: Quantiles) -> Prediction:
    """Of the demand; with resources of the one that asks for the most pods at this distance, in its own unit."""
    situation, window = case.judgement.situation, _window(name)
    tau, capacity = situation.policy.service_level, situation.policy.capacity_per_pod
    recommended = held(quantiles, tau, capacity)
    load = load_ahead(situation, window, tau) or situation.parts[0]
    shown = (load.outlook and window(load.outlook)) or quantiles
    resource, words = load.resource, Binding.of(load.resource, shown.at(tau))
    why = _why(case, load, name, seconds)
    return Prediction(
        name,
        seconds,
        load.demand,
        tuple((level, shown.at(level)) for level in SHOWN_LEVELS),
        probability_needed(quantiles, recommended, capacity),
        recommended,
        f"p{100 * tau:.0f} of {resource.name} is {words.size(four_digits)}, {words.each(four_digits)} per pod{why}",
        situation.confidence,
        resource.name,
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
    sure, least = book.belief.confidence, policy.least_confidence(book.learned_threshold)
    return Confidence(sure, least, book.blocks.closed)


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
    capacity, asking = policy.capacity_per_pod, load_now(situation)
    ahead = tuple(
        HorizonNeed(name, seconds, held(quantiles, 0.5, capacity), held(quantiles, 0.9, capacity))
        for name, seconds, quantiles in horizons(situation.outlook)
    )
    return PolicyReport(
        generation=case.item.generation,
        conditions=found,
        reason=case.judgement.verdict.reason.value,
        summary=case.summary,
        demand=None if asking is None else asking.demand,
        replicas=Replicas(workload.replicas, workload.ready, case.judgement.verdict.wanted),
        need=case.judgement.need,
        horizons=ahead,
        forecast_need=ahead[0].p90 if ahead else None,
        forecast_model=situation.outlook.model if situation.outlook is not None else None,
        lead_time=lead_time(case.book, policy),
        stage_leads=case.book.stage_leads,
        last_decision=case.book.last_decision,
        scores=scores(case.book.score, policy.kappa),
        confidence=confidence(case.book, policy),
        resource=binding_resource(situation, case.judgement.verdict),
        resources=tuple(_resource_need(load) for load in situation.loads),
        rungs=rung_totals(case.ladder.counts),
        nodes=far_from_plan(case.ladder.counts),
    )


def rung_totals(counts: Sequence[RungCount]) -> tuple[RungTotal, ...]:
    """Each rung over all its places, with the reason of the place where most is wanted."""
    found = []
    for rung in sorted({count.place.rung for count in counts}, key=lambda name: name.height):
        mine = [count for count in counts if count.place.rung == rung]
        wanted, warm, warming = sum(c.wanted for c in mine), sum(c.warm for c in mine), sum(c.warming for c in mine)
        found.append(RungTotal(str(rung), wanted, warm, warming, max(mine, key=lambda c: c.wanted).reason))
    return tuple(found)


def far_from_plan(counts: Sequence[RungCount]) -> tuple[RungCount, ...]:
    """The nodes that differ most from the plan, at most 20."""
    on_nodes = [count for count in counts if count.place.node is not None]
    return tuple(sorted(on_nodes, key=lambda c: (-c.gap, c.place.node, c.place.rung.height))[:SHOWN_NODES])


def _resource_need(load: Load) -> ResourceNeed:
    demand, each = load.demand, load.resource.per_pod
    return ResourceNeed(
        load.resource.name,
        demand,
        None if demand is None else need(demand, each),
        None if load.outlook is None else held(load.outlook.lead, 0.9, each),
    )


def policy_numbers(case: Case) -> PolicyNumbers:
    """The gauges of a policy."""
    situation, lead = case.judgement.situation, case.book.lead
    only = situation.parts[0] if not situation.loads else None
    return PolicyNumbers(
        demand=None if only is None else only.demand,
        need=case.judgement.need,
        ready=case.workload.ready,
        wanted=case.judgement.verdict.wanted,
        blind=situation.demand is None,
        forecast={} if only is None else _lead_demand(only),
        lead_seconds={level: value for level in SCRAPED_LEVELS if (value := lead.quantile(level)) is not None},
        resources={load.resource.name: ResourceNumbers(load.demand, _lead_demand(load)) for load in situation.loads},
        parts=case.parts,
        pulls=case.book.pull_use.totals,
        idle=case.book.idle.minutes,
        stages={one.stage: {0.5: one.p50_seconds, 0.9: one.p90_seconds} for one in case.book.stage_leads},
        rungs={t.rung: RungNumbers(t.wanted, t.warm, t.warming) for t in rung_totals(case.ladder.counts)},
        stored=case.ladder.stored,
    )


def _lead_demand(load: Load) -> Mapping[float, float]:
    return {} if load.outlook is None else {level: load.outlook.lead.at(level) for level in SCRAPED_LEVELS}
