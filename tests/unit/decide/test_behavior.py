"""HPA v2 behavior, case by case; the sums are those of the horizontal pod autoscaler."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.decide.behavior import highest_allowed, lowest_allowed, stabilized
from edgewarm.decide.situation import Change, Recommendation
from edgewarm.model.policy import SCALE_DOWN_DEFAULT, SCALE_UP_DEFAULT, Pace, RateLimit, RateUnit, Select
from support.builders import NOW

pytestmark = pytest.mark.unit

UP_60 = Pace(60.0, Select.MAX, SCALE_UP_DEFAULT.limits)


def pods(value: int, period: float = 15.0) -> RateLimit:
    return RateLimit(RateUnit.PODS, value, period)


def percent(value: int, period: float = 15.0) -> RateLimit:
    return RateLimit(RateUnit.PERCENT, value, period)


def ago(*changes: tuple[float, int]) -> tuple[Change, ...]:
    """Changes as (seconds ago, pods)."""
    return tuple(Change(NOW - seconds, delta) for seconds, delta in changes)


@pytest.mark.parametrize(
    ("wanted", "past", "up", "count"),
    [
        pytest.param(2, [], SCALE_UP_DEFAULT, 2, id="a fall with no memory is at once"),
        pytest.param(2, [(100, 8)], SCALE_UP_DEFAULT, 8, id="a fall waits for the highest of the window"),
        pytest.param(2, [(100, 3), (299, 8), (200, 5)], SCALE_UP_DEFAULT, 8, id="the highest, not the last"),
        pytest.param(2, [(100, 12)], SCALE_UP_DEFAULT, 10, id="a memory above current never raises"),
        pytest.param(2, [(300, 8)], SCALE_UP_DEFAULT, 2, id="300 s ago is out of a window of 300 s"),
        pytest.param(14, [(1, 2)], SCALE_UP_DEFAULT, 14, id="a rise is not delayed by the scale-down window"),
        pytest.param(14, [(30, 12)], UP_60, 12, id="a rise waits for the lowest of a scale-up window"),
        pytest.param(14, [(30, 3)], UP_60, 10, id="a memory below current never lowers"),
        pytest.param(14, [(60, 12)], UP_60, 14, id="60 s ago is out of a window of 60 s"),
        pytest.param(10, [(1, 2), (2, 20)], UP_60, 10, id="what is right already stays"),
    ],
)
def test_stabilization_from_ten_pods(wanted: int, past: list[tuple[float, int]], up: Pace, count: int) -> None:
    memory = [Recommendation(NOW - seconds, number) for seconds, number in past]
    assert stabilized(wanted, 10, memory, NOW, up, SCALE_DOWN_DEFAULT) == count


@pytest.mark.parametrize(
    ("current", "changes", "select", "limits", "highest"),
    [
        pytest.param(1, [], Select.MAX, [percent(100), pods(4)], 5, id="max(1 x 2, 1 + 4)"),
        pytest.param(4, [], Select.MAX, [percent(100), pods(4)], 8, id="max(4 x 2, 4 + 4)"),
        pytest.param(10, [], Select.MAX, [percent(100), pods(4)], 20, id="max(10 x 2, 10 + 4)"),
        pytest.param(10, [], Select.MIN, [percent(100), pods(4)], 14, id="min(10 x 2, 10 + 4)"),
        pytest.param(10, [], Select.DISABLED, [pods(4)], 10, id="disabled"),
        pytest.param(15, [], Select.MAX, [percent(10)], 17, id="ceil(15 x 1.1 = 16.5)"),
        pytest.param(0, [], Select.MAX, [percent(100), pods(4)], 4, id="from zero: max(0 x 2, 0 + 4)"),
        pytest.param(8, [(5, 4)], Select.MAX, [pods(4)], 8, id="8 - 4 added + 4: the period is used up"),
        pytest.param(6, [(10, 2)], Select.MAX, [pods(4, 60)], 8, id="6 - 2 added + 4"),
        pytest.param(6, [(10, -4)], Select.MAX, [pods(4, 60)], 14, id="6 + 4 removed + 4"),
        pytest.param(8, [(15, 4)], Select.MAX, [pods(4)], 12, id="15 s ago is out of a period of 15 s: 8 + 4"),
        pytest.param(9, [(5, 8)], Select.MAX, [percent(100)], 9, id="(9 - 8) x 2 is below 9, which stays"),
        pytest.param(10, [(30, 4)], Select.MIN, [pods(2), pods(5, 60)], 11, id="min(10 + 2, 10 - 4 + 5)"),
        pytest.param(10, [(30, 4)], Select.MAX, [pods(2), pods(5, 60)], 12, id="max(10 + 2, 10 - 4 + 5)"),
        pytest.param(10, [(5, 3), (9, -1), (14, 2)], Select.MAX, [pods(6)], 12, id="10 - 3 + 1 - 2 + 6"),
        pytest.param(10, [], Select.MAX, [], 2**31 - 1, id="no limits, no limit"),
    ],
)
def test_the_most_that_scale_up_allows(
    current: int, changes: list[tuple[float, int]], select: Select, limits: list[RateLimit], highest: int
) -> None:
    assert highest_allowed(current, ago(*changes), NOW, Pace(0.0, select, tuple(limits))) == highest


@pytest.mark.parametrize(
    ("current", "changes", "select", "limits", "lowest"),
    [
        pytest.param(10, [], Select.MAX, [percent(100)], 0, id="10 x 0"),
        pytest.param(15, [], Select.MAX, [percent(10)], 13, id="floor(15 x .9 = 13.5)"),
        pytest.param(10, [], Select.MAX, [pods(3), percent(50)], 5, id="the largest fall: min(10 - 3, 10 x .5)"),
        pytest.param(10, [], Select.MIN, [pods(3), percent(50)], 7, id="the least fall: max(10 - 3, 10 x .5)"),
        pytest.param(10, [], Select.DISABLED, [pods(3)], 10, id="disabled"),
        pytest.param(2, [], Select.MAX, [pods(5)], 0, id="2 - 5 is not below zero"),
        pytest.param(7, [(10, -3)], Select.MAX, [pods(3, 60)], 7, id="7 + 3 removed - 3: the period is used up"),
        pytest.param(8, [(10, -2)], Select.MAX, [pods(3, 60)], 7, id="8 + 2 removed - 3"),
        pytest.param(13, [(10, 3)], Select.MAX, [pods(3, 60)], 7, id="13 - 3 added - 3"),
        pytest.param(4, [(10, -6)], Select.MAX, [percent(50, 60)], 4, id="(4 + 6) x .5 is above 4, which stays"),
        pytest.param(7, [(60, -3)], Select.MAX, [pods(3, 60)], 4, id="60 s ago is out of a period of 60 s: 7 - 3"),
        pytest.param(10, [], Select.MAX, [], 0, id="no limits, no limit"),
    ],
)
def test_the_fewest_that_scale_down_allows(
    current: int, changes: list[tuple[float, int]], select: Select, limits: list[RateLimit], lowest: int
) -> None:
    assert lowest_allowed(current, ago(*changes), NOW, Pace(0.0, select, tuple(limits))) == lowest


def test_a_percent_limit_does_not_keep_a_workload_at_zero() -> None:
    assert highest_allowed(0, (), NOW, Pace(0.0, Select.MAX, (percent(100),))) >= 1


counts = st.integers(0, 1000)
limits = st.lists(
    st.builds(RateLimit, st.sampled_from(RateUnit), st.integers(1, 200), st.floats(1, 1800)), min_size=1, max_size=3
)
changes = st.lists(st.builds(Change, st.floats(NOW - 2000, NOW), st.integers(-50, 50)), max_size=5)


@given(counts, changes, st.sampled_from(Select), limits)
def test_limits_never_move_the_count_themselves(
    current: int, past: list[Change], select: Select, rules: list[RateLimit]
) -> None:
    pace = Pace(0.0, select, tuple(rules))
    assert 0 <= lowest_allowed(current, past, NOW, pace) <= current <= highest_allowed(current, past, NOW, pace)


@given(counts, counts, st.lists(st.builds(Recommendation, st.floats(NOW - 400, NOW), counts), max_size=5))
def test_stabilization_stays_between_current_and_wanted(wanted: int, current: int, past: list[Recommendation]) -> None:
    count = stabilized(wanted, current, past, NOW, UP_60, SCALE_DOWN_DEFAULT)
    assert min(wanted, current) <= count <= max(wanted, current)
