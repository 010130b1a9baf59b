"""The mixture: weights move to who is right, quantiles to where the residuals are, and nothing moves on ties."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.experts import DAY_BEFORE, EXPERTS, LAST, PROFILE
from edgewarm.forecast.mixture import LEVELS, MEDIAN, Mixture, first_weights
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.unit

SOON, DAY = Windows.of((1,)), Windows.of((288,))
LEVEL = np.array([10.0])
TILT = np.ones((1, len(EXPERTS), 1), dtype=np.float32)
ALL_SAY_PROFILE = np.where(np.arange(len(EXPERTS))[None, :, None] == PROFILE, 1.0, 0.0).astype(np.float32)
NONE, ZEROS = np.zeros((0, len(LEVELS), 1)), np.zeros((1, len(LEVELS), 1))  # a spread of no window, and none of one


def issue(mixture: Mixture, points: FloatArray, spread: FloatArray = NONE) -> FloatArray:
    return mixture.issue(points, spread, LEVEL, TILT, np.ones((1, 1)))


def said(**others: float) -> FloatArray:
    """Every expert says 10, but those named."""
    points = np.full((1, len(EXPERTS), 1), 10.0)
    for name, value in others.items():
        points[0, EXPERTS.index(name.replace("_", " "))] = value
    return points


def fed(points: FloatArray, actual: list[float]) -> Mixture:
    mixture = Mixture.blank(1, SOON, 300.0)
    for value in actual:
        mixture.learn(points, NONE, issue(mixture, points), np.array([[value]]), LEVEL)
    return mixture


def test_at_first_the_last_value_is_believed_soon_and_last_week_three_times_as_much_as_others_later() -> None:
    weights = first_weights(Windows.of((1, 10_000)), 300.0)[:, :, 0, 0]
    assert weights.sum(axis=1) == pytest.approx(1.0)
    assert weights[0, LAST] > 0.5
    others = len(EXPERTS) - 1
    assert weights[1, DAY_BEFORE] == pytest.approx(3 / (others + 3), rel=0.01)
    assert np.delete(weights[1], DAY_BEFORE) == pytest.approx(1 / (others + 3), rel=0.02)


def test_the_first_lessons_of_a_day_ahead_move_its_quantiles_no_further_than_later_ones() -> None:
    """The errors of one day come together: fifty of them say little more than one."""
    for windows, spread, first in ((SOON, NONE, 0.25), (DAY, ZEROS, 0.2 * 7 / 288)):
        mixture = Mixture.blank(1, windows, 300.0)
        before = mixture.quantile[0, LAST, MEDIAN, 0]
        mixture.learn(said(), spread, issue(mixture, said(), spread), np.array([[11.0]]), LEVEL)
        assert mixture.quantile[0, LAST, MEDIAN, 0] - before == pytest.approx(0.5 * first, rel=1e-4)


def test_the_weight_goes_to_who_is_right() -> None:
    mixture, random = Mixture.blank(1, SOON, 300.0), np.random.default_rng(1)
    for truth in random.uniform(8, 12, 300):
        points = said(day_profile=truth)
        actual = np.array([[truth + random.normal(0, 0.1)]])
        mixture.learn(points, NONE, issue(mixture, points), actual, LEVEL)
    assert (mixture.weight[0, PROFILE, :, 0] > 0.9).all()
    assert issue(mixture, said(day_profile=12.0))[0, MEDIAN, 0] == pytest.approx(12.0, abs=0.2)


def test_nobody_is_ever_ruled_out() -> None:
    mixture = fed(said(day_profile=12.0), [10.0, 10.1] * 200)
    assert mixture.weight.min() >= 0.002 / len(EXPERTS) * 0.99
    assert mixture.weight.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_nine_of_ten_residuals_stay_below_p90() -> None:
    actual = 10 + np.random.default_rng(2).gamma(2.0, 1.0, 1500)
    mixture = fed(said(), list(actual))
    p90 = issue(mixture, said())[0, LEVELS.index(0.9), 0]
    assert np.mean(actual <= p90) == pytest.approx(0.9, abs=0.04)


@pytest.mark.parametrize(
    ("windows", "spread", "gain"),
    [pytest.param(SOON, NONE, 0.02, id="soon"), pytest.param(DAY, ZEROS, 0.2 * 7 / 288, id="a day ahead, slower")],
)
def test_what_was_issued_too_low_or_too_high_is_corrected(windows: Windows, spread: FloatArray, gain: float) -> None:
    """Each of 20 windows moves a level by the gain, up by tau or down by 1 - tau: 20 gains apart, in scales."""
    told = []
    for issued in (5.0, 15.0):
        mixture, wrong = Mixture.blank(1, windows, 300.0), np.full((1, len(LEVELS), 1), issued)
        for actual in [9.0, 11.0] * 10:
            mixture.learn(said(), spread, wrong, np.array([[actual]]), LEVEL)
        told.append(issue(mixture, said(), spread) / mixture.sizes(LEVEL))
    assert told[0] - told[1] == pytest.approx(20 * gain, rel=1e-3)


def test_a_correction_mends_three_scales_and_does_not_wind_up() -> None:
    """A thousand windows that were all issued too low ask for twenty scales at p99."""
    mixture, low = Mixture.blank(1, SOON, 300.0), np.zeros((1, len(LEVELS), 1))
    for actual in [9.0, 11.0] * 500:
        mixture.learn(said(), NONE, low, np.array([[actual]]), LEVEL)
    assert mixture.correction[0, -1, 0] == pytest.approx(3.0)


def test_one_bad_forecast_costs_an_expert_at_most_a_factor_of_seven() -> None:
    mixture = fed(said(), [9.0, 11.0] * 50)
    before = mixture.weight[0, PROFILE] / mixture.weight[0, LAST]
    points = said(day_profile=1e6)
    mixture.learn(points, NONE, issue(mixture, points), np.array([[10.5]]), LEVEL)
    assert (mixture.weight[0, PROFILE] / mixture.weight[0, LAST] >= before * np.exp(-2.0) * 0.99).all()
    assert (mixture.weight[0, PROFILE] / mixture.weight[0, LAST] < before / 2).all()


def test_half_of_the_scale_is_that_of_the_last_two_hours() -> None:
    """Misses of 1, then for two hours misses of 3, of which two hours see seven eighths and half a day a fifteenth."""
    mixture = fed(said(), [9.0, 11.0] * 500 + [7.0, 13.0] * 12)
    short, long = 3 - 2 * (1 - 2 / 25) ** 24, 3 - 2 * (1 - 0.003) ** 24
    assert mixture.sizes(LEVEL)[0, 0] == pytest.approx((short + long) / 2, rel=1e-6)


def test_a_constant_series_does_not_drift() -> None:
    found = [np.sort(issue(fed(said(), [10.0] * count), said())[0, :, 0]) for count in (200, 400)]
    assert found[0] == pytest.approx(10.0, abs=1e-6)
    assert found[1] == pytest.approx(10.0, abs=1e-6)


def test_an_unknown_outcome_changes_nothing() -> None:
    before, later = fed(said(), [11.0, 9.0]), fed(said(), [11.0, 9.0, np.nan])
    for name, array in before.arrays().items():
        assert array == pytest.approx(later.arrays()[name], rel=1e-6), name


def test_a_tilt_silences_an_expert() -> None:
    found = Mixture.blank(1, SOON, 300.0).issue(said(day_profile=20.0), NONE, LEVEL, ALL_SAY_PROFILE, np.ones((1, 1)))
    assert found[0, MEDIAN, 0] == pytest.approx(20.0)


def test_a_day_ahead_the_quantiles_of_the_last_days_are_told_as_they_are() -> None:
    mixture, spread = Mixture.blank(1, DAY, 300.0), np.linspace(-3.0, 5.0, len(LEVELS))[None, :, None]
    with_it, without = (
        mixture.issue(said(), each, LEVEL, ALL_SAY_PROFILE, np.ones((1, 1))) for each in (spread, ZEROS)
    )
    assert with_it - without == pytest.approx(spread)


def test_what_the_last_days_tell_is_not_learned_a_second_time() -> None:
    """All days are alike, between 8 and 12: the last days say so, the last value must learn it."""
    mixture, spread = Mixture.blank(1, DAY, 300.0), (4 * np.array(LEVELS) - 2)[None, :, None]
    for actual in np.random.default_rng(3).uniform(8.0, 12.0, 2500):
        mixture.learn(said(), spread, issue(mixture, said(), spread), np.array([[actual]]), LEVEL)
    p90 = LEVELS.index(0.9)
    assert mixture.quantile[0, LAST, p90, 0] == pytest.approx(1.6, abs=0.2)  # (11.6 - 10) by a scale of 1
    assert mixture.quantile[0, PROFILE, p90, 0] == pytest.approx(0.0, abs=0.2)
    assert mixture.weight[0, PROFILE, p90, 0] > 0.5 / len(EXPERTS)
