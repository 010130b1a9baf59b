"""Points of any times on a regular grid of 60 s from 600 s on."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.sources.grid import Filler, Grid, Stretch

pytestmark = pytest.mark.unit

NAN = float("nan")
GRID = Grid.between(600, 780, 60)  # 600, 660, 720, 780
ALL = Stretch(0, 4)


@pytest.mark.parametrize(
    ("start", "end", "step", "size"),
    [(0, 0, 60, 1), (0, 59, 60, 1), (0, 60, 60, 2), (600, 780, 60, 4), (60, 0, 60, 0), (0, 0.3, 0.1, 4)],
)
def test_the_grid_holds_start_and_every_step_up_to_end(start, end, step, size):
    assert Grid.between(start, end, step).size == size


def test_a_step_is_above_zero():
    with pytest.raises(ValueError, match="step must be > 0"):
        Grid.between(0, 60, 0)


@pytest.mark.parametrize(
    ("times", "values", "expected"),
    [
        ([600, 660, 720, 780], [1, 2, 3, 4], [1, 2, 3, 4]),
        ([600, 780], [1, 4], [1, NAN, NAN, 4]),
        ([], [], [NAN] * 4),
        ([629, 631], [1, 2], [1, 2, NAN, NAN]),  # 29/60 rounds to 0, 31/60 to 1
        ([660, 660.2], [1, 2], [NAN, 2, NAN, NAN]),  # the last of a duplicate wins
        ([720, 660], [3, 2], [NAN, 2, 3, NAN]),  # not in order
        ([0, 600, 1e300, -1e300], [9, 1, 9, 9], [1, NAN, NAN, NAN]),  # outside
        ([600, 660, 720, 780], [-1, NAN, float("inf"), 0], [NAN, NAN, NAN, 0]),
    ],
)
def test_points_find_their_index(times, values, expected):
    filler = Filler(GRID)
    filler.add(ALL, np.array(times, dtype=float), np.array(values, dtype=float))
    history = filler.history()
    np.testing.assert_array_equal(history.values, expected)
    assert (history.start, history.step_seconds) == (600, 60)


def test_series_that_follow_each_other_join_and_where_two_overlap_nothing_is_known():
    filler = Filler(GRID)
    filler.add(ALL, np.array([600.0, 660.0]), np.array([1.0, 2.0]))
    filler.add(ALL, np.array([660.0, 720.0]), np.array([5.0, 6.0]))
    assert np.array_equal(filler.history().values, [1, NAN, 6, NAN], equal_nan=True)


def test_series_of_a_demand_that_is_split_are_added_up_and_one_unknown_makes_the_sum_unknown():
    filler = Filler(GRID, adds=True)
    filler.add(ALL, np.array([600.0, 660.0, 720.0]), np.array([1.0, 2.0, -3.0]))
    filler.add(ALL, np.array([660.0, 720.0, 780.0]), np.array([5.0, 6.0, NAN]))
    assert np.array_equal(filler.history().values, [1, 7, NAN, NAN], equal_nan=True)


def test_a_point_outside_its_stretch_belongs_to_the_next_request():
    filler = Filler(GRID)
    filler.add(Stretch(0, 2), np.array([660.0, 700.0]), np.array([2.0, 9.0]))
    filler.add(Stretch(2, 4), np.array([720.0]), np.array([3.0]))
    assert np.array_equal(filler.history().values, [NAN, 2, 3, NAN], equal_nan=True)
