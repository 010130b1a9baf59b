"""What is written down of a pass: the decision, the status, the gauges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.decide.lifecycle import APPROVAL_SECONDS, Create
from edgewarm.engine.book import Live, Score
from edgewarm.engine.reports import (
    Case,
    decision_draft,
    evaluation,
    horizons,
    lead_time,
    policy_numbers,
    policy_report,
    scores,
)
from edgewarm.learn.evaluation import Tally
from edgewarm.learn.lead_times import LeadTimes
from edgewarm.learn.shortages import MissCause
from edgewarm.manifests.decision import DecisionReport
from edgewarm.model.decision import Action, Outcome, Phase
from edgewarm.model.policy import Mode, Strategy
from support.builders import (
    KEY,
    NOW,
    book,
    certain,
    judgement,
    moment,
    outlook,
    policy,
    policy_object,
    quantiles,
    workload,
)

pytestmark = pytest.mark.unit

SPREAD = quantiles((0.5, 100.0), (0.9, 310.0), (0.95, 400.0))
AHEAD = outlook(SPREAD, lead_seconds=62.0, horizons=((300.0, certain(120.0)), (86400.0, certain(0.0))))


def case(demand: float | None = 90.0, **overrides: Any) -> Case:
    kept = overrides.pop("book", book(policy=policy(kappa=9.0)))
    found = judgement(demand, book=kept, **({"outlook": AHEAD} | overrides))
    return Case(policy_object(), kept, workload(), found, "because")


def test_horizons_begin_with_the_lead_time() -> None:
    assert [(name, seconds) for name, seconds, _ in horizons(AHEAD)] == [
        ("lead", 62.0),
        ("5m", 300.0),
        ("24h", 86400.0),
    ]
    assert horizons(None) == ()


@pytest.mark.parametrize(
    ("move", "expires"),
    [
        pytest.param(Create(4, 7, Phase.EXECUTING), None, id="a rise"),
        pytest.param(Create(7, 4, Phase.EXECUTING), None, id="a fall"),
        pytest.param(Create(4, 7, Phase.AWAITING_APPROVAL), NOW + APPROVAL_SECONDS, id="a request expires"),
    ],
)
def test_a_decision_says_what_when_and_why(move: Create, expires: float | None) -> None:
    draft = decision_draft(case(), move, moment())
    assert (draft.policy, draft.policy_uid, draft.at, draft.mode) == (KEY, "uid-web", NOW, Mode.ACT)
    assert draft.actions == (Action("Replica", move.before, move.after, NOW),)
    assert (draft.reason, draft.summary, draft.expires_at) == ("Forecast", "because", expires)
    assert [c.candidate.rule for c in draft.candidates] == ["floor", "forecast"]


@pytest.mark.parametrize(
    ("demand", "strategy", "move", "urgent"),
    [
        pytest.param(90.0, Strategy.HYBRID, Create(4, 7, Phase.EXECUTING), False, id="two asked, seven foreseen"),
        pytest.param(290.0, Strategy.HYBRID, Create(4, 7, Phase.EXECUTING), True, id="six asked, seven foreseen"),
        pytest.param(290.0, Strategy.HYBRID, Create(7, 6, Phase.EXECUTING), False, id="a fall"),
        pytest.param(170.0, Strategy.REACTIVE, Create(4, 5, Phase.EXECUTING), True, id="170 / (50 x .8) = 5"),
        pytest.param(None, Strategy.HYBRID, Create(4, 7, Phase.EXECUTING), False, id="nobody knows what is asked"),
    ],
)
def test_a_rise_that_demand_needs_now_is_urgent(
    demand: float | None, strategy: Strategy, move: Create, urgent: bool
) -> None:
    asked = case(demand, book=book(policy=policy(kappa=9.0, strategy=strategy)))
    assert decision_draft(asked, move, moment()).urgent is urgent


def test_a_slow_start_leaves_more_time_to_approve() -> None:
    slow = book(policy=policy(), lead=LeadTimes((900.0,), 1))
    draft = decision_draft(case(book=slow), Create(4, 7, Phase.AWAITING_APPROVAL), moment())
    assert draft.expires_at == NOW + 1800.0  # twice the lead time, which is more than 600 s


def test_a_prediction_shows_its_sum() -> None:
    first = decision_draft(case(), Create(4, 7, Phase.EXECUTING), moment()).predictions[0]
    assert (first.horizon, first.seconds, first.current) == ("lead", 62.0, 90.0)
    assert first.predicted == ((0.5, 100.0), (0.9, 310.0), (0.95, 400.0))
    assert first.recommended == 7  # kappa 9, tau .9: 310 / 50 = 6.2
    assert first.probability == pytest.approx(1 - (0.5 + 0.4 * 200 / 210))  # P(demand > 300), 200 of 210 on the way
    assert first.reasoning == "p90 of demand is 310, 50 per pod"


def test_status_and_prediction_say_which_model_forecast() -> None:
    plain, other = case(), case(outlook=replace(AHEAD, model="ARIMA"))
    move = Create(2, 7, Phase.EXECUTED)
    reasons = [decision_draft(one, move, moment()).predictions[0].reasoning for one in (plain, other)]
    assert [policy_report(one, ()).forecast_model for one in (plain, other)] == ["Fleet", "ARIMA"]
    assert reasons[1] == f"{reasons[0]}, by model ARIMA"


def test_the_status_of_a_policy() -> None:
    report = policy_report(case(), ())
    assert (report.reason, report.summary, report.demand, report.need) == ("Forecast", "because", 90.0, 2)
    assert report.replicas is not None
    assert (report.replicas.current, report.replicas.ready, report.replicas.wanted) == (4, 4, 7)
    assert [(h.horizon, h.p50, h.p90) for h in report.horizons] == [("lead", 2, 7), ("5m", 3, 3), ("24h", 0, 0)]
    assert report.forecast_need == 7


def test_what_is_unknown_is_left_out_of_the_status() -> None:
    report = policy_report(case(None, outlook=None), ())
    assert (report.demand, report.need, report.horizons, report.forecast_need) == (None, None, (), None)
    assert (report.scores, report.last_decision) == (None, None)


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        pytest.param(LeadTimes(), (300.0, 300.0, 0, False), id="the default"),
        pytest.param(LeadTimes((20.0, 40.0, 62.0), 41), (40.0, 62.0, 41, True), id="measured"),
        pytest.param(LeadTimes((), 41, (20.0, 62.0)), (20.0, 62.0, 41, True), id="measured before a restart"),
        pytest.param(LeadTimes((0.0,), 1), (0.0, 0.0, 1, True), id="a start within a second is measured"),
    ],
)
def test_a_lead_time_says_where_it_is_from(lead: LeadTimes, expected: tuple[float, float, int, bool]) -> None:
    found = lead_time(book(lead=lead), policy())
    assert (found.p50_seconds, found.p90_seconds, found.starts, found.measured) == expected


def test_scores_appear_with_the_first_step() -> None:
    assert scores(Score(NOW, True), 10.0) is None
    found = scores(Score(NOW, True, Tally(raised=4.0, used=2.0, idle=2.0, shadow_short=2.0)), 10.0)
    assert found is not None
    assert (found.cost, found.reactive_cost, found.precision) == (2.0, 20.0, 0.5)  # 2 idle; 10 x 2 short
    assert found.saving == pytest.approx(0.9)
    assert (found.coverage_p90, found.kept_promise) == (None, None)


@pytest.mark.parametrize(
    ("outcome", "ready_at", "start", "cause"),
    [
        pytest.param(Outcome.MISS, NOW - 60, NOW - 60, "Forecast", id="a miss names its cause"),
        pytest.param(Outcome.HIT, NOW - 60, NOW - 60, None, id="a hit has none"),
        pytest.param(Outcome.NEUTRAL, NOW + 60, NOW, None, id="superseded before its pods were ready"),
    ],
)
def test_an_evaluation_is_about_the_time_in_force(
    outcome: Outcome, ready_at: float, start: float, cause: str | None
) -> None:
    report = DecisionReport(Phase.EXECUTED, "scaled to 4", NOW - 99)
    live = Live(KEY, report, 2, 4, ready_at, False, Tally(raised=2.0), MissCause.FORECAST)
    found = evaluation(live, outcome, NOW)
    assert (found.start, found.end, found.miss_cause, found.raised) == (start, NOW, cause, 2.0)


def test_the_gauges_of_a_policy() -> None:
    found = policy_numbers(case())
    assert (found.demand, found.need, found.ready, found.wanted, found.blind) == (90.0, 2, 4, 7, False)
    assert (found.forecast, found.lead_seconds) == ({0.5: 100.0, 0.9: 310.0}, {})
    blind = policy_numbers(case(None, outlook=None, book=book(lead=replace(LeadTimes(), seconds=(9.0,), starts=1))))
    assert (blind.demand, blind.need, blind.blind, blind.forecast) == (None, None, True, {})
    assert blind.lead_seconds == {0.5: 9.0, 0.9: 9.0}
