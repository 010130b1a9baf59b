"""Ready pods follow wanted ones: added pods after their lead time, removed ones at once, starting ones first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.model.policy import Bounds
from edgewarm.replay.simulate import controlled, followed
from edgewarm.replay.starts import Starts
from support.scenes import scene

pytestmark = pytest.mark.unit
COUNTS = st.lists(st.integers(0, 6), min_size=1, max_size=25)


def ready(wanted: list[int], **overrides: object) -> list[int]:
    found = followed(scene([0.0] * len(wanted), **overrides), np.array(wanted)[:, None])
    return [int(count) for count in found.ready[:, 0]]


def test_an_added_pod_serves_two_steps_of_a_minute_later() -> None:
    assert ready([1, 3, 3, 3, 3]) == [1, 1, 1, 3, 3]


def test_a_start_of_ninety_seconds_takes_two_steps_too() -> None:
    assert ready([1, 3, 3, 3], starts=Starts(90.0)) == [1, 1, 1, 3]


def test_without_lead_time_a_pod_serves_at_once() -> None:
    assert ready([1, 3, 2], starts=Starts(0.0)) == [1, 3, 2]


def test_a_removed_pod_is_gone_at_once() -> None:
    assert ready([3, 1, 1]) == [3, 1, 1]


def test_starting_pods_are_removed_before_ready_ones() -> None:
    # 2 ready; 3 more are started, 2 of them taken back: the one that is left serves, the ready ones stay
    assert ready([2, 5, 3, 3, 3]) == [2, 2, 2, 3, 3]


def test_a_pod_that_was_taken_back_starts_from_the_beginning() -> None:
    assert ready([1, 2, 1, 2, 2, 2]) == [1, 1, 1, 1, 1, 2]


def test_counts_are_clamped_to_the_bounds() -> None:
    found = followed(scene([0.0] * 3, bounds=Bounds(1, 2)), np.array([[0], [9], [9]]))

    assert found.wanted[:, 0].tolist() == [1, 2, 2]


def test_columns_do_not_disturb_each_other() -> None:
    together = followed(scene([0.0] * 4), np.array([[1, 4], [3, 0], [3, 2], [3, 2]]))

    assert together.ready.T.tolist() == [[1, 1, 1, 3], [4, 0, 0, 0]]


@given(st.lists(COUNTS, min_size=1, max_size=3), st.integers(0, 4))
def test_the_closed_form_is_what_a_queue_of_starting_pods_does(columns: list[list[int]], lead: int) -> None:
    rows = min(map(len, columns))
    wanted = np.array([column[:rows] for column in columns]).T
    world = scene([0.0] * rows, starts=Starts(60.0 * lead))

    queued = controlled(world, lambda row, _: wanted[row], wanted.shape[1])

    assert followed(world, wanted).ready.tolist() == queued.ready.tolist()


def test_drawn_start_times_are_the_same_for_everyone_who_starts_at_that_moment() -> None:
    starts = Starts(120.0, sigma=0.5, seed=7)

    assert starts.seconds(600.0, 5)[:3].tolist() == starts.seconds(600.0, 3).tolist()
    assert starts.seconds(600.0, 3).tolist() != starts.seconds(660.0, 3).tolist()
    assert starts.seconds(600.0, 3).tolist() != Starts(120.0, 0.5, seed=8).seconds(600.0, 3).tolist()


def test_drawn_start_times_have_the_median_asked_for() -> None:
    found = Starts(120.0, sigma=0.5).seconds(0.0, 10_001)

    assert np.median(found) == pytest.approx(120.0, rel=0.02)
    assert np.std(np.log(found)) == pytest.approx(0.5, rel=0.02)


def test_each_pod_serves_when_its_own_start_is_over() -> None:
    starts = Starts(120.0, sigma=0.5, seed=3)
    world = scene([0.0] * 12, starts=starts)
    wanted = np.array([0, *[4] * 11])[:, None]

    found = followed(world, wanted).ready[:, 0]

    serves_at = 1 + np.ceil(starts.seconds(world.trace.time(1), 4) / 60)
    assert found.tolist() == [int((serves_at <= row).sum()) for row in range(12)]


def test_with_drawn_start_times_the_last_to_be_ready_is_removed_first() -> None:
    starts = Starts(120.0, sigma=0.5, seed=3)
    world = scene([0.0] * 12, starts=starts)
    serves_at = np.sort(1 + np.ceil(starts.seconds(world.trace.time(1), 4) / 60))

    found = followed(world, np.array([0, 4, *[1] * 10])[:, None]).ready[:, 0]

    assert found.tolist() == [int(serves_at[0] <= row) for row in range(12)]


@pytest.mark.parametrize("wrong", [{"median_seconds": -1.0}, {"median_seconds": 1.0, "sigma": float("nan")}])
def test_start_times_are_checked_at_birth(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="finite and >= 0"):
        Starts(**wrong)
