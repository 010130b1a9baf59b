"""Samples at any times on a regular grid: steps, gaps, clocks that jump, counters that fall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from edgewarm.replay.regular import regular
from edgewarm.replay.samples import Samples
from edgewarm.replay.trace import Trace

pytestmark = pytest.mark.unit

NAN = np.nan
NOON = 1_700_049_600.0  # a multiple of 3600 s


def trace(seconds: Sequence[float], values: Sequence[float], step: float | None = 60.0, counter: bool = False) -> Trace:
    """Samples at `seconds` after noon, from line 2 of a file."""
    times = NOON + np.array(seconds, dtype=np.float64)
    return regular(
        "t.csv", Samples(times, np.array(values, dtype=np.float64), np.arange(2, len(values) + 2)), step, counter
    )


def same(found: Trace, *expected: float) -> bool:
    return bool(np.allclose(found.values, expected, rtol=1e-12, equal_nan=True))


def noted(found: Trace, text: str) -> bool:
    return any(text in note for note in found.notes)


def test_a_step_is_the_mean_of_its_samples_and_labelled_by_the_last() -> None:
    found = trace([15, 30, 45, 60, 75, 90, 105, 120], [1, 2, 3, 4, 10, 10, 10, 20])

    assert same(found, 2.5, 12.5)
    assert found.time(0) == NOON + 60  # 12:00:15 .. 12:01:00


def test_the_step_is_the_usual_distance_unless_it_is_given() -> None:
    assert trace([0, 300, 600, 3600], [1, 2, 3, 4], step=None).step_seconds == 300
    assert trace([0.0, 59.98, 120.01, 180.0], [1, 2, 3, 4], step=None).step_seconds == 60


def test_regular_samples_off_the_round_minute_keep_their_own_times() -> None:
    found = trace([173, 473, 773], [1, 2, 3], step=300)

    assert same(found, 1, 2, 3)
    assert [found.time(i) - NOON for i in range(3)] == [173, 473, 773]


def test_a_scrape_that_trembles_around_the_minute_fills_every_step_once() -> None:
    tremble = np.random.default_rng(1).normal(0, 1.0, 200)

    found = trace(60 * np.arange(200) + tremble, np.arange(200.0))

    assert same(found, *range(200))


def test_irregular_samples_belong_to_the_step_that_ends_with_or_after_them() -> None:
    found = trace([3, 50, 100, 130, 222, 240], [1, 3, 5, 7, 9, 11])

    assert same(found, 2, 5, 7, 10)
    assert found.time(0) == NOON + 60


def test_a_gap_of_hours_is_unknown_and_noted() -> None:
    found = trace([0, 60, 120, 7320], [1, 2, 3, 4])

    assert np.isnan(found.values[3:-1]).all()
    assert len(found.values) == 123
    assert noted(found, "119 of 123 steps are unknown, in 1 gap; the longest is 1h59m from 2023-11-15T12:03:00Z")


def test_unsorted_rows_are_sorted_and_noted() -> None:
    found = trace([0, 120, 60, 180], [1, 3, 2, 4])

    assert same(found, 1, 2, 3, 4)
    assert noted(found, "Time goes back at 1 place (first: line 4)")


def test_rows_of_the_same_time_are_averaged_and_noted() -> None:
    found = trace([0, 60, 60, 120], [1, 2, 4, 5])

    assert same(found, 1, 3, 5)
    assert noted(found, "1 row with the time of another one (first: line 4)")


def test_an_hour_that_occurs_twice_when_summer_ends_is_averaged_with_a_hint() -> None:
    local = [*range(0, 7200, 60), *range(3600, 10_800, 60)]  # 01:00 to 02:00 comes twice

    found = trace(local, [10.0] * 120 + [20.0] * 120)

    assert len(found.values) == 180
    assert same(found, *[10.0] * 60, *[15.0] * 60, *[20.0] * 60)
    assert noted(found, "give the times in UTC")


def test_an_hour_that_is_skipped_when_summer_begins_is_a_gap() -> None:
    found = trace([*range(0, 3600, 60), *range(7200, 10_800, 60)], [1.0] * 120)

    assert int(np.isnan(found.values).sum()) == 60


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    found = trace([0, 60, 120, 90, 150, 210], [1, 2, 3, 4, 5, 6], step=60)

    assert noted(found, "Time goes back")
    assert same(found, 1, 2, (4 + 3) / 2, 5, 6)


def test_a_counter_becomes_increases_per_second() -> None:
    found = trace([0, 60, 120, 180], [0, 60, 180, 180], counter=True)

    assert same(found, NAN, 1.0, 2.0, 0.0)


def test_a_counter_that_falls_was_reset_and_counts_from_zero() -> None:
    found = trace([0, 60, 120, 180], [600, 1200, 30, 90], counter=True)

    assert same(found, NAN, 10.0, 0.5, 1.0)
    assert noted(found, "The counter was reset 1 time (first: line 4)")


def test_a_counter_says_nothing_of_a_gap() -> None:
    found = trace([0, 60, 120, 3600, 3660], [0, 60, 120, 7000, 7060], counter=True)

    assert np.isfinite(found.values).sum() == 3
    assert found.values[-1] == pytest.approx(1.0)


def test_a_series_that_never_falls_is_asked_whether_it_is_a_counter() -> None:
    assert noted(trace(60 * np.arange(200), np.arange(200.0)), "give --counter")
    assert not noted(trace(60 * np.arange(200), np.arange(200.0) % 7), "give --counter")


def test_a_step_that_does_not_divide_the_day_is_noted() -> None:
    assert noted(trace([0, 420, 840], [1, 2, 3], step=420), "no whole number of steps")
