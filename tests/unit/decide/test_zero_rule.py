"""Rule `zero` and what the other rules leave of it. A cold start of 60 s costs 10 x 1 + 1 = 11 idle steps of 60 s."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.decide import rules
from edgewarm.decide.situation import Draft, Recommendation, Situation
from edgewarm.decide.verdict import decide
from edgewarm.model.policy import SCALE_DOWN_DEFAULT, Bounds, Fallback, Schedule, Strategy
from edgewarm.model.quantiles import Arrivals
from edgewarm.model.reasons import Reason
from support.builders import NOW, outlook, policy, situation

pytestmark = pytest.mark.unit

SURE = Arrivals(60.0, 0.9, 0.9, ((1.0, 0.0), (2.0, 0.9)))  # 11 x .9 > 1 + .1
BEFORE = Arrivals(60.0, 0.0, 0.0, ((1.0, 0.5), (2.0, 0.5)))  # a pod started now would miss it: 11 x .5 > .5
UNLIKELY = Arrivals(60.0, 0.05, 0.05, ((1.0, 0.02), (2.0, 0.07)))  # 11 x .07 < .98 + .93
LATE = Arrivals(60.0, 0.0, 0.5, ((1.5, 0.0), (2.5, 0.5)))  # 11 x .5 > 1.5 + .5, but nothing at first
ASLEEP = policy(bounds=Bounds(0, 9))
STATED = replace(SCALE_DOWN_DEFAULT, stated=True)


def idle(arrivals: Arrivals | None, demand: float | None = 0.0, **overrides: Any) -> Situation:
    """Nothing is asked of a workload that may sleep; the forecast's quantiles see nothing either."""
    plain: dict[str, Any] = {"current": 1, "policy": ASLEEP, "outlook": outlook(0.0, arrivals=arrivals)}
    return situation(demand, **(plain | overrides))


@pytest.mark.parametrize(
    ("around", "wanted", "reason"),
    [
        pytest.param(idle(SURE), 1, Reason.WARM_FOR_ARRIVAL, id="likely when a new pod is ready: stays"),
        pytest.param(idle(SURE, current=0), 1, Reason.WARM_FOR_ARRIVAL, id="likely when a new pod is ready: wakes"),
        pytest.param(idle(BEFORE), 1, Reason.WARM_FOR_ARRIVAL, id="likely before that: stays"),
        pytest.param(idle(BEFORE, current=0), 0, Reason.SCALED_TO_ZERO, id="likely before that: too late to wake"),
        pytest.param(idle(LATE, current=0), 0, Reason.SCALED_TO_ZERO, id="likely late in the window: a pass can wait"),
        pytest.param(idle(UNLIKELY), 0, Reason.SCALED_TO_ZERO, id="unlikely: goes"),
        pytest.param(idle(UNLIKELY, current=0), 0, Reason.SCALED_TO_ZERO, id="unlikely: sleeps on"),
        pytest.param(idle(None), 0, Reason.REACTIVE_FLOOR, id="not intermittent: the quantiles decide"),
        pytest.param(idle(UNLIKELY, 60.0), 2, Reason.REACTIVE_FLOOR, id="something is asked: ceil(60 / 50)"),
        pytest.param(idle(UNLIKELY, 0.1, current=0), 1, Reason.REACTIVE_FLOOR, id="and it wakes who sleeps"),
        pytest.param(idle(UNLIKELY, policy=policy(bounds=Bounds(1, 9))), 1, Reason.MIN_REPLICAS, id="no choice"),
        pytest.param(idle(SURE, None, current=0), 1, Reason.WARM_FOR_ARRIVAL, id="blind may wake"),
        pytest.param(idle(UNLIKELY, None), 1, Reason.BLIND, id="blind never lowers"),
        pytest.param(idle(UNLIKELY, None, current=0), 0, Reason.BLIND, id="and sleeps on"),
        pytest.param(idle(UNLIKELY, started_at=NOW - 10), 1, Reason.RESTARTED, id="nothing falls after a restart"),
        pytest.param(idle(UNLIKELY, learning=True), 1, Reason.LEARNING, id="nor while history is read"),
        pytest.param(
            idle(UNLIKELY, recommendations=(Recommendation(NOW - 299, 1),)),
            0,
            Reason.SCALED_TO_ZERO,
            id="P says so, not a window",
        ),
        pytest.param(
            idle(UNLIKELY, recommendations=(Recommendation(NOW - 299, 1),), policy=replace(ASLEEP, scale_down=STATED)),
            1,
            Reason.SCALE_DOWN_STABILIZED,
            id="a stated scale-down window holds",
        ),
        pytest.param(
            idle(UNLIKELY, recommendations=(Recommendation(NOW - 299, 1),), confidence=0.5),
            1,
            Reason.SCALE_DOWN_STABILIZED,
            id="and any window where P is not trusted",
        ),
        pytest.param(idle(SURE, current=0, confidence=0.5), 0, Reason.CONFIDENCE_LIMITED, id="not trusted"),
        pytest.param(
            idle(SURE, current=0, policy=replace(ASLEEP, strategy=Strategy.REACTIVE)),
            0,
            Reason.REACTIVE_FLOOR,
            id="strategy Reactive waits for demand",
        ),
    ],
)
def test_to_and_from_zero(around: Situation, wanted: int, reason: Reason) -> None:
    verdict = decide(around)
    assert (verdict.wanted, verdict.reason) == (wanted, reason)


