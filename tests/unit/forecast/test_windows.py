"""Window values of a path, and of what came."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.windows import AHEAD, GRID, UNTIL, Windows

pytestmark = pytest.mark.unit

SMALL = Windows(np.array([1, 3, 1, 2, 3]), 2)  # one and three steps ahead; the largest of the next 1, 2 and 3


def test_the_grid_is_the_points_and_then_the_maxima() -> None:
    assert (GRID.count, GRID.points, GRID.reach) == (len(AHEAD) + len(UNTIL), len(AHEAD), 60)
    assert list(GRID.ends) == [*AHEAD, *UNTIL]


def test_windows_of_a_path() -> None:
    found = SMALL.of_path(np.array([[5.0, 9.0, 7.0]]), np.array([[5.0, 7.0]]))
    assert found.tolist() == [[5.0, 7.0, 5.0, 9.0, 9.0]]


def test_windows_that_end_now() -> None:
    found = SMALL.of_recent(np.array([[4.0, 6.0, 2.0]]))  # newest first
    assert found.tolist() == [[4.0, 4.0, 4.0, 6.0, 6.0]]


def test_an_unknown_step_hides_the_windows_that_contain_it() -> None:
    found = SMALL.of_recent(np.array([[4.0, np.nan, 2.0]]))
    assert np.array_equal(found, [[4.0, 4.0, 4.0, np.nan, np.nan]], equal_nan=True)


def test_points_alone_need_no_path_beyond_one_step() -> None:
    found = Windows.of((1, 12, 288))

    assert (found.points, found.reach, list(found.ahead), list(found.until)) == (3, 1, [1, 12, 288], [])


@pytest.mark.parametrize("steps", [(0, 1), (2, 2), (3, 1)])
def test_windows_that_do_not_rise_are_refused(steps: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="until must be rising"):
        Windows.of((1,), steps)
