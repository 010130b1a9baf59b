"""The quantile tracker: its steps, its ties, and that it never drifts."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.tracker import LEVELS, TAU, Tracker, gains
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.unit

GAIN = np.array([0.05])


def told(*residuals: float) -> Tracker:
    tracker = Tracker.blank(1, 1, 1)
    for residual in residuals:
        tracker.learn(np.full((1, 1, 1), residual), GAIN)
    return tracker


def spread(tracker: Tracker) -> FloatArray:
    return np.asarray(tracker.spread()[0, 0, 0])


@pytest.mark.parametrize(
    ("end", "gain"), [pytest.param(1, 0.05, id="min(.05, .2 / 1)"), pytest.param(4, 0.05, id=".2 / 4"), (60, 0.2 / 60)]
)
def test_the_gain_shrinks_with_the_windows_end(end: int, gain: float) -> None:
    assert gains(np.array([end]))[0] == pytest.approx(gain)


def test_unknown_residuals_leave_everything_as_it_was() -> None:
    before, after = told(1.0, -2.0), told(1.0, -2.0, np.nan, np.inf)
    for name in ("scale", "seen", "quantile", "loss"):
        assert np.array_equal(getattr(before, name), getattr(after, name))


def test_the_scale_is_the_mean_absolute_residual() -> None:
    assert told(1.0, -2.0, 3.0).scale[0, 0, 0] == pytest.approx((1 + 2 + 3) / 3)


def test_one_step_of_the_tracker() -> None:
    tracker = told(*[1.0, -1.0] * 20)
    before = tracker.quantile[0, 0, 0].copy()
    tracker.learn(np.full((1, 1, 1), 1000.0), GAIN)  # above every quantile: each rises by g tau
    assert tracker.quantile[0, 0, 0] - before == pytest.approx(0.05 * TAU)
    before = tracker.quantile[0, 0, 0].copy()
    tracker.learn(np.full((1, 1, 1), -1000.0), GAIN)  # below every quantile: each falls by g (1 - tau)
    assert tracker.quantile[0, 0, 0] - before == pytest.approx(0.05 * (TAU - 1))


def test_residuals_of_zero_do_not_drift() -> None:
    assert np.array_equal(told(*[0.0] * 500).quantile, Tracker.blank(1, 1, 1).quantile)
    assert np.abs(spread(told(1.0, -1.0, *[0.0] * 5000))).max() < 0.1


def test_quantiles_find_those_of_the_residuals() -> None:
    residuals = np.random.default_rng(1).normal(0, 2, 4000)
    found = spread(told(*residuals))
    expected = [float(np.quantile(residuals, level)) for level in (0.1, 0.5, 0.9)]
    assert [found[LEVELS.index(level)] for level in (0.1, 0.5, 0.9)] == pytest.approx(expected, abs=0.4)
    assert (np.diff(found) >= 0).all()
