"""Which rows are a question of whether, not of how much."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.hazard import HazardFleet
from edgewarm.forecast.intermittent import counted, intermittent
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.unit

STEPS = 480
CASES = {
    "always": (np.ones(STEPS), False),
    "a timer": (np.arange(STEPS) % 5 == 0, True),
    "every other step": (np.arange(STEPS) % 2 == 0, True),
    "one zero in five": (np.arange(STEPS) % 5 > 0, False),
    "a night": (np.arange(STEPS) >= 200, False),
    "never": (np.zeros(STEPS), True),
    "unknown": (np.full(STEPS, np.nan), False),
    "new": (np.where(np.arange(STEPS) < 460, np.nan, 0.0), False),
}


def series(name: str) -> FloatArray:
    return np.asarray(CASES[name][0], dtype=float)[None]


@pytest.mark.parametrize("name", CASES)
def test_history_says_who_is_intermittent(name: str) -> None:
    assert bool(intermittent(*counted(series(name)))[0]) is CASES[name][1]


@pytest.mark.parametrize("name", CASES)
def test_the_fleet_says_the_same_of_what_it_saw(name: str) -> None:
    fleet = HazardFleet(1)
    for step, values in enumerate(series(name).T):
        fleet.update(step, values)
    assert bool(fleet.intermittent()[0]) is CASES[name][1]


def test_the_counts_are_of_known_steps_arrivals_and_arrivals_after_a_zero() -> None:
    nan = float("nan")
    assert [part.tolist() for part in counted(np.array([[0, 2, 3, nan, 1, 0, 4]]))] == [[6.0], [4.0], [2.0]]
