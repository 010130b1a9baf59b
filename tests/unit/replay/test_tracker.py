"""The quantile tracker: its steps, its ties, that it never drifts, and what it knows of a quarter of an hour."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.model.demand import FloatArray
from edgewarm.replay.tracker import LEVELS, TAU, Tracker, gains

pytestmark = pytest.mark.unit

GAIN = np.array([0.05])
STEPS = 15  # in a quarter of an hour


def told(*residuals: float, quarter: int = 7, into: Tracker | None = None) -> Tracker:
    """One row, expert and window, whose windows all ended in one quarter of an hour of the day."""
    tracker = Tracker.blank(1, 1, 1, STEPS) if into is None else into
    for residual in residuals:
        tracker.learn(np.full((1, 1, 1), residual), GAIN, quarter)
    return tracker


def spread(tracker: Tracker, quarter: int = 7) -> FloatArray:
    return np.asarray(tracker.spread(np.array([quarter]))[0, 0, 0])


@pytest.mark.parametrize(
    ("end", "gain"), [pytest.param(1, 0.05, id="min(.05, .2 / 1)"), pytest.param(4, 0.05, id=".2 / 4"), (60, 0.2 / 60)]
)
def test_the_gain_shrinks_with_the_windows_end(end: int, gain: float) -> None:
    assert gains(np.array([end]))[0] == pytest.approx(gain)


def test_unknown_residuals_leave_everything_as_it_was() -> None:
    before, after = told(1.0, -2.0), told(1.0, -2.0, np.nan, np.inf)
    for name in ("scale", "local_scale", "seen", "quantile", "visits"):
        assert np.array_equal(getattr(before, name), getattr(after, name))


def test_the_scale_is_the_mean_absolute_residual() -> None:
    assert told(1.0, -2.0, 3.0).scale[0, 0, 0] == pytest.approx((1 + 2 + 3) / 3)


def test_one_step_of_the_tracker() -> None:
    tracker = told(*[1.0, -1.0] * 20)
    before = tracker.quantile[0, 0, 0].copy()
    told(1000.0, into=tracker)  # above every quantile: each rises by g tau
    assert tracker.quantile[0, 0, 0] - before == pytest.approx(0.05 * TAU)
    before = tracker.quantile[0, 0, 0].copy()
    told(-1000.0, into=tracker)  # below every quantile: each falls by g (1 - tau)
    assert tracker.quantile[0, 0, 0] - before == pytest.approx(0.05 * (TAU - 1))


def test_residuals_of_zero_do_not_drift() -> None:
    assert np.array_equal(told(*[0.0] * 200).quantile, Tracker.blank(1, 1, 1, STEPS).quantile)
    assert np.abs(spread(told(1.0, -1.0, *[0.0] * 1000))).max() < 0.1


def test_quantiles_find_those_of_the_residuals() -> None:
    residuals = np.random.default_rng(1).normal(0, 2, 1500)
    found = spread(told(*residuals))
    expected = [float(np.quantile(residuals, level)) for level in (0.1, 0.5, 0.9)]
    assert [found[LEVELS.index(level)] for level in (0.1, 0.5, 0.9)] == pytest.approx(expected, abs=0.9)
    assert (np.diff(found) >= 0).all()


def test_the_quarters_scale_counts_by_its_days() -> None:
    tracker = told(*[1.0, -1.0] * 15, quarter=1)  # 30 steps of 15 a day: 2 days, weight .5 x 2 / (2 + 3) = .2
    told(*[9.0, -9.0] * 15, quarter=2, into=tracker)
    whole, unit = float(tracker.scale[0, 0, 0]), np.sort(tracker.quantile[0, 0, 0])
    assert spread(tracker, 1) == pytest.approx(unit * (0.8 * whole + 0.2 * 1.0))
    assert spread(tracker, 2) == pytest.approx(unit * (0.8 * whole + 0.2 * 9.0))
    assert spread(tracker, 3) == pytest.approx(unit * whole)  # never seen: the whole day speaks


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_quantiles_never_cross_whatever_comes(residuals: list[float]) -> None:
    assert (np.diff(told(*residuals).quantile, axis=-1) >= 0).all()


def test_bursts_do_not_leave_a_quiet_series_with_a_high_forecast() -> None:
    found = spread(told(*([0.0] * 60 + [1000.0, -1000.0]) * 15, *[0.0] * 600))
    assert found[LEVELS.index(0.9)] < 10.0
