"""All rules together: their order, and the promises of the design that follow from it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgewarm.decide.rules import PACING, RECOMMENDING
from edgewarm.decide.situation import Recommendation, Situation
from edgewarm.decide.verdict import decide
from edgewarm.model.policy import SCALE_DOWN_DEFAULT, Bounds, Fallback, Schedule, Strategy
from edgewarm.model.quantiles import Arrivals
from edgewarm.model.reasons import Reason
from support.builders import NOW, at, outlook, policy, situation

pytestmark = pytest.mark.unit

ALWAYS = ("0 0 * * *", "59 23 * * *")


def test_the_order_of_the_rules() -> None:
    names = {strategy: [rule.__name__ for rule in rules] for strategy, rules in RECOMMENDING.items()}
    assert names == {
        Strategy.REACTIVE: ["floor", "utilization_band", "schedule"],
        Strategy.PREDICTIVE: ["floor", "forecast", "start_pays", "forecast_hold", "zero", "confidence"],
        Strategy.SCHEDULED: ["floor", "schedule"],
        Strategy.HYBRID: ["floor", "forecast", "start_pays", "forecast_hold", "zero", "confidence", "schedule"],
        Strategy.AGGRESSIVE: [
            "floor",
            "forecast",
            "start_pays",
            "forecast_hold",
            "zero",
            "horizon_hold",
            "confidence",
            "schedule",
        ],
        Strategy.CONSERVATIVE: [
            "floor",
            "forecast",
            "start_pays",
            "one_at_a_time",
            "forecast_hold",
            "zero",
            "confidence",
            "schedule",
        ],
    }
    assert [rule.__name__ for rule in PACING] == [
        "stabilize",
        "limit_rate",
        "restart",
        "learning",
        "blind",
        "fallback",
        "bounds",
        "pause",
    ]


STATED = replace(SCALE_DOWN_DEFAULT, stated=True)


@pytest.mark.parametrize(
    ("around", "wanted", "reason"),
    [
        pytest.param(situation(120.0), 3, Reason.REACTIVE_FLOOR, id="2.4 pods are needed now"),
        pytest.param(situation(90.0, outlook=outlook(310.0)), 7, Reason.FORECAST, id="6.2 pods will be needed"),
        pytest.param(situation(90.0, outlook=outlook(0.0)), 2, Reason.REACTIVE_FLOOR, id="a forecast of 0 is valid"),
        pytest.param(
            situation(50.0, outlook=outlook(0.0, 150.0)), 3, Reason.FORECAST_HOLD, id="3 of 4 are soon needed again"
        ),
        pytest.param(situation(200.0), 5, Reason.DEMAND_CENSORED, id="4 ready pods serve no more than 200"),
        pytest.param(situation(4000.0), 8, Reason.SCALE_UP_LIMITED, id="80 are needed, 4 may be doubled"),
        pytest.param(
            situation(4000.0, policy=policy(bounds=Bounds(1, 6))), 6, Reason.MAX_REPLICAS, id="bounds come after pace"
        ),
        pytest.param(situation(0.0), 1, Reason.MIN_REPLICAS, id="nothing is asked, one is kept"),
        pytest.param(situation(0.0, policy=policy(bounds=Bounds(0, 9))), 0, Reason.REACTIVE_FLOOR, id="down to zero"),
        pytest.param(situation(100.0, started_at=NOW - 10), 4, Reason.RESTARTED, id="10 s after a restart"),
        pytest.param(
            situation(100.0, started_at=NOW - 10, outlook=outlook(310.0)), 7, Reason.FORECAST, id="it may rise at once"
        ),
        pytest.param(situation(90.0, learning=True), 4, Reason.LEARNING, id="history is still being read"),
        pytest.param(situation(None), 4, Reason.BLIND, id="blind holds"),
        pytest.param(situation(None, outlook=outlook(310.0)), 7, Reason.FORECAST, id="blind rises with a forecast"),
        pytest.param(situation(4000.0, policy=policy(paused_until=NOW + 9)), 4, Reason.PAUSED, id="a pause beats all"),
    ],
)
def test_what_is_decided_and_which_rule_bound(around: Situation, wanted: int, reason: Reason) -> None:
    verdict = decide(around)
    assert (verdict.wanted, verdict.reason) == (wanted, reason)


@pytest.mark.parametrize(
    ("overrides", "wanted", "reason"),
    [
        pytest.param({"current": 0, "blind_since": NOW - 300}, 3, Reason.FALLBACK, id="from zero"),
        pytest.param({"current": 0, "blind_since": NOW - 299}, 0, Reason.BLIND, id="not before its time"),
        pytest.param({"current": 5, "blind_since": NOW - 300}, 5, Reason.BLIND, id="never below what is there"),
    ],
)
def test_fallback_works_at_zero_and_takes_the_larger(overrides: dict[str, Any], wanted: int, reason: Reason) -> None:
    verdict = decide(situation(None, policy=policy(bounds=Bounds(0, 9), fallback=Fallback(3, 300.0)), **overrides))
    assert (verdict.wanted, verdict.reason) == (wanted, reason)


def test_waking_from_zero_uses_the_forecast() -> None:
    asleep = situation(0.0, current=0, policy=policy(bounds=Bounds(0, 9)), outlook=outlook(60.0))
    verdict = decide(asleep)
    assert (verdict.wanted, verdict.reason) == (2, Reason.FORECAST)  # ceil(60 / 50)


@pytest.mark.parametrize(
    ("overrides", "wanted", "reason"),
    [
        pytest.param({"outlook": outlook(40.0)}, 1, Reason.REACTIVE_FLOOR, id="a forecast expects no more"),
        pytest.param({"outlook": outlook(140.0)}, 3, Reason.FORECAST, id="it expects ceil(140 / 50)"),
        pytest.param({"outlook": outlook(40.0, hold=190.0)}, 4, Reason.FORECAST_HOLD, id="before one could be back"),
        pytest.param({"outlook": None}, 4, Reason.SCALE_DOWN_STABILIZED, id="no forecast"),
        pytest.param({"outlook": outlook(40.0), "confidence": 0.1}, 4, Reason.SCALE_DOWN_STABILIZED, id="not trusted"),
        pytest.param(
            {"outlook": outlook(40.0), "policy": policy(scale_down=STATED)},
            4,
            Reason.SCALE_DOWN_STABILIZED,
            id="the user stated a window",
        ),
        pytest.param(
            {"outlook": outlook(40.0), "policy": policy(strategy=Strategy.REACTIVE)},
            4,
            Reason.SCALE_DOWN_STABILIZED,
            id="strategy Reactive",
        ),
        pytest.param(
            {"outlook": outlook(40.0), "policy": policy(strategy=Strategy.SCHEDULED)},
            4,
            Reason.SCALE_DOWN_STABILIZED,
            id="strategy Scheduled",
        ),
    ],
)
def test_a_fall_waits_for_the_window_unless_a_forecast_that_is_acted_on_says_what_to_keep(
    overrides: dict[str, Any], wanted: int, reason: Reason
) -> None:
    memory = (Recommendation(NOW - 285.0, 4),)  # of demand, or of a forecast

    verdict = decide(situation(20.0, recommendations=memory, **overrides))  # of 4 pods one is needed now

    assert (verdict.wanted, verdict.reason) == (wanted, reason)


def test_a_raised_bound_comes_back_down() -> None:
    raised = decide(situation(90.0, policy=policy(bounds=Bounds(10, 20))))
    assert (raised.wanted, raised.recommended) == (10, 2)  # ceil(90 / 50) was recommended all the while
    memory = tuple(Recommendation(NOW - 15.0 * n, raised.recommended) for n in range(1, 19))
    back = decide(situation(90.0, current=10, recommendations=memory))
    assert (back.wanted, back.reason) == (2, Reason.REACTIVE_FLOOR)


def test_a_blind_policy_says_so_pass_after_pass() -> None:
    first = decide(situation(None))
    memory = (Recommendation(NOW - 15.0, first.recommended),)
    assert decide(situation(None, recommendations=memory)).reason is Reason.BLIND


def test_a_schedule_maximum_holds_like_max_replicas() -> None:
    evening = at("2026-11-23T18:00:00+00:00")
    asked = policy(schedules=(Schedule("night", "UTC", "0 18 * * *", "0 6 * * *", high=3),))
    memory = (Recommendation(evening - 15.0, 8),)
    verdict = decide(situation(400.0, now=evening, current=8, ready=9, policy=asked, recommendations=memory))
    assert (verdict.wanted, verdict.reason) == (3, Reason.SCHEDULE_MAXIMUM)


def test_fallback_stays_below_a_schedule_maximum() -> None:
    asked = policy(schedules=(Schedule("s", "UTC", *ALWAYS, high=3),), fallback=Fallback(6, 60.0))
    assert decide(situation(None, current=2, blind_since=NOW - 100, policy=asked)).wanted == 3


def test_the_trail_tells_every_rule_that_spoke_in_order() -> None:
    asked = policy(bounds=Bounds(1, 6), schedules=(Schedule("day", "UTC", *ALWAYS, low=3),))
    verdict = decide(situation(90.0, policy=asked, outlook=outlook(4000.0)))
    assert [(c.rule, c.wanted, c.reason) for c in verdict.candidates] == [
        ("floor", 2, Reason.REACTIVE_FLOOR),
        ("forecast", 80, Reason.FORECAST),
        ("rate", 8, Reason.SCALE_UP_LIMITED),
        ("bounds", 6, Reason.MAX_REPLICAS),
    ]
    assert verdict.recommended == 80


@pytest.mark.parametrize(
    ("demand", "current", "recommended"),
    [
        pytest.param(None, 4, 4, id="while blind, what is there is recommended"),
        pytest.param(0.0, 4, 0, id="a zero is recommended as it is"),
        pytest.param(4000.0, 4, 80, id="before pace and bounds"),
    ],
)
def test_what_the_scale_down_window_remembers(demand: float | None, current: int, recommended: int) -> None:
    assert decide(situation(demand, current=current)).recommended == recommended


ARRIVALS = st.floats(0, 1).map(lambda chance: Arrivals(60.0, chance, chance, ((1.0, chance / 2), (2.0, chance))))
OUTLOOKS = st.builds(outlook, st.floats(0, 2000), st.floats(0, 2000), arrivals=st.none() | ARRIVALS)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Anything a pass could meet, without a pause."""
    low = draw(st.integers(0, 10))
    asked = policy(
        bounds=Bounds(low, low + draw(st.integers(0, 20))),
        strategy=draw(st.sampled_from(Strategy)),
        fallback=draw(st.none() | st.just(Fallback(7, 60.0))),
    )
    return situation(
        draw(st.none() | st.floats(0, 2000)),
        policy=asked,
        current=draw(st.integers(0, 40)),
        ready=draw(st.integers(0, 40)),
        outlook=draw(st.none() | OUTLOOKS),
        learning=draw(st.booleans()),
        started_at=draw(st.sampled_from([NOW - 10.0, 0.0])),
        blind_since=draw(st.sampled_from([None, NOW - 100])),
        recommendations=tuple(draw(st.lists(st.builds(Recommendation, st.floats(NOW - 400, NOW), st.integers(0, 40))))),
    )


