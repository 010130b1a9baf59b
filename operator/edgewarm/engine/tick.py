"""The pass: observe -> forecast -> decide -> act -> learn, for all policies, on one view and one clock reading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import structlog

from edgewarm.decide.explanation import sentence
from edgewarm.decide.lifecycle import Move, Plan, leftovers, moves
from edgewarm.decide.verdict import decide
from edgewarm.decide.worth import worth
from edgewarm.engine import asking, rehearsal
from edgewarm.engine.acting import Actor
from edgewarm.engine.alone import alone
from edgewarm.engine.asking import Readings
from edgewarm.engine.book import Book, Shadow
from edgewarm.engine.books import Books
from edgewarm.engine.climbing import Climber
from edgewarm.engine.forecasts import Forecasts
from edgewarm.engine.foresight import Foresight
from edgewarm.engine.judge import (
    Evidence,
    Judgement,
    Moment,
    begun,
    capacity_now,
    judge,
    lead_seconds,
    paced,
    shadowed,
)
from edgewarm.engine.ladder import Ladder, LadderPlan, every_rung
from edgewarm.engine.lookout import Lookout
from edgewarm.engine.models import Selection
from edgewarm.engine.parking import Parker
from edgewarm.engine.parts import Parts
from edgewarm.engine.pool_cases import askers, demands_by_node, placed, pool_trouble, remarked
from edgewarm.engine.pooling import Pools, PoolState
from edgewarm.engine.ports import Cluster, Demand, Models, Telemetry
from edgewarm.engine.promoter import Promoter
from edgewarm.engine.reporter import Reporter
from edgewarm.engine.reports import Case, Found
from edgewarm.engine.rows import Rows
from edgewarm.engine.rungs import Rung, RungSituation
from edgewarm.engine.scorekeeping import block_seen, scored, seen
from edgewarm.engine.standing import Surroundings, elders, standing
from edgewarm.model.decision import DecisionRecord
from edgewarm.model.demand import Measured, Reading
from edgewarm.model.identity import Key, Part, SeriesKey
from edgewarm.model.load import Load
from edgewarm.model.numbers import ResourceNumbers
from edgewarm.model.objects import PolicyObject, PoolObject
from edgewarm.model.policy import Mode, Policy, Strategy
from edgewarm.model.prices import Terms
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Workload

log = structlog.get_logger()
GAP_SECONDS = 120.0  # without a recommendation: longer than any pass that /healthz lets live
STALE_SECONDS = 10.0  # the same count for longer than this was set by somebody else
UNSEEN_SECONDS = 300.0  # a proposal that does not show up for longer was deleted
AT_ONCE = 32  # policies that write to the API server at the same time, or are decided on without a pause
NO_TERMS = Terms()


@dataclass(frozen=True)
class Ports:
    """The world, as the engine needs it; `wake` asks for a pass before the next one is due."""

    cluster: Cluster
    demand: Demand
    telemetry: Telemetry
    wake: Callable[[], None] = lambda: None
    models: Models | None = None


class Engine:
    """Call `run_pass` every `pass_seconds`, and earlier when something of ours changed."""

    def __init__(
        self,
        ports: Ports,
        started_at: float,
        pass_seconds: float = 15.0,
        step_seconds: float = 60.0,
        terms: Terms = NO_TERMS,
        rungs: Sequence[Rung] | None = None,
    ) -> None:
        self._terms = terms
        self._ports = ports
        self._started_at = started_at
        self._pass_seconds = pass_seconds
        self._step_seconds = step_seconds
        self._rows = Rows(ports.demand, step_seconds, ports.wake)
        self._models = Selection(ports.models, ports.demand, self._rows, step_seconds, ports.wake)
        self._parts = Parts()
        self._books = Books()
        self._promoter = Promoter(ports.cluster, ports.telemetry)
        self._actor = Actor(ports.cluster, ports.telemetry, Parker(ports.cluster, ports.telemetry, self._promoter))
        self._ladder = Ladder(ports.cluster, every_rung() if rungs is None else rungs, ports.telemetry.data_removed)
        self._climber = Climber(self._ladder, self._actor)
        self._reporter = Reporter(ports.cluster, ports.telemetry)
        self._pools = Pools()
        self.forecasts = Forecasts(self._rows, self._models, step_seconds)

    async def run_pass(self, now: float) -> None:
        """One pass over everything; a failure of one policy stays with that policy."""
        moment, view = Moment(now, self._started_at, self._pass_seconds), self._ports.cluster.view()
        policies = _policies(view)
        self._books.follow(view, now)
        names = [*asking.row_names(policies), *self._parts.row_names(policies)]
        self._rows.follow(names, now, self._rehearsal_terms(policies))
        self._models.follow(policies)
        readings = await self._ports.demand.read(asking.requests(policies), now)
        view = self._ports.cluster.view()  # anew: a source may have taken its time
        policies = _policies(view)
        self._books.follow(view, now)
        self._books.learn_starts(self._ports.cluster, view)
        self._parts.see(policies, readings, now)
        samples = {**asking.samples(policies, view, readings), **self._parts.samples(readings)}
        step_made = self._rows.observe(samples, now)
        self._models.observe(samples, now)
        self._books.take_rehearsed(rehearsed := self._rows.take_rehearsed())
        if step_made or rehearsed:
            self._books.believe(now)
        found = await self._find_all(view, readings, moment)
        self.forecasts.follow(found)
        found, states = self._pooled(found, view, now)
        await self._act_on_all(found, view, moment, step_made)
        await _bounded(self._reporter.policy(one, remarked(one, states, now), now) for one in found)
        await self._reporter.pools(view, states, now)
        self._reporter.forget(view)
        self._reporter.totals(one.state for one in found)
        self._ports.telemetry.retain(list(view.policies))

    async def _act_on_all(self, found: Sequence[Found], view: ClusterView, moment: Moment, step_made: bool) -> None:
        """First what gives capacity, for all; who tells about it comes after."""
        await self._promoter.look(moment.now)
        await _bounded(self._settle(one.case, moment, step_made) for one in found if one.case is not None)
        await _bounded(self._ladder.clear(one.around.item, view, moment.now) for one in found if _is_orphaned(one))

    async def _find_all(self, view: ClusterView, readings: Readings, moment: Moment) -> list[Found]:
        """Observe and decide for all, with pauses in which watches, probes and reads of forecasts go on."""
        elder, found = elders(view.policies), []
        for index, (key, item) in enumerate(view.policies.items()):
            if index % AT_ONCE == 0:
                await asyncio.sleep(0)
            one = self._found(item, view, elder.get(key), readings, moment)
            if one is not None:
                found.append(one)
        return found

    def _found(
        self, item: PolicyObject, view: ClusterView, elder: PolicyObject | None, readings: Readings, moment: Moment
    ) -> Found | None:
        """None where a bug of ours meets one policy: it is logged, and the others are served."""
        with alone(item.key, "a policy could not be decided on"):
            return self._find(item, view, elder, readings, moment)
        return None

    def _find(
        self, item: PolicyObject, view: ClusterView, elder: PolicyObject | None, readings: Readings, moment: Moment
    ) -> Found:
        """Observe and decide for one policy."""
        policy, book = item.policy, self._books.get(item.key)
        claim = (item.key.namespace, policy.target) if policy is not None else None
        workload = view.workloads.get(claim) if claim is not None else None
        autoscaler = view.autoscalers.get(claim) if claim is not None else None
        learning = self._rows.learning(item.key)
        loads = () if policy is None else asking.loads(item.key, policy, readings)
        reading = asking.joint_reading(policy, loads) if policy is not None and asking.was_asked(loads) else None
        trouble = book.trouble if book else None
        unknown, refuses = pool_trouble(item.key.namespace, policy, view)
        model = self._models.state(item.key)
        around = Surroundings(item, elder, workload, autoscaler, reading, learning, trouble, unknown, refuses, model)
        state = standing(around)
        if policy is None or book is None or workload is None or not state.decides:
            if book is not None:
                book.blind_since = None  # it counts from when it decides again
            return Found(around, state, None)
        evidence = self._evidence(book, loads, item.key, moment)
        self._note_blindness(book, evidence.reading, moment.now)
        book.own = capacity_now(book, policy, workload, moment.now)
        book.pacing = book.pacing.begun(moment.now, book.own.planned, GAP_SECONDS)
        judgement = judge(policy, book, workload, evidence, moment)
        terms = resolved(self._terms, view.pools.get(policy.pool or ""))
        value = worth(judgement.situation, judgement.verdict, terms, terms.prices.pod_hour(workload.pod))
        parts = self._part_numbers(judgement, item.key, moment.now)
        why = cache(partial(self._rows.explained, item.key))
        foresight = self._foresight(book, loads, item.key, moment.now)
        climb, ladder = self._climb(around, book, workload, judgement, view, foresight)
        case = Case(item, book, workload, judgement, _summary(book, judgement), value, why, parts, climb, ladder)
        return Found(around, state, case)

    def _foresight(self, book: Book, loads: tuple[Load, ...], key: Key, now: float) -> Foresight:
        """What the rungs may ask of demand; a forecast is only looked up when one asks."""
        ahead = Lookout(
            book.policy,
            loads,
            lambda name, seconds: self._models.outlook(SeriesKey(key, name), now, seconds),
            lambda name, part, seconds: self._rows.outlook_of(SeriesKey(key, name, part), now, seconds),
            partial(self._parts.held, key=key),
        )
        return ahead.foresight(book.stages, self._books.speeds)

    def _climb(
        self,
        around: Surroundings,
        book: Book,
        workload: Workload,
        judgement: Judgement,
        view: ClusterView,
        foresight: Foresight,
    ) -> tuple[RungSituation, LadderPlan]:
        """What the rungs below the replicas want; a bug of one leaves the replicas alone."""
        item, scales = around.item, around.scales
        granted = book.rungs.granted if book.policy.mode is Mode.RECOMMEND else None
        situation, verdict = judgement.situation, judgement.verdict
        climb = RungSituation(
            item,
            book.policy,
            workload,
            situation,
            verdict,
            view,
            situation.now,
            granted=granted,
            foresight=foresight,
            asked_before=book.rungs.asked,
            put_off=book.rungs.retry_at,
            scales=scales,
            prices=resolved(self._terms, view.pools.get(book.policy.pool or "")).prices,
        )
        with alone(item.key, "the rungs of a policy could not be planned"):
            return climb, self._ladder.plan(climb)
        return climb, LadderPlan()

    def _pooled(self, found: list[Found], view: ClusterView, now: float) -> tuple[list[Found], Mapping[str, PoolState]]:
        """All that was found, with the rungs placed by their pools, and the pools."""
        states = self._pools.plan(view, askers(found, view), demands_by_node(found), now)
        return [self._placed(one, states) for one in found], states

    def _placed(self, one: Found, states: Mapping[str, PoolState]) -> Found:
        """The rungs again, now that their pools have said where; a bug leaves them as they were planned."""
        with alone(one.around.item.key, "the rungs of a policy could not be placed"):
            return placed(one, states, self._ladder.plan)
        return one

    def _part_numbers(self, judgement: Judgement, key: Key, now: float) -> Mapping[Part, ResourceNumbers]:
        """What is known of each part of a demand that is split."""
        situation = judgement.situation
        whole = next((load for load in situation.parts if load.resource.request.split), None)
        if whole is None:
            return {}
        mine, lead = SeriesKey(key, whole.resource.name), situation.lead_seconds
        return self._parts.numbers(whole, key, lambda part: self._rows.outlook_of(replace(mine, part=part), now, lead))

    def _evidence(self, book: Book, loads: tuple[Load, ...], key: Key, moment: Moment) -> Evidence:
        """What is known of a policy's demand, now and ahead."""
        policy, lead = book.policy, lead_seconds(book, book.policy) + moment.pass_seconds
        found = asking.forecasted(loads, lambda series: self._models.outlook(SeriesKey(key, series), moment.now, lead))
        return Evidence(
            asking.joint_reading(policy, found),
            asking.expected(policy, found),
            self._rows.learning(key),
            book.belief.confidence if book.belief is not None else None,
            self._rows.history_seconds(key, moment.now),
            found if policy.resources else (),
        )

    def _rehearsal_terms(self, policies: Mapping[Key, Policy]) -> Mapping[Key, rehearsal.Terms]:
        found = {}
        for key, policy in policies.items():
            book = self._books.get(key)
            if book is not None:
                with alone(key, "a policy will not be rehearsed"):
                    found[key] = rehearsal.terms(policy, lead_seconds(book, policy) + self._pass_seconds)
        return found

    @staticmethod
    def _note_blindness(book: Book, reading: Reading, now: float) -> None:
        if isinstance(reading, Measured):
            book.blind_since = None
        elif book.blind_since is None:
            book.blind_since = now

    async def _settle(self, case: Case, moment: Moment, step_made: bool) -> None:
        """Act and learn for one policy."""
        await self._act(case, moment)
        self._learn(case, moment.now, step_made)

    async def _act(self, case: Case, moment: Moment) -> None:
        key = case.item.key
        records, rungs = self._books.records(key), self._books.rung_records(key)
        if _is_stale(case, records, moment.now):
            return
        if case.climb is None or case.climb.scales:
            await self._actor.carry_out(case, _todo(case, records, moment.now), moment)
        await self._climber.climb(case, rungs, moment)
        await self._actor.look_back(case, moment.now)
        await self._actor.tidy(case, records)
        await self._actor.tidy(case, rungs)
        case.book.pacing = paced(case.book, case.judgement, moment.now)

    def _learn(self, case: Case, now: float, step_made: bool) -> None:
        book, judgement = case.book, case.judgement
        book.pull_use = book.pull_use.seen(case.pulled_on)
        start = Shadow(begun(book, book.policy, case.workload, now))
        book.shadow = shadowed(judgement, book.shadow or start, now)
        book.foreseen = shadowed(judgement, book.foreseen or start, now, Strategy.PREDICTIVE)
        book.score = seen(book.score, judgement, step_made, self._step_seconds)
        book.blocks = block_seen(book, judgement, step_made, self._step_seconds)
        if step_made:
            book.score, book.lives = scored(book, judgement, book.shadow.capacity, self._step_seconds)
            book.last_step_at = now

    async def promote(self, now: float) -> int:
        """Between passes, whenever the cluster says that a ReplicaSet or a standby changed."""
        return await self._promoter.look(now)

    async def close(self) -> None:
        """Stop what runs in the background."""
        await self._models.close()
        await self._rows.close()


