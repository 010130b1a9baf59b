"""Intermittent rows: what the fleet that switches between two models owes to each of them, and what hazards say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.forecast.switching import PATIENCE, TOGETHER, Habits, SwitchingFleet
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.contract

MINUTE, FIRST = 60.0, 480
WINDOWS = Windows.of((1, 2, 3, 5, 8), (1, 2, 3, 5, 8))
TIMER, CHANCE, BUSY = 0, 1, 2


def rows(steps: int = 240, seed: int = 1) -> FloatArray:
    """(T, 3): a timer of 7 whose sizes differ, arrivals by chance, and a row that is never zero."""
    random = np.random.default_rng(seed)
    at = np.arange(steps)
    timer, chance = (at % 7 == 3) * random.uniform(1, 9, steps), (random.random(steps) < 0.1) * 2.0
    return np.stack([timer, chance, 50 + random.random(steps)], axis=1)


def fed(fleet: SwitchingFleet, values: FloatArray, first: int = FIRST) -> SwitchingFleet:
    free = np.zeros(values.shape[1], dtype=bool)
    for index, row in enumerate(values):
        fleet.update(first + index, row, free)
    return fleet


def learned(values: FloatArray, first: int = FIRST) -> SwitchingFleet:
    return fed(SwitchingFleet(values.shape[1], MINUTE, WINDOWS), values, first)


def said(found: FleetForecast, chosen: Sequence[int] = (0, 1, 2)) -> FloatArray:
    """All quantiles and chances of some rows, NaN as -1."""
    assert found.chance_ahead is not None
    assert found.chance_until is not None
    chances = np.concatenate([found.chance_ahead, found.chance_until], axis=1)[..., None]
    quantiles = np.concatenate([found.at_ahead, found.max_until], axis=1)
    return np.asarray(np.nan_to_num(np.concatenate([quantiles, chances], axis=-1), nan=-1.0)[list(chosen)])


def test_only_intermittent_rows_are_forecast_by_their_hazards() -> None:
    fleet, plain = learned(rows()), FleetModel(3, MINUTE, WINDOWS)
    for index, row in enumerate(rows()):
        plain.update(FIRST + index, row, np.zeros(3, dtype=bool))
    assert fleet.intermittent.tolist() == [True, True, False]
    found, other = fleet.forecast(), plain.forecast()
    assert np.array_equal(found.at_ahead[BUSY], other.at_ahead[BUSY])
    assert np.array_equal(found.max_until[BUSY], other.max_until[BUSY])
    assert found.chance_ahead is not None
    assert np.isnan(found.chance_ahead).any(axis=1).tolist() == [False, False, True]


def test_a_fleet_without_intermittent_rows_says_no_chances() -> None:
    found = learned(rows()[:, [BUSY]]).forecast()
    assert (found.chance_ahead, found.chance_until) == (None, None)


def test_quantiles_and_chances_are_honest() -> None:
    fleet, values = SwitchingFleet(3, MINUTE, WINDOWS), rows(300)
    values[80:90] = np.nan
    for index, row in enumerate(values):
        fleet.update(FIRST + index, row, np.zeros(3, dtype=bool))
        if index > 100 and index % 7 == 0:
            found = fleet.forecast()
            assert found.chance_until is not None
            every = said(found)
            assert np.isfinite(every).all()
            assert (np.diff(every[..., :-1], axis=-1) >= 0).all()
            assert ((every[:2, :, -1] > 0) & (every[:2, :, -1] < 1)).all()
            assert (np.diff(found.chance_until[:2], axis=1) >= 0).all()


def test_a_timer_is_foreseen_window_by_window() -> None:
    found = learned(rows(241)).forecast()  # the last step is the 241st, 240 % 7 = 2: the timer comes in the next step
    later = learned(rows(239)).forecast()  # 238 % 7 = 0: it comes in three steps
    assert found.chance_ahead is not None
    assert later.chance_ahead is not None
    assert later.chance_until is not None
    assert found.chance_ahead[TIMER, 0] > 0.8
    assert found.chance_ahead[TIMER, 1:4].max() < 0.2
    assert found.chance_ahead[TIMER, WINDOWS.ahead.tolist().index(8)] > 0.8
    assert later.chance_ahead[TIMER, :3].round().tolist() == [0, 0, 1]
    assert later.chance_until[TIMER, :3].round().tolist() == [0, 0, 1]


def test_the_largest_demand_of_a_window_is_above_that_of_a_step() -> None:
    values = rows(600)
    values[:, CHANCE] = (np.random.default_rng(2).random(600) < 0.6) * np.random.default_rng(3).uniform(1, 9, 600)
    found = learned(values).forecast()
    top = found.levels.index(0.9)
    assert found.max_until[CHANCE, -1, top] > 1.05 * found.at_ahead[CHANCE, -1, top]


def test_what_was_said_of_a_window_is_what_came() -> None:
    random = np.random.default_rng(5)
    due = random.integers(2, 12, 30)
    at = np.arange(500)[:, None]
    values = np.where(random.random((500, 30)) < 0.9, at % due == 0, False).astype(float)
    fleet, told, came = SwitchingFleet(30, MINUTE, WINDOWS), [], []
    for index, row in enumerate(values[:-5]):
        fleet.update(FIRST + index, row, np.zeros(30, dtype=bool))
        if index >= 200 and index % 2 == 0:
            found = fleet.forecast()
            assert found.chance_until is not None
            told.append(found.chance_until[:, 3])
            came.append(values[index + 1 : index + 6].any(axis=0))
    p, y = np.concatenate(told), np.concatenate(came)
    for low, high in ((0.0, 0.1), (0.7, 0.9), (0.9, 1.0)):  # of what lies between there are not enough to tell
        inside = (p >= low) & (p < high)
        assert inside.sum() > 500
        assert y[inside].mean() == pytest.approx(p[inside].mean(), abs=0.03)


def test_a_row_changes_sides_and_comes_back() -> None:
    busy, sleepy = np.full(200, 5.0), (np.arange(400) % 5 == 0) * 5.0
    habits, sides = Habits.blank(1), []
    for step, value in enumerate(np.concatenate([busy, sleepy, np.full(3000, 5.0)])):
        habits.learn(step, np.array([value]), np.zeros(1, dtype=bool), MINUTE)
        sides.append(bool(habits.sparse[0]))
    assert not any(sides[: 200 + PATIENCE])
    assert sides[599]
    assert not sides[-1]
    assert sum(a != b for a, b in pairwise(sides)) == 2


def test_a_quiet_night_makes_no_sleeper() -> None:
    random, habits = np.random.default_rng(1), Habits.blank(1)
    for step in range(3 * 1440):
        asked = 5.0 if step % 1440 >= 480 else float(random.random() < 0.02)  # a call an hour until eight
        habits.learn(step, np.array([asked]), np.zeros(1, dtype=bool), MINUTE)
        if step >= 960:
            assert not habits.sparse[0]


def test_who_becomes_intermittent_brings_its_last_hours_along() -> None:
    values = rows()[:, [TIMER]]
    after = 31 + PATIENCE  # 29 known steps are too few to tell, then 30 are waited for; the last one is a fifth step
    assert (FIRST + after - 1) % TOGETHER == 0
    found = learned(values[:after]).forecast()
    assert learned(values[: after - 1]).forecast().chance_ahead is None
    assert found.chance_ahead is not None
    assert found.chance_ahead[0, 0] < 0.3
    assert found.chance_ahead[0, WINDOWS.ahead.tolist().index(1)] == pytest.approx(found.chance_ahead[0, 0])


def test_a_restored_fleet_goes_on_identically() -> None:
    values = rows(300)
    fleet = learned(values[:200])
    state = fleet.state()
    fed(fleet, values[200:], first=FIRST + 200)
    again = fed(SwitchingFleet.from_state(state), values[200:], first=FIRST + 200)
    assert np.array_equal(said(again.forecast()), said(fleet.forecast()))


def test_asking_changes_nothing() -> None:
    asked, quiet = learned(rows(150)), learned(rows(150))
    for index, row in enumerate(rows(50, seed=2)):
        for fleet in (asked, quiet):
            fleet.update(FIRST + 150 + index, row, np.zeros(3, dtype=bool))
        asked.forecast()
    assert np.array_equal(said(asked.forecast()), said(quiet.forecast()))


@pytest.mark.parametrize("gap", [1, 9, 150])
def test_steps_that_were_skipped_are_unknown_steps(gap: int) -> None:
    after = rows(30, seed=2)
    skipped = fed(learned(rows()), after, first=FIRST + 240 + gap)
    told = learned(np.concatenate([rows(), np.full((gap, 3), np.nan), after]))
    assert said(skipped.forecast()) == pytest.approx(said(told.forecast()), rel=1e-9)


def test_rows_can_be_turned_and_dropped() -> None:
    fleet = learned(rows())
    before = said(fleet.forecast())
    fleet.keep(np.array([2, 1, 0], dtype=np.int64))
    assert said(fleet.forecast()) == pytest.approx(before[[2, 1, 0]], rel=1e-9)
    fleet.keep(np.array([2], dtype=np.int64))
    assert said(fleet.forecast(), [0]) == pytest.approx(before[[TIMER]], rel=1e-9)
    assert fleet.size == 1
    fed(fleet, rows(20)[:, [TIMER]], first=FIRST + 240)


def test_fleets_that_are_joined_keep_their_rows() -> None:
    values = rows()
    one, other = learned(values[:, [BUSY, TIMER]]), learned(values[:, [CHANCE, TIMER]])
    one.append(other)
    assert one.intermittent.tolist() == [False, True, True, True]
    found = fed(one, values[:30][:, [BUSY, TIMER, CHANCE, TIMER]], first=FIRST + 240).forecast()
    assert found.at_ahead.shape[0] == 4
    assert found.at_ahead[BUSY - 2].min() > 40


def test_the_future_changes_nothing_that_was_said() -> None:
    values, other = rows(), rows()
    other[200:] = 7.0
    fleets = [learned(values[:200]), learned(other[:200])]
    assert np.array_equal(said(fleets[0].forecast()), said(fleets[1].forecast()))