@given(situations())
def test_bounds_hold_whatever_came_before(around: Situation) -> None:
    bounds = around.policy.bounds
    assert bounds.low <= decide(around).wanted <= bounds.high


@given(situations())
def test_blind_restarted_or_learning_never_lowers_but_to_the_maximum(around: Situation) -> None:
    careful = around.demand is None or around.learning or NOW - around.started_at < 300
    if careful:
        assert decide(around).wanted >= min(around.current, around.policy.bounds.high)


@given(situations())
def test_but_for_the_window_a_forecast_never_holds_fewer_than_no_forecast(around: Situation) -> None:
    around = replace(around, recommendations=())  # what the window of a policy without a forecast would keep
    assert decide(around).wanted >= decide(replace(around, outlook=None)).wanted


@given(situations())
def test_it_never_wants_fewer_than_are_needed_now(around: Situation) -> None:
    assume(around.demand is not None)
    allowed = max(2 * around.current, around.current + 4)  # within 15 s, as the HPA
    needed = math.ceil((around.demand or 0.0) / 50 - 1e-9)
    assert decide(around).wanted >= min(needed, allowed, around.policy.bounds.high)


@given(situations())
def test_the_last_of_the_trail_is_what_is_wanted(around: Situation) -> None:
    verdict = decide(around)
    assert [c.wanted for c in verdict.candidates][-1:] in ([], [verdict.wanted])
    assert decide(around) == verdict
