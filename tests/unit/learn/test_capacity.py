"""Simulated capacity: a rise is ready one lead time later, a fall takes the youngest starts first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.learn.capacity import Capacity

pytestmark = pytest.mark.unit


def test_a_rise_is_ready_one_lead_time_later() -> None:
    rising = Capacity(2, 2).follow(100.0, 5, 60.0)
    assert (rising.planned, rising.ready) == (5, 2)
    assert [rising.at(now).ready for now in (159.9, 160.0, 161.0)] == [2, 5, 5]


def test_a_fall_is_at_once() -> None:
    assert Capacity(5, 5).follow(100.0, 2, 60.0) == Capacity(2, 2)


def test_the_same_plan_changes_nothing_but_what_is_due() -> None:
    rising = Capacity(2, 2).follow(100.0, 5, 60.0)
    assert rising.follow(130.0, 5, 60.0) == rising
    assert rising.follow(170.0, 5, 60.0) == Capacity(5, 5)


@pytest.mark.parametrize(
    ("wanted", "ready", "starting"),
    [
        pytest.param(8, 2, ((160.0, 3), (180.0, 3)), id="nothing to take"),
        pytest.param(7, 2, ((160.0, 3), (180.0, 2)), id="one of the youngest three"),
        pytest.param(5, 2, ((160.0, 3),), id="all of the youngest"),
        pytest.param(4, 2, ((160.0, 2),), id="the youngest, and one of the elder"),
        pytest.param(2, 2, (), id="all starts"),
        pytest.param(1, 1, (), id="all starts and one that is ready"),
        pytest.param(0, 0, (), id="everything"),
    ],
)
def test_a_fall_takes_the_youngest_starts_first(
    wanted: int, ready: int, starting: tuple[tuple[float, int], ...]
) -> None:
    rising = Capacity(2, 2).follow(100.0, 5, 60.0).follow(120.0, 8, 60.0)
    assert rising.follow(130.0, wanted, 60.0) == Capacity(wanted, ready, starting)


def test_a_shorter_lead_time_overtakes() -> None:
    rising = Capacity(0, 0).follow(0.0, 1, 600.0).follow(10.0, 3, 20.0)
    assert [rising.at(now).ready for now in (29.0, 30.0, 599.0, 600.0)] == [0, 2, 2, 3]


plans = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 50), st.integers(0, 300)), max_size=10)


@given(st.integers(0, 50), plans)
def test_ready_and_starting_are_what_is_planned(first: int, changes: list[tuple[int, int, int]]) -> None:
    capacity, now = Capacity(first, first), 0.0
    for wait, wanted, lead in changes:
        now += wait
        capacity = capacity.follow(now, wanted, lead)
        starting = sum(count for _, count in capacity.starting)
        assert capacity.planned == wanted == capacity.ready + starting
        assert capacity.ready >= 0
        assert all(ready_at > now or lead == 0 for ready_at, _ in capacity.starting)
    assert capacity.at(now + 301).ready == capacity.planned


@pytest.mark.parametrize(
    ("planned", "ready", "now_ready", "later"),
    [
        pytest.param(5, 5, 5, 5, id="all are ready"),
        pytest.param(5, 2, 2, 5, id="a rollout: 3 of 5 are still starting"),
        pytest.param(2, 5, 2, 2, id="a fall under way: 3 more than planned are still there"),
        pytest.param(0, 0, 0, 0, id="nothing"),
    ],
)
def test_a_simulation_begins_where_the_workload_is(planned: int, ready: int, now_ready: int, later: int) -> None:
    begun = Capacity.begun(planned, ready, 160.0)
    assert (begun.planned, begun.at(159.0).ready, begun.at(160.0).ready) == (planned, now_ready, later)
    assert begun.follow(100.0, 0, 60.0) == Capacity(0, 0)
