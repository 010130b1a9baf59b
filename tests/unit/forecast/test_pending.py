"""Forecasts under way: what was said comes back when it is tested, whatever has come since."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.experts import EXPERTS, LAST
from edgewarm.forecast.features import NAMES
from edgewarm.forecast.mixture import LEVELS
from edgewarm.forecast.pending import Pending
from edgewarm.forecast.windows import Windows

pytestmark = pytest.mark.unit

SLOTS = np.array([0])
TESTED = np.zeros((1, 1), dtype=bool)


def holding(last: float, said: float, untested: bool = False) -> Pending:
    """One window of one row, forecast to be `said` by everyone but the last value."""
    pending = Pending.blank(1, Windows.of((1,)), 60.0)
    points = np.full((1, len(EXPERTS), 1), said)
    points[:, LAST] = last
    pending.put(SLOTS, points, np.full((1, len(LEVELS), 1), said), TESTED | untested)
    pending.put_features(SLOTS, np.full((1, len(NAMES), 1), said - last), np.array([said]))
    return pending


def test_what_was_said_comes_back() -> None:
    pending = holding(70.0, 77.7)
    points, quantiles = pending.said(SLOTS)
    features, level = pending.seen(SLOTS)
    assert points[0, LAST, 0] == 70.0
    for found in (points[0, 0, 0], quantiles[0, 0, 0], level[0, 0]):
        assert found == pytest.approx(77.7, rel=1e-8)
    assert features[0, 0, 0] == pytest.approx(7.7, rel=1e-7)


def test_what_repeats_the_last_value_comes_back_exactly() -> None:
    """A constant series never misses: a tie moves no quantile."""
    points, quantiles = holding(0.1, 0.1).said(SLOTS)
    assert (points == 0.1).all()
    assert (quantiles == 0.1).all()


def test_the_spread_of_a_day_ahead_comes_back() -> None:
    """A window of a minute has one slot, one of a day of 300 s steps has 42: theirs alone keep a spread."""
    pending, spread = Pending.blank(1, Windows.of((1, 288)), 300.0), np.linspace(-1.0, 2.0, len(LEVELS))[None, :, None]
    pending.measure(np.array([7.0]))
    slot = pending.schedule.slots(np.array([1]), 35)
    pending.put_spread(slot, spread)
    assert pending.spread_of(slot) == pytest.approx(spread, rel=1e-6)
    assert len(pending.spread) == pending.schedule.count[1] == len(pending.last) - 1


def test_what_is_not_to_be_tested_is_unknown() -> None:
    for found in (*holding(1.0, 2.0, untested=True).said(SLOTS), holding(1.0, 2.0, untested=True).seen(SLOTS)[1]):
        assert np.isnan(found).all()
