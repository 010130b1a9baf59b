"""The backtest behind confidence: two plans per row on a history, and what they cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgewarm.engine.rehearsal import Plan, Rehearsal, Terms, terms
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.model.demand import FloatArray
from edgewarm.model.policy import Bounds
from support.builders import policy

pytestmark = pytest.mark.unit
LEVELS = (0.5, 0.9, 0.99)
AHEAD, UNTIL = np.array([1, 2, 5, 10]), np.array([1, 2, 5, 10])
SIX_HOURS = 360  # steps


def plan(lead: int = 2, window: int = 0) -> Plan:
    return Plan(np.array([lead]), np.array([window]))


def followed(one: Plan, *asked: float, waits: bool = True) -> list[tuple[float, float]]:
    """(planned after each step, ready for the next)."""
    known, low, high = np.array([True]), np.array([0.0]), np.array([9.0])
    result = []
    for count in asked:
        one.follow(np.array([count]), np.array([waits]), known, (low, high))
        result.append((float(one.current[0]), float(one.ready[0])))
    return result


def test_a_rise_is_ready_after_the_lead_time_and_a_fall_at_once() -> None:
    assert followed(plan(2), 1, 1, 4, 4, 4, 2) == [(1, 1), (1, 1), (4, 1), (4, 4), (4, 4), (2, 2)]


@pytest.mark.parametrize(("waits", "planned"), [(True, [5, 5, 5, 2, 9]), (False, [5, 2, 2, 2, 9])])
def test_a_fall_waits_for_the_window_where_it_has_to_and_bounds_hold(waits: bool, planned: list[int]) -> None:
    assert [count for count, _ in followed(plan(0, window=3), 5, 2, 2, 2, 20, waits=waits)] == planned


def test_unknown_demand_keeps_what_is_there() -> None:
    one = plan(0)
    followed(one, 5)
    one.follow(np.array([0.0]), np.array([True]), np.array([False]), (np.array([0.0]), np.array([9.0])))
    assert one.current[0] == 5


def foretold(demand: FloatArray, known: bool = True) -> FleetForecast:
    """The same demand expected in every window and at every level."""
    rows = len(demand)
    values = np.broadcast_to(demand[:, None, None], (rows, 4, 3))
    return FleetForecast(0, LEVELS, AHEAD, UNTIL, values, values, np.full(rows, known))


def bursts(step: int) -> float:
    """40 (one pod), and 190 (four pods) for a quarter of each hour."""
    return 190.0 if step % 60 >= 45 else 40.0


PLAIN = Terms(50.0, 10.0, 120.0, (1, 10))


def rehearsed(ahead: int, blocks: int = 2, known: bool = True, row: Terms = PLAIN) -> Rehearsal:
    """Bursts that are foretold `ahead` steps early (0: the last value)."""
    rehearsal = Rehearsal([row], 60.0)
    for step in range(blocks * SIX_HOURS):
        now, later = np.array([bursts(step)]), np.array([max(bursts(step + i) for i in range(ahead + 1))])
        rehearsal.see(step, now, foretold(later, known))
    return rehearsal


def test_foreknowledge_pays() -> None:
    (blocks,) = rehearsed(ahead=3).blocks()
    assert [(block.start, block.backtest) for block in blocks] == [(0.0, True), (21600.0, True)]
    assert all(block.gain > 0.3 for block in blocks)
    assert all(block.saved > 100 for block in blocks)


def test_a_false_alarm_all_day_costs() -> None:
    rehearsal = Rehearsal([PLAIN], 60.0)
    for step in range(SIX_HOURS):
        rehearsal.see(step, np.array([40.0]), foretold(np.array([490.0])))
    (blocks,) = rehearsal.blocks()
    assert [block.gain < -0.5 for block in blocks] == [True]  # ten pods for one


def test_without_a_forecast_or_with_equal_plans_there_is_no_block() -> None:
    assert rehearsed(ahead=3, known=False).blocks() == ((),)
    steady = Rehearsal([PLAIN], 60.0)
    for step in range(SIX_HOURS):
        steady.see(step, np.array([20.0]), foretold(np.array([20.0])))
    assert steady.blocks() == ((),)  # one pod under both


def test_rows_do_not_touch_each_other() -> None:
    pair = Rehearsal([PLAIN, Terms(50.0, 3.0, 300.0, (1, 10))], 60.0)
    for step in range(SIX_HOURS):
        later = max(bursts(step + i) for i in range(4))
        pair.see(step, np.array([bursts(step), 40.0]), foretold(np.array([later, 40.0])))
    first, _ = pair.blocks()
    assert first == rehearsed(ahead=3, blocks=1).blocks()[0]


def test_the_level_is_the_newsvendors() -> None:
    """kappa 9 holds p90, kappa 1 the median: .5 -> 40, .9 -> 190."""
    spread = np.array([[[40.0, 190.0, 190.0]] * 4])
    fleet = FleetForecast(0, LEVELS, AHEAD, UNTIL, spread, spread, np.array([True]))
    held = []
    for kappa in (9.0, 1.0):
        rehearsal = Rehearsal([Terms(50.0, kappa, 60.0, (1, 10))], 60.0)
        rehearsal.see(0, np.array([40.0]), fleet)
        held.append(float(rehearsal._forecast.current[0]))
    assert held == [4.0, 1.0]


def test_terms_are_those_of_the_policy() -> None:
    asked = policy(capacity_per_pod=20.0, kappa=3.0, bounds=Bounds(2, 7))
    assert terms(asked, 75.0) == Terms(20.0, 3.0, 75.0, (2, 7), (0.3, 0.8), 300.0)


@pytest.mark.parametrize(
    ("low", "chances", "planned"),
    [
        pytest.param(0, (0.0, 0.9), 1.0, id="a start of a step: 11 x .9 > 1 + .1"),
        pytest.param(0, (0.0, 0.1), 0.0, id="11 x .1 < 1 + .9"),
        pytest.param(0, (0.5, 0.5), 0.0, id="too late for who sleeps: 11 x 0 < .5 + .5"),
        pytest.param(1, (0.0, 0.1), 1.0, id="zero is no choice"),
        pytest.param(0, None, 4.0, id="not intermittent: the quantiles decide, 190 / 50"),
    ],
)
def test_who_may_sleep_is_rehearsed_by_the_rule_of_zero(
    low: int, chances: tuple[float, float] | None, planned: float
) -> None:
    """The row has slept; demand is foretold as 190 where no chance is, else as nothing."""
    fleet = foretold(np.array([190.0 if chances is None else 0.0]))
    if chances is not None:
        first, second = chances
        ahead, until = np.array([[first, second - first, 0.0, 0.0]]), np.array([[first, second, second, second]])
        fleet = replace(fleet, chance_ahead=ahead, chance_until=until)
    rehearsal = Rehearsal([Terms(50.0, 10.0, 60.0, (low, 9))], 60.0)
    rehearsal.see(0, np.array([0.0]), fleet)
    assert rehearsal._forecast.current[0] == planned


def test_sleeping_between_the_calls_of_a_timer_pays() -> None:
    rehearsal = Rehearsal([Terms(50.0, 10.0, 60.0, (0, 9), window_seconds=0.0)], 60.0)
    for step in range(SIX_HOURS):
        ahead = np.array([[float((step + a) % 20 == 0) for a in AHEAD]])
        until = np.maximum.accumulate(np.array([[float(-step % 20 <= b and step % 20 > 0) for b in UNTIL]]), axis=1)
        fleet = replace(foretold(40.0 * ahead[:, 0]), chance_ahead=ahead, chance_until=until)
        rehearsal.see(step, np.array([40.0 * (step % 20 == 0)]), fleet)
    ((block,),) = rehearsal.blocks()
    assert block.gain > 0.5  # it idles a minute or two for each call, the reactive plan misses all of them
