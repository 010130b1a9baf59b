"""What goes into the book each model step: pod-minutes, promises, shortages, and who is to blame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.book import Live, Score, Shadow
from edgewarm.engine.judge import Judgement
from edgewarm.engine.scorekeeping import (
    block_seen,
    closed,
    miss_cause,
    news,
    outlived,
    scored,
    seen,
    step_of,
    superseded,
)
from edgewarm.learn.capacity import Capacity
from edgewarm.learn.evaluation import Step, Tally
from edgewarm.learn.promises import Promise, Promises
from edgewarm.learn.shortages import MissCause, Shortages
from edgewarm.manifests.decision import DecisionReport
from edgewarm.model.decision import Outcome, Phase
from edgewarm.model.policy import Bounds
from support.builders import KEY, NOW, book, certain, judgement, outlook, policy, quantiles, workload

pytestmark = pytest.mark.unit

LIVE = Live(KEY, DecisionReport(Phase.EXECUTED, "scaled to 4", NOW - 99), 2, 4, NOW, simulated=False)


def short(demand: float | None = 290.0, **overrides: Any) -> Judgement:
    """Six pods are needed, four are ready."""
    return judgement(demand, **overrides)


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        pytest.param(short(), MissCause.FORECAST, id="demand came that nobody foresaw"),
        pytest.param(short(None), MissCause.BLIND, id="nobody could see"),
        pytest.param(short(book=book(policy=policy(bounds=Bounds(1, 5)))), MissCause.BOUND, id="maxReplicas"),
        pytest.param(short(9000.0), MissCause.BOUND, id="behavior allows 8 of 180"),
        pytest.param(short(book=book(policy=policy(paused_until=NOW + 9))), MissCause.BOUND, id="paused"),
    ],
)
def test_the_cause_of_a_shortage(found: Judgement, cause: MissCause) -> None:
    assert miss_cause(found.situation, found.verdict) is cause


def test_pods_asked_for_in_time_but_not_ready_are_a_disturbance() -> None:
    found = judgement(160.0, workload=workload(replicas=6, ready=2))  # 4 needed, 6 asked for, 2 ready
    assert miss_cause(found.situation, found.verdict) is MissCause.DISTURBANCE


def test_one_step_is_what_is_needed_ready_and_in_the_shadow() -> None:
    assert step_of(judgement(90.0), Capacity(1, 1), Score(NOW, False), 0.5) == Step(2, 4, 1, 0.5)  # ceil(90 / 50)


def test_what_was_promised_of_the_raised_pods() -> None:
    # P(demand > 50) = .5 for the 2nd pod; .5 at 100 for the 3rd; 1 - .7 at 150 for the 4th
    spread = quantiles((0.5, 100.0), (0.9, 200.0))
    score = Score(NOW, False, promises=Promises((Promise(NOW - 1, NOW + 1, spread),)))
    step = step_of(judgement(90.0), Capacity(1, 1), score, 1.0)
    assert step is not None
    assert step.chances == pytest.approx({2: 0.5, 3: 0.5, 4: 0.3})


def test_nothing_is_measured_while_blind() -> None:
    assert step_of(judgement(None), Capacity(1, 1), Score(NOW, False), 1.0) is None


@pytest.mark.parametrize(
    ("last", "minutes"),
    [
        pytest.param(None, 0.0, id="the first step only sets the clock"),
        pytest.param(NOW - 60, 1.0, id="a step of a minute"),
        pytest.param(NOW - 75, 1.25, id="a step that came late"),
        pytest.param(NOW - 91, 0.0, id="after a gap nothing is claimed about the gap"),
    ],
)
def test_a_step_counts_for_its_length(last: float | None, minutes: float) -> None:
    score, _ = scored(book(last_step_at=last), judgement(90.0), Capacity(4, 4), 60.0)
    assert score.tally.minutes == minutes


@pytest.mark.parametrize(("ready_at", "counted"), [(NOW - 1, True), (NOW, True), (NOW + 1, False)])
def test_a_decision_is_judged_from_when_its_pods_are_ready(ready_at: float, counted: bool) -> None:
    kept = book(last_step_at=NOW - 60, lives=(replace(LIVE, ready_at=ready_at),))
    score, (live,) = scored(kept, short(), Capacity(3, 3), 60.0)  # need 6, ready 4, the shadow has 3
    assert live.tally == (Tally(raised=1.0, used=1.0, short=2.0, minutes=1.0) if counted else Tally())
    assert live.cause is (MissCause.FORECAST if counted else None)
    assert score.shortages == Shortages(1, MissCause.FORECAST)


def test_each_rise_answers_for_its_pods_and_the_newest_for_a_shortage() -> None:
    first, second = replace(LIVE, before=1, after=3), replace(LIVE, before=3, after=4)
    starting = replace(LIVE, before=4, after=6, ready_at=NOW + 9)
    kept = book(last_step_at=NOW - 60, lives=(first, second, starting))
    _, lives = scored(kept, short(), Capacity(1, 1), 60.0)  # need 6, ready 4, the shadow has 1
    assert [(live.tally.raised, live.tally.used, live.tally.short) for live in lives] == [
        (2, 2, 0),
        (1, 1, 2),
        (0, 0, 0),
    ]
    assert [live.cause for live in lives] == [None, MissCause.FORECAST, None]


@pytest.mark.parametrize(
    ("live", "wanted", "over"),
    [
        pytest.param(LIVE, 7, False, id="2 -> 4 holds while 7 are planned"),
        pytest.param(LIVE, 4, False, id="2 -> 4 holds while 4 are planned"),
        pytest.param(LIVE, 3, True, id="2 -> 4 is over when 3 are planned"),
        pytest.param(replace(LIVE, before=4, after=2), 7, True, id="a fall is over with the next decision"),
        pytest.param(replace(LIVE, ready_at=NOW - 3600), 7, False, id="an hour old"),
        pytest.param(replace(LIVE, ready_at=NOW - 3601), 7, True, id="more than an hour old"),
    ],
)
def test_when_a_decision_is_over(live: Live, wanted: int, over: bool) -> None:
    assert superseded((live,), wanted, NOW) == (((live,), ()) if over else ((), (live,)))


def test_an_hour_is_enough_to_tell() -> None:
    old, young = replace(LIVE, ready_at=NOW - 3601), replace(LIVE, ready_at=NOW - 3600)
    assert outlived((old, young), NOW) == ((old,), (young,))


@pytest.mark.parametrize(
    ("tally", "told", "expected"),
    [
        pytest.param(Tally(raised=2.0, used=1.0), None, Outcome.HIT, id="a hit is told early"),
        pytest.param(Tally(raised=2.0, used=1.0), Outcome.HIT, None, id="but once"),
        pytest.param(Tally(short=1.0), Outcome.HIT, Outcome.MISS, id="a hit may become a miss"),
        pytest.param(Tally(raised=2.0), None, None, id="what was not used yet may still be"),
        pytest.param(Tally(), None, None, id="nothing to tell"),
    ],
)
def test_what_is_told_before_a_decision_is_over(tally: Tally, told: Outcome | None, expected: Outcome | None) -> None:
    assert news(replace(LIVE, tally=tally, told=told), 10.0) is expected


def test_an_episode_ends_when_there_are_enough() -> None:
    kept = book(last_step_at=NOW - 60, score=Score(NOW, False, shortages=Shortages(1, MissCause.BLIND)))
    assert scored(kept, short(), Capacity(4, 4), 60.0)[0].shortages == Shortages(1, MissCause.BLIND)
    assert scored(kept, judgement(90.0), Capacity(4, 4), 60.0)[0].shortages == Shortages(1)


def test_a_model_step_makes_a_promise_about_the_lead_window() -> None:
    found = judgement(90.0, outlook=outlook(120.0, lead_seconds=62.0))
    made = seen(Score(NOW, False), found, True, 60.0)
    assert made.promises.open == (Promise(NOW + 62, NOW + 122, certain(120.0)),)
    assert seen(Score(NOW, False), found, False, 60.0).promises.open == ()
    assert seen(Score(NOW, False), judgement(90.0), True, 60.0).promises.open == ()


def test_every_pass_meets_the_promises_about_it() -> None:
    open_one = Promises((Promise(NOW - 30, NOW + 30, certain(50.0)),))
    met = seen(Score(NOW, False, promises=open_one), judgement(90.0), False, 60.0)
    assert met.promises.open[0].largest == 90.0
    over = seen(met, judgement(0.0, now=NOW + 31), False, 60.0)
    assert (over.promises.checked, over.promises.held) == (1, 0)


@pytest.mark.parametrize(
    ("tally", "outcome"),
    [
        (Tally(), Outcome.NEUTRAL),
        (Tally(raised=2.0, used=1.0), Outcome.HIT),
        (Tally(raised=2.0), Outcome.FALSE_POSITIVE),
        (Tally(short=1.0), Outcome.MISS),
    ],
)
def test_a_closed_decision_is_counted(tally: Tally, outcome: Outcome) -> None:
    score, found = closed(Score(NOW, False), replace(LIVE, tally=tally), 10.0)
    assert (found, score.count(outcome)) == (outcome, 1)
    again, _ = closed(score, replace(LIVE, tally=tally), 10.0)
    assert again.count(outcome) == 2


def test_a_step_of_the_block_costs_what_the_two_shadows_cost() -> None:
    # need 2: the forecast's shadow has 1 (10 x 1 short), the reactive one has 4 (2 idle)
    kept = book(foreseen=Shadow(Capacity(1, 1)), shadow=Shadow(Capacity(4, 4)), last_step_at=NOW - 60)
    found = judgement(90.0, book=kept, outlook=outlook(90.0))
    opened = block_seen(kept, found, True, 60.0).open
    assert opened is not None
    assert (opened.forecast_cost, opened.reactive_cost, opened.seconds, opened.differed) == (10.0, 2.0, 60.0, True)


def test_a_step_of_five_minutes_is_no_gap_where_the_model_steps_so() -> None:
    kept = book(foreseen=Shadow(Capacity(1, 1)), shadow=Shadow(Capacity(4, 4)), last_step_at=NOW - 300)
    found = judgement(90.0, book=kept, outlook=outlook(90.0))
    opened = block_seen(kept, found, True, 300.0).open
    assert opened is not None
    assert (opened.forecast_cost, opened.seconds) == (50.0, 300.0)  # one pod short for five minutes at kappa 10
    assert scored(kept, found, Capacity(4, 4), 300.0)[0].tally != kept.score.tally


@pytest.mark.parametrize(
    ("found", "overrides", "step_made"),
    [
        pytest.param(judgement(None, outlook=outlook(90.0)), {}, True, id="demand is unknown"),
        pytest.param(judgement(90.0), {}, True, id="there is no forecast"),
        pytest.param(judgement(90.0, outlook=outlook(90.0)), {}, False, id="no model step was made"),
        pytest.param(judgement(90.0, outlook=outlook(90.0)), {"last_step_at": NOW - 600}, True, id="after a gap"),
    ],
)
def test_a_step_that_says_nothing_of_the_forecast(found: Judgement, overrides: dict[str, Any], step_made: bool) -> None:
    both = {"foreseen": Shadow(Capacity(1, 1)), "shadow": Shadow(Capacity(4, 4)), "last_step_at": NOW - 60}
    assert block_seen(book(**(both | overrides)), found, step_made, 60.0).open is None
