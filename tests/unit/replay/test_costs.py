"""Costs with their arithmetic in sight."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.replay.costs import costs
from edgewarm.replay.simulate import Course
from support.scenes import scene

pytestmark = pytest.mark.unit


def course(wanted: list[int], ready: list[int]) -> Course:
    return Course(np.array(wanted)[:, None], np.array(ready)[:, None])


def test_idle_short_and_cold_are_sums_over_minutes() -> None:
    world = scene([2.0, 3.5, 1.0])
    (found,) = costs(world, course([3, 3, 3], [3, 3, 3]))

    assert found.idle == (3 - 2) + 0 + (3 - 1)
    assert found.short == 4 - 3  # 3.5 needs four pods
    assert found.cold_share == pytest.approx(0.5 / 6.5)
    assert found.held == 9.0
    assert found.needed == 2 + 4 + 1
    assert found.violation_minutes == 1.0
    assert found.total(10.0) == 3 + 10 * 1
    assert found.per_needed(10.0) == pytest.approx(13 / 7)


def test_the_unit_of_demand_does_not_matter_to_the_cold_share() -> None:
    (found,) = costs(scene([2e-250, 4e-250], capacity=1e-250), course([3, 3], [3, 3]))

    assert found.cold_share == pytest.approx(1 / 6)


def test_where_no_pod_is_needed_the_cost_is_that_of_all_pods() -> None:
    (found,) = costs(scene([0.0, 0.0]), course([3, 3], [3, 3]))

    assert (found.per_needed(10.0), found.idle_per_needed, found.cold_share) == (6.0, 6.0, 0.0)


def test_starting_pods_are_idle_and_short_at_once() -> None:
    (found,) = costs(scene([2.0]), course([2], [0]))

    assert (found.idle, found.short, found.cold_share) == (2.0, 2.0, 1.0)


def test_steps_of_five_minutes_count_five_times() -> None:
    (found,) = costs(scene([1.0, 1.0], step_seconds=300.0), course([2, 2], [2, 2]))

    assert (found.idle, found.minutes, found.held) == (10.0, 10.0, 20.0)


def test_only_the_test_span_counts_and_starts_are_rises_within_it() -> None:
    (found,) = costs(scene([1.0] * 4, begin=2), course([9, 1, 3, 4], [9, 1, 1, 1]))

    assert found.minutes == 2.0
    assert found.starts == (3 - 1) + (4 - 3)
    assert found.starts_per_hour == 60 * 3 / 2


def test_unknown_demand_costs_nothing() -> None:
    (found,) = costs(scene([1.0, np.nan]), course([2, 9], [2, 9]))

    assert (found.idle, found.short, found.minutes, found.cold_share) == (1.0, 0.0, 1.0, 0.0)


def test_each_column_has_its_own_cost() -> None:
    both = Course(np.array([[1, 2]]), np.array([[1, 2]]))

    assert [cost.idle for cost in costs(scene([1.0]), both)] == [0.0, 1.0]


def test_a_scene_without_demand_divides_by_nothing() -> None:
    (found,) = costs(scene([0.0]), course([1], [1]))

    assert (found.cold_share, found.idle) == (0.0, 1.0)
    assert np.isfinite(found.per_needed(10.0))
