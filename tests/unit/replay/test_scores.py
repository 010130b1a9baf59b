"""What each score is, with the arithmetic in sight."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.replay import scores

pytestmark = pytest.mark.unit

LEVELS = (0.5, 0.75, 0.9, 0.95, 0.99)
NAN = np.nan


def all_at(value: float, rows: int = 1) -> np.ndarray:
    return np.full((rows, len(LEVELS)), value)


def test_pinball_of_a_forecast_that_is_one_too_low_is_the_level() -> None:
    assert scores.pinball(np.array([11.0]), all_at(10.0), LEVELS)[0] == pytest.approx(LEVELS)


def test_pinball_of_a_forecast_that_is_one_too_high_is_what_the_level_leaves() -> None:
    assert scores.pinball(np.array([9.0]), all_at(10.0), LEVELS)[0] == pytest.approx([1 - level for level in LEVELS])


def test_scaled_pinball_of_a_median_is_its_absolute_error_by_the_scale() -> None:
    found = scores.scaled_pinball(np.array([13.0, 8.0]), np.full((2, 1), 10.0), (0.5,), unit=5.0)

    assert found == pytest.approx((3 + 2) / 2 / 5)


def test_unknown_targets_and_silent_forecasts_are_not_scored() -> None:
    actual, quantiles = np.array([12.0, NAN, 99.0]), np.array([[10.0], [10.0], [NAN]])

    assert scores.scaled_pinball(actual, quantiles, (0.5,), unit=1.0) == pytest.approx(2.0)
    assert scores.mase(actual, quantiles[:, 0], unit=4.0) == pytest.approx(0.5)
    assert scores.coverage(actual, quantiles) == pytest.approx([0.0])


def test_the_scale_is_the_day_ahead_error_of_training() -> None:
    assert scores.scale(np.array([1.0, 2.0, 4.0, 8.0]), season=2) == pytest.approx((3 + 6) / 2)


def test_the_scale_of_a_perfectly_repeating_series_is_a_tenth_of_its_one_step_error() -> None:
    assert scores.scale(np.array([0.0, 20.0] * 4), season=2) == pytest.approx(0.1 * 20.0)


@pytest.mark.parametrize("values", [[5.0] * 8, [NAN] * 8, [5.0]], ids=["constant", "unknown", "one"])
def test_a_series_without_changes_is_not_scaled(values: list[float]) -> None:
    assert scores.scale(np.array(values), season=2) == 1.0


def test_crps_of_a_certain_forecast_is_its_absolute_error() -> None:
    levels = tuple(np.arange(0.05, 1.0, 0.1))  # each stands for a tenth: sum of tau w = .5

    assert scores.crps(np.array([13.0]), np.full((1, 10), 10.0), levels) == pytest.approx(3.0)


def test_crps_of_a_uniform_forecast_comes_near_the_formula() -> None:
    levels = tuple((np.arange(200) + 0.5) / 200)
    quantiles = np.array([levels])  # uniform on (0, 1): CRPS at y is y^2 - y + 1/3

    assert scores.crps(np.array([0.3]), quantiles, levels) == pytest.approx(0.3**2 - 0.3 + 1 / 3, abs=1e-4)


def test_in_crps_a_level_stands_for_what_is_nearer_to_it_than_to_its_neighbours() -> None:
    """.1 for the levels to .3, .5 for the rest; a forecast that is 1 too high loses .9 and .5 there."""
    found = scores.crps(np.array([0.0]), np.array([[1.0, 1.0]]), (0.1, 0.5))
    assert found == pytest.approx(2 * (0.3 * 0.9 + 0.7 * 0.5))


def test_coverage_counts_ties_and_strictly_below_does_not() -> None:
    actual, quantiles = np.array([0.0, 0.0, 1.0, 2.0]), np.full((4, 1), 1.0)

    assert scores.coverage(actual, quantiles) == pytest.approx([3 / 4])
    assert scores.strictly_below(actual, quantiles) == pytest.approx([2 / 4])


@pytest.mark.parametrize("size", [1e12, 123456.789, 1.1e-9])
def test_what_misses_a_target_by_the_rounding_of_floats_is_that_target(size: float) -> None:
    actual = np.array([size, size, size, NAN])
    quantiles = size * np.array([[1 - 2e-16], [1 + 6e-12], [1 - 1e-9], [1]])

    found = scores.settled(actual, quantiles)

    assert scores.pinball(actual, found, (0.5,))[:2].tolist() == [[0.0], [0.0]]
    assert scores.coverage(actual, found) == pytest.approx([2 / 3])
    assert scores.strictly_below(actual, found) == pytest.approx([0.0])


def test_coverage_by_group_leaves_empty_groups_open() -> None:
    actual, quantiles = np.array([1.0, 3.0, 1.0, 9.0]), np.full((4, 1), 2.0)

    found = scores.coverage_by(actual, quantiles, np.array([0, 0, 2, -1]), 3)[:, 0]

    assert np.array_equal(found, [0.5, NAN, 1.0], equal_nan=True)


def test_hours_are_those_of_the_day_in_utc() -> None:
    assert scores.hour_of_day(np.array([0.0, 3599.0, 3600.0, 86_400.0 + 23 * 3600])).tolist() == [0, 0, 1, 23]


def test_terciles_are_thirds_of_what_is_known() -> None:
    assert scores.terciles(np.array([5.0, 1.0, NAN, 9.0, 2.0, 8.0, 6.0])).tolist() == [1, 0, -1, 2, 0, 2, 1]


def test_volatility_is_the_mean_change_of_the_last_steps_and_knows_no_later_ones() -> None:
    found = scores.volatility(np.array([1.0, 2.0, 4.0, NAN, 4.0, 5.0]), window=2)

    assert np.array_equal(found, [NAN, 1.0, 1.5, 2.0, NAN, 1.0], equal_nan=True)


def test_a_training_part_shorter_than_a_season_is_scaled_by_its_one_step_changes() -> None:
    assert scores.scale(np.array([1.0, 2.0, 4.0]), season=24) == pytest.approx((1 + 2) / 2)