def _todo(case: Case, records: tuple[DecisionRecord, ...], now: float) -> tuple[Move, ...]:
    """What is to be done about the replicas."""
    situation, verdict = case.judgement.situation, case.judgement.verdict
    free = decide(replace(situation, outlook=None)).wanted if case.worth and case.worth.approval else None
    mode, most = situation.policy.mode, situation.policy.bounds.high
    plan = Plan(mode, situation.current, verdict.wanted, case.book.last_decision_at, most, free)
    if plan.asks and _is_unseen(case, records, now):
        plan = replace(plan, wanted=max(plan.planned, free or 0))
    foreign = tuple(record for record in records if record.key not in case.written)
    return leftovers(plan, foreign) or moves(plan, records, now)


def _is_stale(case: Case, records: tuple[DecisionRecord, ...], now: float) -> bool:
    """Our own last write has not come back yet, so what is seen is older than what we did."""
    left = case.book.left
    if left is not None:
        unmoved = case.workload.replicas == left.replicas and now - left.at < STALE_SECONDS
        if unmoved or case.workload.resource_version == left.resource_version:
            return True
    return case.judgement.situation.policy.mode is Mode.RECOMMEND and _is_unseen(case, records, now)


def _is_orphaned(one: Found) -> bool:
    """Nothing is to be kept warm, and no rung is planned that would give back what there is."""
    around, policy = one.around, one.around.item.policy
    given_up = one.case is None and around.autoscaler is not None and policy is not None and not policy.rungs
    return around.workload is None or given_up


