"""The time of day: an expert that was wrong at this hour is heard less at this hour, and at no other."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.clock import WEIGHT, Clock
from edgewarm.forecast.experts import EXPERTS, LAST
from edgewarm.forecast.windows import Windows

pytestmark = pytest.mark.unit

WINDOWS = Windows.of((1, 288))  # five minutes and a day ahead
EIGHT, NOON = np.array([32, 32]), np.array([48, 48])  # quarters of an hour in which both end


def taught(days: int, size: float = 1.0, usual: float = 1.0) -> Clock:
    """One row; on each day the last value fails at eight, with errors of this size, and errors are usual at noon."""
    clock = Clock.blank(1, WINDOWS, 300.0)
    fails = np.zeros((2, len(EXPERTS), 1), dtype=np.float32)
    fails[0, LAST] = -1.0
    for _ in range(days):
        for _ in range(3):
            clock.learn(EIGHT, fails, np.array([[size], [np.nan]]))
            clock.learn(NOON, 0 * fails, np.array([[usual], [np.nan]]))
    return clock


def test_a_step_is_in_its_quarter_of_an_hour() -> None:
    clock = Clock.blank(1, WINDOWS, 300.0)
    assert clock.quarter(np.array([0, 2, 3, 288 + 96])).tolist() == [0, 0, 1, 32]


def test_who_failed_at_eight_is_hardly_heard_at_eight_and_as_before_at_noon() -> None:
    clock = taught(days=1)
    assert clock.tilt(EIGHT)[0, LAST, 0] < np.exp(-2 * WEIGHT)
    assert clock.tilt(EIGHT)[0].max() == 1.0
    assert clock.tilt(NOON) == pytest.approx(1.0)


def test_a_day_ahead_is_not_tilted() -> None:
    clock = taught(days=2)
    assert clock.tilt(EIGHT)[1] == pytest.approx(1.0)
    assert clock.widening(EIGHT)[1] == pytest.approx(1.0)


def test_where_errors_are_large_quantiles_are_wide_as_far_as_days_prove_it() -> None:
    few, many = (taught(days, size=5.0) for days in (1, 30))
    assert 1.0 < few.widening(EIGHT)[0, 0] < many.widening(EIGHT)[0, 0] <= 4.0
    assert many.widening(NOON)[0, 0] < 1.0


def test_what_is_unknown_teaches_nothing() -> None:
    clock = Clock.blank(1, WINDOWS, 300.0)
    clock.learn(EIGHT, np.zeros((2, len(EXPERTS), 1), dtype=np.float32), np.full((2, 1), np.nan))
    assert not clock.visits.any()
    assert not clock.size.any()


def test_windows_that_are_tested_together_teach_the_quarters_in_which_they_ended() -> None:
    clock = Clock.blank(1, Windows.of((1, 2)), 300.0)
    evidence = np.zeros((2, len(EXPERTS), 1), dtype=np.float32)
    evidence[0, LAST] = -1.0  # the shorter window, which ended at eight
    clock.learn(np.array([32, 48]), evidence, np.ones((2, 1)))
    assert clock.record[LAST, [32, 48], 0] == pytest.approx([-WEIGHT / 2, 0.0])
    assert clock.visits[[32, 48], 0] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("seconds", [60.0, 300.0, 900.0, 1800.0, 3600.0, 21600.0])
def test_a_day_ahead_the_time_of_day_says_nothing_however_few_steps_a_day_has(seconds: float) -> None:
    clock = Clock.blank(1, Windows.of((1, round(86400 / seconds))), seconds)
    assert clock.rhythm.soon.tolist() == [True, False]