def test_it_wakes_as_many_as_the_quantile_asks_for() -> None:
    assert decide(idle(SURE, current=0, outlook=outlook(120.0, arrivals=SURE))).wanted == 3  # ceil(120 / 50)


def test_a_quantile_that_is_not_worth_a_pod_keeps_none() -> None:
    verdict = decide(idle(UNLIKELY, outlook=outlook(0.4, arrivals=UNLIKELY)))
    assert (verdict.wanted, verdict.reason) == (0, Reason.SCALED_TO_ZERO)


def test_the_fallback_wakes_who_sleeps_blind() -> None:
    asked = replace(ASLEEP, fallback=Fallback(3, 60.0))
    verdict = decide(idle(UNLIKELY, None, current=0, policy=asked, blind_since=NOW - 60))
    assert (verdict.wanted, verdict.reason) == (3, Reason.FALLBACK)


def test_an_open_schedule_keeps_its_minimum() -> None:
    asked = replace(ASLEEP, schedules=(Schedule("day", "UTC", "0 0 * * *", "59 23 * * *", low=2),))
    assert decide(idle(UNLIKELY, policy=asked)).wanted == 2


@pytest.mark.parametrize(
    ("strategy", "wanted"),
    [
        pytest.param(Strategy.CONSERVATIVE, 0, id="a third of kappa: (10 / 3 + 1) x .3 < 1 + .7"),
        pytest.param(Strategy.HYBRID, 1, id="(10 + 1) x .3 > 1 + .7"),
    ],
)
def test_the_strategys_kappa_counts(strategy: Strategy, wanted: int) -> None:
    arrivals = Arrivals(60.0, 0.3, 0.3, ((1.0, 0.0), (2.0, 0.3)))
    around = idle(arrivals, policy=replace(ASLEEP, strategy=strategy))
    assert rules.zero(around, Draft(0, Reason.REACTIVE_FLOOR)).wanted == wanted


def test_aggressive_keeps_what_the_next_hour_asks_for() -> None:
    asked = replace(ASLEEP, strategy=Strategy.AGGRESSIVE)
    quiet = outlook(0.0, arrivals=Arrivals(60.0, 0.01, 0.01, ((1.0, 0.01), (2.0, 0.02))))
    busy = replace(quiet, horizons=((900.0, outlook(60.0).lead),))
    assert [decide(idle(None, outlook=found, policy=asked)).wanted for found in (quiet, busy)] == [0, 1]


def test_the_trail_says_what_a_warm_pod_saves_and_costs() -> None:
    verdict = decide(idle(SURE, current=0))
    (note,) = [item.note for item in verdict.candidates if item.rule == "zero"]
    assert note == "P 90.0% of demand when a pod decided now is ready: saves 9.9, costs 1.1 steps"
