"""Window values of a path, and of what came."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.windows import AHEAD, GRID, UNTIL, Windows

pytestmark = pytest.mark.unit

SMALL = Windows.of((1, 2, 3), (1, 2, 3))
ON_TIME = np.zeros(6, dtype=np.int64)


def test_the_grid_is_the_points_and_then_the_maxima() -> None:
    assert (GRID.count, GRID.points, GRID.reach) == (len(AHEAD) + len(UNTIL), len(AHEAD), 60)
    assert list(GRID.ends) == [*AHEAD, *UNTIL]


def test_windows_of_a_path() -> None:
    found = SMALL.of_path(np.array([[5.0], [9.0], [7.0]]))
    assert found[:, 0].tolist() == [5.0, 9.0, 7.0, 5.0, 9.0, 9.0]


def test_windows_that_end_now() -> None:
    found = SMALL.of_recent(np.array([[4.0], [6.0], [2.0], [99.0]]), ON_TIME)  # newest first
    assert found[:, 0].tolist() == [4.0, 4.0, 4.0, 4.0, 6.0, 6.0]


def test_windows_that_ended_some_steps_ago() -> None:
    found = SMALL.of_recent(np.array([[9.0], [8.0], [4.0], [6.0], [2.0], [99.0]]), np.array([0, 1, 2, 2, 1, 2]))
    assert found[:, 0].tolist() == [9.0, 8.0, 4.0, 4.0, 8.0, 6.0]


def test_an_unknown_step_hides_the_windows_that_contain_it() -> None:
    found = SMALL.of_recent(np.array([[4.0], [np.nan], [2.0], [99.0]]), ON_TIME)
    assert np.array_equal(found[:, 0], [4.0, 4.0, 4.0, 4.0, np.nan, np.nan], equal_nan=True)


def test_short_windows_are_issued_each_seven_minutes_and_a_day_ahead_each_half_hour() -> None:
    windows = Windows.of((1, 5, 60, 120, 1440))
    assert windows.strides(60.0).tolist() == [7, 7, 7, 7, 28]
    assert windows.late(60.0).tolist() == [6, 2, 3, 6, 2]  # all of an issue are tested together
    assert Windows.of((1, 12, 288)).strides(300.0).tolist() == [1, 1, 7]


def test_five_minute_steps_a_day_ahead_are_tested_at_every_minute_of_the_hour() -> None:
    """Each sixth step would meet :00 and :30 only, and a job of each half hour always or never."""
    stride = int(Windows.of((288,)).strides(300.0)[0])
    assert {number * stride % 12 for number in range(12)} == set(range(12))


@pytest.mark.parametrize("step_seconds", [15.0, 60.0, 120.0, 300.0, 600.0])
def test_a_week_is_a_whole_number_of_issues(step_seconds: float) -> None:
    """So that a history which is shifted by whole weeks is tested at the same moments."""
    day = round(86400 / step_seconds)
    assert not (7 * day % Windows.of((1, day)).strides(step_seconds)).any()


def test_a_maximum_needs_the_steps_it_is_taken_over() -> None:
    with pytest.raises(ValueError, match="until must be among ahead"):
        Windows.of((1, 5), (3,))


def test_points_alone_need_no_path_beyond_one_step() -> None:
    found = Windows.of((1, 12, 288))

    assert (found.points, found.reach, list(found.ahead), list(found.until)) == (3, 1, [1, 12, 288], [])


@pytest.mark.parametrize("steps", [(0, 1), (2, 2), (3, 1)])
def test_windows_that_do_not_rise_are_refused(steps: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="until must be rising"):
        Windows.of((1,), steps)
