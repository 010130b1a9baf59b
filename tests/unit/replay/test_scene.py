"""What a decision may know, and how demand becomes pods."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.replay.scene import auto_capacity
from edgewarm.replay.starts import Starts
from support.scenes import scene

pytestmark = pytest.mark.unit
NAN = np.nan


def test_a_row_knows_the_demand_of_the_row_before() -> None:
    assert scene([5.0, 6.0, 7.0]).seen.tolist() == [0.0, 5.0, 6.0]


def test_within_a_gap_the_last_known_demand_is_seen() -> None:
    assert scene([NAN, 6.0, NAN, NAN, 7.0, 8.0]).seen.tolist() == [0.0, 0.0, 6.0, 6.0, 6.0, 7.0]


def test_need_is_demand_in_whole_pods() -> None:
    assert scene([0.0, 0.4, 50.0, 50.1, NAN], capacity=50.0).need.tolist() == [0, 1, 1, 2, 0]


@pytest.mark.parametrize(("seconds", "rows"), [(0.0, 0), (1.0, 1), (60.0, 1), (61.0, 2), (120.0, 2)])
def test_the_lead_time_in_whole_steps(seconds: float, rows: int) -> None:
    assert scene([1.0], starts=Starts(seconds)).lead_rows == rows


def test_automatic_capacity_makes_the_training_parts_top_twenty_five_pods() -> None:
    training = np.array([*range(1000), NAN], dtype=np.float64)

    assert auto_capacity(training) == pytest.approx(0.995 * 999 / 25)  # p99.5 of 0 .. 999


@pytest.mark.parametrize("training", [[0.0, 0.0], [NAN], []])
def test_automatic_capacity_needs_demand(training: list[float]) -> None:
    with pytest.raises(ValueError, match="no demand"):
        auto_capacity(np.array(training))
