"""Each rule alone: what it makes of the number so far, and the reason that it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.decide import rules
from edgewarm.decide.situation import Change, Draft, Recommendation, Situation
from edgewarm.model.policy import Bounds, Fallback, Pace, RateLimit, RateUnit, Schedule, Select, Strategy
from edgewarm.model.reasons import Reason
from support.builders import NOW, at, certain, outlook, policy, quantiles, situation

pytestmark = pytest.mark.unit


def draft(wanted: int) -> Draft:
    return Draft(wanted, Reason.REACTIVE_FLOOR)


def outcome(rule: rules.Rule, around: Situation, wanted: int) -> tuple[int, Reason]:
    after = rule(around, draft(wanted))
    return after.wanted, after.reason


@pytest.mark.parametrize(
    ("demand", "ready", "wanted", "reason"),
    [
        pytest.param(120.0, 4, 3, Reason.REACTIVE_FLOOR, id="ceil(120 / 50 = 2.4)"),
        pytest.param(0.0, 4, 0, Reason.BLIND, id="zero asks for zero, which it was already"),
        pytest.param(200.0, 4, 5, Reason.DEMAND_CENSORED, id="200 is all of 4 x 50, so one more"),
        pytest.param(290.0, 4, 6, Reason.REACTIVE_FLOOR, id="ceil(290 / 50 = 5.8) is more than one more"),
        pytest.param(100.0, 4, 3, Reason.REACTIVE_FLOOR, id="2 of 4 pods would be busy to the last, so 3 stay"),
        pytest.param(99.9, 4, 2, Reason.REACTIVE_FLOOR, id="2 of 4 pods would have a little to spare"),
        pytest.param(None, 4, 0, Reason.BLIND, id="unknown demand asks for nothing and is not zero"),
    ],
)
def test_the_floor_is_what_demand_asks_for_now(demand: float | None, ready: int, wanted: int, reason: Reason) -> None:
    after = rules.floor(situation(demand, ready=ready), Draft(0, Reason.BLIND))
    assert (after.wanted, after.reason) == (wanted, reason)
    assert bool(after.trail) == (demand is not None)


def test_a_forecast_that_is_not_acted_on_is_not_the_reason_of_what_the_floor_asks_for_too() -> None:
    around = situation(290.0, ready=4, confidence=0.5, outlook=outlook(350.0))
    asked = rules.floor(around, Draft(0, Reason.BLIND))
    foreseen = asked.becomes("forecast", 7, Reason.FORECAST, "").becomes("start", 6, Reason.FORECAST, "")
    after = rules.confidence(around, foreseen)
    assert (asked.wanted, after.wanted, after.reason) == (6, 6, Reason.REACTIVE_FLOOR)
    assert after.trail[-1].reason is Reason.CONFIDENCE_LIMITED


@pytest.mark.parametrize(
    ("demand", "current", "wanted", "reason"),
    [
        pytest.param(100.0, 4, 4, Reason.WITHIN_UTILIZATION, id="100 / 200 = 50% is between 30% and 80%"),
        pytest.param(160.0, 4, 4, Reason.REACTIVE_FLOOR, id="160 / 200 = 80% is still inside; 4 were wanted anyway"),
        pytest.param(161.0, 4, 5, Reason.REACTIVE_ANSWER, id="above 80%: ceil(161 / (50 x .8) = 4.03)"),
        pytest.param(60.0, 4, 4, Reason.WITHIN_UTILIZATION, id="60 / 200 = 30% is still inside"),
        pytest.param(45.0, 4, 2, Reason.REACTIVE_ANSWER, id="below 30%: ceil(45 / 40 = 1.125)"),
        pytest.param(0.0, 4, 0, Reason.REACTIVE_FLOOR, id="nothing is asked"),
        pytest.param(10.0, 0, 1, Reason.REACTIVE_FLOOR, id="from zero there is no utilisation: ceil(10 / 40)"),
    ],
)
def test_reactive_answers_outside_its_band(demand: float, current: int, wanted: int, reason: Reason) -> None:
    around = situation(demand, current=current, ready=max(current, 5))
    asked = rules.floor(around, draft(0)).wanted
    assert outcome(rules.utilization_band, around, asked) == (wanted, reason)


def test_the_band_says_nothing_while_blind() -> None:
    assert rules.utilization_band(situation(None), draft(0)) == draft(0)


SPREAD = quantiles((0.5, 100.0), (0.9, 200.0), (0.95, 300.0))


@pytest.mark.parametrize(
    ("kappa", "so_far", "wanted", "reason"),
    [
        pytest.param(10.0, 2, 5, Reason.FORECAST, id="tau 10 / 11 = .909: 218.2 / 50 = 4.4"),
        pytest.param(1.0, 1, 2, Reason.FORECAST, id="tau 1 / 2: 100 / 50"),
        pytest.param(1.0, 2, 2, Reason.REACTIVE_FLOOR, id="the floor says the same"),
        pytest.param(10.0, 9, 9, Reason.REACTIVE_FLOOR, id="a forecast below the floor lowers nothing"),
    ],
)
def test_the_forecast_is_a_floor_over_the_floor(kappa: float, so_far: int, wanted: int, reason: Reason) -> None:
    around = situation(outlook=outlook(SPREAD), policy=policy(kappa=kappa))
    assert outcome(rules.forecast, around, so_far) == (wanted, reason)


def test_no_forecast_is_not_a_forecast_of_zero() -> None:
    after = rules.forecast(situation(outlook=None), draft(3))
    assert (after.wanted, after.reason) == (3, Reason.REACTIVE_FLOOR)
    assert [candidate.reason for candidate in after.trail] == [Reason.NO_FORECAST]
    zero = rules.forecast(situation(outlook=outlook(0.0)), draft(3))
    assert [candidate.reason for candidate in zero.trail] == [Reason.FORECAST]


@pytest.mark.parametrize(
    ("hold", "current", "so_far", "wanted", "reason"),
    [
        pytest.param(150.0, 4, 2, 3, Reason.FORECAST_HOLD, id="150 / 50 = 3 will be needed before a pod is back"),
        pytest.param(900.0, 4, 2, 4, Reason.FORECAST_HOLD, id="18 are expected, but holding never raises"),
        pytest.param(50.0, 4, 2, 2, Reason.REACTIVE_FLOOR, id="1 is expected, 2 are needed now"),
        pytest.param(900.0, 4, 4, 4, Reason.REACTIVE_FLOOR, id="no fall is under way"),
        pytest.param(900.0, 4, 6, 6, Reason.REACTIVE_FLOOR, id="a rise is under way"),
    ],
)
def test_scaling_in_waits_for_demand_that_comes_back(
    hold: float, current: int, so_far: int, wanted: int, reason: Reason
) -> None:
    around = situation(current=current, outlook=outlook(0.0, hold))
    assert outcome(rules.forecast_hold, around, so_far) == (wanted, reason)


def ahead(*demands: tuple[float, float]) -> Situation:
    """Four pods, nothing ahead but (seconds, demand) at the fixed horizons."""
    later = tuple((seconds, certain(demand)) for seconds, demand in demands)
    return situation(outlook=outlook(0.0, horizons=later))


@pytest.mark.parametrize(
    ("around", "so_far", "wanted", "reason"),
    [
        pytest.param(ahead((300.0, 150.0)), 2, 4, Reason.HORIZON_HOLD, id="3 in 5 min are more than 2"),
        pytest.param(ahead((900.0, 100.0)), 2, 2, Reason.REACTIVE_FLOOR, id="2 in 15 min are not"),
        pytest.param(ahead((300.0, 0.0), (3600.0, 900.0)), 2, 4, Reason.HORIZON_HOLD, id="18 in an hour hold 4"),
        pytest.param(ahead((86400.0, 900.0)), 2, 2, Reason.REACTIVE_FLOOR, id="a day is too far"),
        pytest.param(ahead((300.0, 900.0)), 5, 5, Reason.REACTIVE_FLOOR, id="a rise is under way"),
        pytest.param(situation(), 2, 2, Reason.REACTIVE_FLOOR, id="no forecast holds nothing"),
    ],
)
def test_aggressive_keeps_what_the_next_hour_wants(around: Situation, so_far: int, wanted: int, reason: Reason) -> None:
    assert outcome(rules.horizon_hold, around, so_far) == (wanted, reason)


@pytest.mark.parametrize(
    ("demand", "so_far", "wanted", "reason"),
    [
        pytest.param(90.0, 9, 5, Reason.ONE_AT_A_TIME, id="one more than the 4 that are there"),
        pytest.param(90.0, 5, 5, Reason.FORECAST, id="one more was asked for"),
        pytest.param(390.0, 9, 8, Reason.ONE_AT_A_TIME, id="the reactive floor of 8 is met at once"),
        pytest.param(90.0, 3, 3, Reason.FORECAST, id="a fall is not slowed"),
        pytest.param(None, 9, 5, Reason.ONE_AT_A_TIME, id="blind: there is no floor"),
    ],
)
def test_conservative_adds_one_pod_a_pass(demand: float | None, so_far: int, wanted: int, reason: Reason) -> None:
    around = situation(demand)
    asked = rules.floor(around, Draft(0, Reason.BLIND)).binds("forecast", so_far, Reason.FORECAST, "")
    after = rules.one_at_a_time(around, asked)
    assert (after.wanted, after.reason) == (wanted, reason)


@pytest.mark.parametrize(
    ("strategy", "tau"),
    [(Strategy.HYBRID, 9 / 10), (Strategy.AGGRESSIVE, 27 / 28), (Strategy.CONSERVATIVE, 3 / 4)],
)
def test_a_strategy_may_take_a_shortage_for_dearer(strategy: Strategy, tau: float) -> None:
    assert policy(kappa=9.0, strategy=strategy).service_level == pytest.approx(tau)  # 9, 27 and 3


@pytest.mark.parametrize(
    ("sure", "overrides", "wanted", "reason"),
    [
        pytest.param(0.69, {}, 2, Reason.CONFIDENCE_LIMITED, id="69 % of 70 %: shown, not acted on"),
        pytest.param(0.7, {}, 6, Reason.FORECAST, id="enough"),
        pytest.param(0.75, {"confidence_threshold": 0.8}, 2, Reason.CONFIDENCE_LIMITED, id="the user asks for 80 %"),
        pytest.param(None, {}, 6, Reason.FORECAST, id="nobody asks"),
        pytest.param(0.0, {"confidence_threshold": 0.0}, 6, Reason.FORECAST, id="no threshold"),
        pytest.param(0.8, {"strategy": Strategy.CONSERVATIVE}, 2, Reason.CONFIDENCE_LIMITED, id="it asks for 90 %"),
        pytest.param(0.9, {"strategy": Strategy.CONSERVATIVE}, 6, Reason.FORECAST, id="90 % of 90 %"),
        pytest.param(
            0.8,
            {"strategy": Strategy.CONSERVATIVE, "confidence_threshold": 0.0},
            6,
            Reason.FORECAST,
            id="no threshold under any strategy",
        ),
    ],
)
def test_a_forecast_that_is_not_trusted_is_not_acted_on(
    sure: float | None, overrides: dict[str, Any], wanted: int, reason: Reason
) -> None:
    around = situation(90.0, confidence=sure, policy=policy(**overrides), outlook=outlook(290.0))
    said = rules.floor(around, Draft(0, Reason.BLIND)).becomes("forecast", 6, Reason.FORECAST, "6 are expected")
    after = rules.confidence(around, said)
    assert (after.wanted, after.reason) == (wanted, reason)
    assert ("forecast", 6) in [(item.rule, item.wanted) for item in after.trail]  # it is shown all the same


def test_without_a_forecast_there_is_nothing_to_trust() -> None:
    assert rules.confidence(situation(confidence=0.1), draft(3)) == draft(3)


MONDAY_TEN = at("2026-11-23T10:00:00+00:00")


def windows(*rows: tuple[str, str, int | None, int | None]) -> tuple[Schedule, ...]:
    return tuple(Schedule(f"s{i}", "UTC", start, end, low, high) for i, (start, end, low, high) in enumerate(rows))


@pytest.mark.parametrize(
    ("rows", "so_far", "wanted", "reason"),
    [
        pytest.param([("0 8 * * *", "0 18 * * *", 5, None)], 2, 5, Reason.SCHEDULE_MINIMUM, id="open, minimum 5"),
        pytest.param([("0 8 * * *", "0 18 * * *", 5, None)], 7, 7, Reason.REACTIVE_FLOOR, id="7 is above it"),
        pytest.param([("0 8 * * *", "0 18 * * *", None, 3)], 7, 3, Reason.SCHEDULE_MAXIMUM, id="open, maximum 3"),
        pytest.param([("4 10 * * *", "0 18 * * *", 5, None)], 2, 5, Reason.SCHEDULE_MINIMUM, id="opens in 240 s"),
        pytest.param([("6 10 * * *", "0 18 * * *", 5, None)], 2, 2, Reason.REACTIVE_FLOOR, id="opens in 360 s"),
        pytest.param([("4 10 * * *", "0 18 * * *", None, 3)], 7, 7, Reason.REACTIVE_FLOOR, id="maximum not yet"),
        pytest.param([("0 8 * * *", "0 9 * * *", 5, 5)], 2, 2, Reason.REACTIVE_FLOOR, id="over since nine"),
    ],
)
def test_schedules_bound_within_300_s_of_lead(rows: list[Any], so_far: int, wanted: int, reason: Reason) -> None:
    around = situation(now=MONDAY_TEN, policy=policy(schedules=windows(*rows)), lead_seconds=300.0)
    assert outcome(rules.schedule, around, so_far) == (wanted, reason)


@pytest.mark.parametrize(("first", "second", "wanted"), [((8, None), (None, 5), 5), ((None, 5), (8, None), 8)])
def test_open_schedules_count_in_the_order_of_the_list(first: Any, second: Any, wanted: int) -> None:
    day = ("0 8 * * *", "0 18 * * *")
    around = situation(now=MONDAY_TEN, policy=policy(schedules=windows((*day, *first), (*day, *second))))
    assert outcome(rules.schedule, around, 6)[0] == wanted


def test_a_schedule_opens_one_measured_lead_time_early() -> None:
    around = situation(
        now=MONDAY_TEN,
        policy=policy(schedules=windows(("10 10 * * *", "0 18 * * *", 5, None))),
        lead_seconds=600.0,
    )
    assert outcome(rules.schedule, around, 2) == (5, Reason.SCHEDULE_MINIMUM)


def test_stabilize_names_the_direction_that_waits() -> None:
    memory = (Recommendation(NOW - 10, 3),)
    assert outcome(rules.stabilize, situation(recommendations=memory), 1) == (3, Reason.SCALE_DOWN_STABILIZED)
    slow = policy(scale_up=Pace(60.0, Select.MAX, ()))
    around = situation(recommendations=(Recommendation(NOW - 10, 5),), policy=slow)
    assert outcome(rules.stabilize, around, 9) == (5, Reason.SCALE_UP_STABILIZED)
    assert rules.stabilize(situation(), draft(1)) == draft(1)


def test_limit_rate_names_the_direction_that_is_limited() -> None:
    one = Pace(0.0, Select.MAX, (RateLimit(RateUnit.PODS, 1, 60.0),))
    around = situation(policy=policy(scale_up=one, scale_down=one))
    assert outcome(rules.limit_rate, around, 9) == (5, Reason.SCALE_UP_LIMITED)
    assert outcome(rules.limit_rate, around, 1) == (3, Reason.SCALE_DOWN_LIMITED)
    assert outcome(rules.limit_rate, around, 4) == (4, Reason.REACTIVE_FLOOR)
    spent = situation(policy=policy(scale_up=one), changes=(Change(NOW - 30, 1),))
    assert outcome(rules.limit_rate, spent, 9) == (4, Reason.SCALE_UP_LIMITED)


@pytest.mark.parametrize(
    ("age", "so_far", "wanted", "reason"),
    [
        pytest.param(0.0, 1, 4, Reason.RESTARTED, id="just started"),
        pytest.param(299.0, 1, 4, Reason.RESTARTED, id="299 of 300 s"),
        pytest.param(300.0, 1, 1, Reason.REACTIVE_FLOOR, id="the window is over"),
        pytest.param(0.0, 9, 9, Reason.REACTIVE_FLOOR, id="a rise may come at once"),
    ],
)
def test_after_a_restart_nothing_is_lowered_for_a_window(age: float, so_far: int, wanted: int, reason: Reason) -> None:
    assert outcome(rules.restart, situation(started_at=NOW - age), so_far) == (wanted, reason)


@pytest.mark.parametrize(
    ("learning", "so_far", "wanted", "reason"),
    [
        pytest.param(True, 1, 4, Reason.LEARNING, id="history may want back what would be lowered"),
        pytest.param(True, 9, 9, Reason.REACTIVE_FLOOR, id="a rise may come at once"),
        pytest.param(False, 1, 1, Reason.REACTIVE_FLOOR, id="history is known, or will never be"),
    ],
)
def test_while_history_is_learned_nothing_is_lowered(learning: bool, so_far: int, wanted: int, reason: Reason) -> None:
    assert outcome(rules.learning, situation(learning=learning), so_far) == (wanted, reason)


@pytest.mark.parametrize(
    ("demand", "so_far", "wanted", "reason"),
    [
        pytest.param(None, 1, 4, Reason.BLIND, id="blind holds the 4 that are there"),
        pytest.param(None, 4, 4, Reason.BLIND, id="blind is the reason also where nothing would change"),
        pytest.param(None, 9, 9, Reason.REACTIVE_FLOOR, id="blind may rise"),
        pytest.param(0.0, 0, 0, Reason.REACTIVE_FLOOR, id="zero is a value"),
    ],
)
def test_blind_holds_or_rises(demand: float | None, so_far: int, wanted: int, reason: Reason) -> None:
    assert outcome(rules.blind, situation(demand), so_far) == (wanted, reason)


@pytest.mark.parametrize(
    ("blind_for", "so_far", "wanted", "reason"),
    [
        pytest.param(None, 0, 0, Reason.REACTIVE_FLOOR, id="not blind"),
        pytest.param(119.0, 0, 0, Reason.REACTIVE_FLOOR, id="not yet: 119 of 120 s"),
        pytest.param(120.0, 0, 3, Reason.FALLBACK, id="from zero to fallback.replicas"),
        pytest.param(120.0, 3, 3, Reason.FALLBACK, id="it stays the reason once it is reached"),
        pytest.param(120.0, 5, 5, Reason.REACTIVE_FLOOR, id="the larger of the two"),
    ],
)
def test_fallback_holds_its_replicas_after_its_time(
    blind_for: float | None, so_far: int, wanted: int, reason: Reason
) -> None:
    since = None if blind_for is None else NOW - blind_for
    around = situation(None, blind_since=since, policy=policy(fallback=Fallback(3, 120.0)))
    assert outcome(rules.fallback, around, so_far) == (wanted, reason)


@pytest.mark.parametrize(
    ("so_far", "wanted", "reason"),
    [
        (1, 2, Reason.MIN_REPLICAS),
        (2, 2, Reason.REACTIVE_FLOOR),
        (9, 9, Reason.REACTIVE_FLOOR),
        (10, 9, Reason.MAX_REPLICAS),
    ],
)
def test_bounds_are_inclusive(so_far: int, wanted: int, reason: Reason) -> None:
    assert outcome(rules.bounds, situation(policy=policy(bounds=Bounds(2, 9))), so_far) == (wanted, reason)


@pytest.mark.parametrize(
    ("until", "so_far", "wanted", "reason"),
    [
        pytest.param(None, 9, 9, Reason.REACTIVE_FLOOR, id="no pause"),
        pytest.param(NOW, 9, 9, Reason.REACTIVE_FLOOR, id="the pause is over"),
        pytest.param(NOW + 1, 9, 4, Reason.PAUSED, id="no rise"),
        pytest.param(NOW + 1, 1, 4, Reason.PAUSED, id="no fall"),
        pytest.param(NOW + 1, 4, 4, Reason.PAUSED, id="the reason also where nothing would change"),
    ],
)
def test_a_pause_keeps_what_is_there(until: float | None, so_far: int, wanted: int, reason: Reason) -> None:
    assert outcome(rules.pause, situation(policy=policy(paused_until=until)), so_far) == (wanted, reason)


def test_every_strategy_has_its_rules() -> None:
    assert set(rules.RECOMMENDING) == set(Strategy)
