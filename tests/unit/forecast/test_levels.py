"""Last value, averages, trend and unrest of a series."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.levels import Levels

pytestmark = pytest.mark.unit


def after(*values: float, step_seconds: float = 60.0) -> Levels:
    levels = Levels.blank(1, step_seconds)
    for value in values:
        levels.learn(np.array([value]))
    return levels


def test_the_first_sample_is_the_level() -> None:
    levels = after(np.nan, 5.0)
    assert (levels.last[0], levels.slow[0], levels.unrest[0], levels.samples[0]) == (5.0, 5.0, 0.0, 1)


def test_young_averages_are_plain_means() -> None:
    assert after(4.0, 8.0, 3.0).slow[0] == pytest.approx((4 + 8 + 3) / 3)
    assert after(4.0, 8.0).average[0, 0] == pytest.approx(6.0)  # and so is the fastest


def test_a_longer_step_moves_the_averages_as_far_as_its_minutes_would() -> None:
    levels = after(*[0.0] * 100, 1.0, step_seconds=300.0)
    assert levels.average[:, 0] == pytest.approx(1 - np.array([0.85, 0.97, 0.994]) ** 5)


def test_an_unknown_step_changes_nothing_but_the_age() -> None:
    before, later = after(4.0, 6.0), after(4.0, 6.0, np.nan)
    for name, array in before.arrays().items():
        assert np.array_equal(array + (name == "age"), later.arrays()[name])


def test_a_value_after_a_gap_counts_for_all_the_steps_since() -> None:
    levels = after(*[0.0] * 200, np.nan, np.nan, 6.0)  # 6 in three steps
    assert levels.average[:, 0] == pytest.approx(6 * (1 - np.array([0.85, 0.97, 0.994]) ** 3))
    assert levels.slope[0] == pytest.approx(0.3 * 6 / 3)
    assert levels.age[0] == 0


def test_a_steady_rise_is_a_slope() -> None:
    assert after(*[2.0 * step for step in range(60)]).slope[0] == pytest.approx(2.0, rel=1e-3)