def _is_unseen(case: Case, records: tuple[DecisionRecord, ...], now: float) -> bool:
    """The last decision that we wrote does not show up yet; asking again would be asking twice."""
    wrote, at = case.book.wrote, case.book.last_decision_at
    unseen = wrote is not None and all(record.key != wrote for record in records)
    return unseen and at is not None and now - at < UNSEEN_SECONDS


def _summary(book: Book, judgement: Judgement) -> str:
    measured = f"measured, {book.lead.starts} starts" if book.lead.measured else "default until one is measured"
    return sentence(judgement.situation, judgement.verdict, f"{judgement.lead_seconds:.0f} s ({measured})")


def _policies(view: ClusterView) -> Mapping[Key, Policy]:
    return {key: item.policy for key, item in view.policies.items() if item.policy is not None}


def resolved(terms: Terms, pool: PoolObject | None) -> Terms:
    """The pool's prices and thresholds, the operator's where it sets none."""
    if pool is None:
        return terms
    return Terms(replace(terms.prices, **dict(pool.prices)), pool.approval or terms.approval)


async def _bounded(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all, so many at a time; one failure does not stop the others, and a bug stays loud at the end."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def gated(one: Coroutine[Any, Any, None]) -> None:
        async with gate:
            await one

    results = await asyncio.gather(*(gated(one) for one in work), return_exceptions=True)
    bugs = [result for result in results if isinstance(result, BaseException)]
    for bug in bugs:
        log.error("a policy's pass failed", exc_info=bug)
