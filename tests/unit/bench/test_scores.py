"""The yardsticks themselves: what a loss, a ratio and a rival's forecast are."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.rivals import Past, scale
from benchmarks.scores import LEVELS, P90, Scored, pinball, summary
from benchmarks.traces import Trace, trace

pytestmark = pytest.mark.unit
DAY = 24  # steps of an hour


def hourly(values: list[float]) -> Trace:
    return Trace("made", "up", 3600, 0, np.array(values))


def scored(ours: list[float], last: list[float], seasonal: list[float], days: list[int]) -> Scored:
    loss = np.array([ours, last, seasonal])
    return Scored("t", "made", loss, np.ones(loss.shape, dtype=bool), np.array(days))


def test_pinball_of_a_forecast_that_is_one_too_low_is_the_mean_level() -> None:
    assert pinball(11.0, np.full(len(LEVELS), 10.0)) == pytest.approx(np.mean(LEVELS))


def test_pinball_of_a_forecast_that_is_one_too_high_is_the_mean_of_what_the_levels_leave() -> None:
    assert pinball(9.0, np.full(len(LEVELS), 10.0)) == pytest.approx(1 - np.mean(LEVELS))


def test_the_ratio_is_taken_to_the_better_rival() -> None:
    assert scored([1.0, 1.0], [4.0, 4.0], [2.0, 2.0], [0, 1]).ratio() == pytest.approx(0.5)


def test_a_summary_is_the_geometric_mean_and_names_the_worst() -> None:
    half, double = scored([1.0], [2.0], [3.0], [0]), scored([2.0], [1.0], [3.0], [0])

    found = summary([half, double])

    assert [found.ratio, found.worst] == pytest.approx([1.0, 2.0])


def test_equal_days_leave_no_doubt() -> None:
    found = summary([scored([1.0] * 4, [2.0] * 4, [3.0] * 4, [0, 0, 1, 1])])

    assert [found.low, found.high] == pytest.approx([0.5, 0.5])


def test_days_that_differ_widen_the_interval() -> None:
    found = summary([scored([1.0, 3.0], [2.0, 2.0], [9.0, 9.0], [0, 1])])

    assert [found.low, found.ratio, found.high] == pytest.approx([0.5, 1.0, 1.5])


def test_a_perfect_day_repeats_itself_for_the_seasonal_rival() -> None:
    values = [float(hour) for hour in range(DAY)] * 4

    found = Past.of(hourly(values)).seasonal(3 * DAY, 5)

    assert found == pytest.approx([5.0] * len(LEVELS))


def test_last_value_adds_what_a_steady_rise_adds_in_that_time() -> None:
    found = Past.of(hourly([2.0 * hour for hour in range(4 * DAY)])).last_value(80, 3)

    assert found == pytest.approx([160.0 + 6.0] * len(LEVELS))


@pytest.mark.parametrize("rival", ["last_value", "seasonal"])
def test_a_rival_knows_nothing_after_the_origin(rival: str) -> None:
    random = np.random.default_rng(1)
    values = random.uniform(0, 10, 5 * DAY)
    origin, changed = 4 * DAY, values.copy()
    changed[origin + 1 :] = 1e6

    found = [getattr(Past.of(hourly(list(one))), rival)(origin, 6) for one in (values, changed)]

    assert found[0] == pytest.approx(found[1])


def test_an_unknown_value_is_not_zero() -> None:
    past = Past.of(hourly([7.0] * (4 * DAY - 1) + [float("nan")]))

    assert past.last_value(4 * DAY - 1, 1)[P90] == pytest.approx(7.0)


def test_the_scale_of_a_perfectly_repeating_series_is_a_tenth_of_its_one_step_error() -> None:
    past = Past.of(hourly([0.0, 10.0] * (2 * DAY)))

    assert scale(past, 0, 4 * DAY) == pytest.approx(0.1 * 10.0)


def test_a_trace_begins_at_its_first_midnight_and_keeps_holes_and_refuses_negative_demand() -> None:
    found = trace("made", "up", 3600, np.array([7200.0, 10_800.0, 18_000.0]), np.array([1.0, -1.0, 3.0]))

    assert found.start == 2
    np.testing.assert_array_equal(found.values, [np.nan, np.nan, 1.0, np.nan, np.nan, 3.0])
