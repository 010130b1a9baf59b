"""The yardsticks themselves: what a loss, a ratio and a summary are."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.rivals import RIVALS, past_of, quantiles
from benchmarks.scores import LEVELS, Scored, loss_of, summary
from benchmarks.traces import Trace, aligned
from edgewarm.replay import trace as replay

pytestmark = pytest.mark.unit
DAY = 24  # steps of an hour


def hourly(values: list[float]) -> Trace:
    return Trace("made", "up", 3600, 0, np.array(values))


def scored(ours: list[float], last: list[float], seasonal: list[float], days: list[int]) -> Scored:
    loss = np.array([ours, last, seasonal])
    return Scored("t", "made", loss, np.ones(loss.shape, dtype=bool), np.array(days))


def test_the_loss_of_a_forecast_that_is_one_too_low_is_the_mean_level() -> None:
    assert loss_of(11.0, np.full((1, len(LEVELS)), 10.0)) == pytest.approx([np.mean(LEVELS)])


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


def test_the_rivals_are_the_products_own_with_trailing_residuals() -> None:
    found = quantiles(past_of(hourly([float(hour) for hour in range(DAY)] * 4)), 3 * DAY, 5)

    assert found[RIVALS.index("seasonal naive")] == pytest.approx([5.0] * len(LEVELS))


def test_a_trace_begins_at_its_first_midnight_and_keeps_holes() -> None:
    found = aligned("made", "up", replay.Trace("up", 3600.0, 50, np.array([1.0, np.nan, 3.0])))

    assert found.start == 2
    np.testing.assert_array_equal(found.values, [np.nan, np.nan, 1.0, np.nan, 3.0])
