"""The day profile on four slots: its pace, its deviation, and what it does not know."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.seasonal import DayProfile

pytestmark = pytest.mark.unit


def profile(*values: float) -> DayProfile:
    """One row, four steps a day, fed from step 0."""
    found = DayProfile.blank(1, 4)
    for step, value in enumerate(values):
        found.learn(step, np.array([value]))
    return found


def ahead(found: DayProfile, step: int, *steps: int) -> list[float]:
    return [float(value) for value in found.ahead(step, np.array(steps))[0]]


def test_the_first_visit_is_taken_as_it_is() -> None:
    assert profile(1.0, 2.0).mean[0].tolist() == pytest.approx([1.0, 2.0, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("days", "mean"),
    [
        pytest.param([2.0, 4.0], 3.0, id="two days: 2 + (4 - 2) / 2"),
        pytest.param([2.0, 4.0, 6.0], 4.0, id="three days: 3 + (6 - 3) / 3"),
        pytest.param([0.0] * 8 + [8.0], 2.0, id="later days: a quarter of 8"),
        pytest.param([2.0, np.nan, 4.0], 3.0, id="an unknown day counts for nothing"),
    ],
)
def test_a_slot_is_a_mean_and_later_follows_by_a_quarter(days: list[float], mean: float) -> None:
    values = [value for day in days for value in (day, np.nan, np.nan, np.nan)]
    assert profile(*values).mean[0, 0] == pytest.approx(mean)


def test_todays_deviation_is_carried_on_and_fades() -> None:
    found = profile(*[2.0] * 16, 6.0)  # a quarter of the surprise 6 - 2 is 1; the profile of slot 0 rises by 1 too
    assert found.deviation[0] == pytest.approx(1.0)
    assert ahead(found, 16, 1, 2, 4) == pytest.approx([2 + 0.98, 2 + 0.98**2, 3 + 0.98**4])


def test_an_unknown_step_only_lets_the_deviation_fade() -> None:
    before, after = profile(*[2.0] * 16, 6.0), profile(*[2.0] * 16, 6.0, np.nan)
    assert after.deviation[0] == pytest.approx(0.98 * before.deviation[0])
    assert np.array_equal(before.mean, after.mean)


def test_a_slot_that_was_never_visited_is_not_known() -> None:
    assert ahead(profile(1.0, 2.0), 1, 1, 3) == pytest.approx([np.nan, 1.0], nan_ok=True)
