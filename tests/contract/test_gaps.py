"""What a gap does to the fleet's forecast: wider with every blind step, soon as narrow as ever after it.

Minutes of a day that swings between 50 and 150, with noise.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from edgewarm.forecast.explain import explained
from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.model.demand import FloatArray
from support.forecasters import daily

pytestmark = pytest.mark.contract

PER_DAY = 1440
DAYS = 3
VALUES = daily(DAYS + 1, per_day=PER_DAY)[:, 0]
BEFORE = DAYS * PER_DAY - 700  # noon
P10, P90 = 0.1, 0.9


@cache
def taught() -> dict[str, FloatArray]:
    return dict(fed(FleetModel(1), VALUES[:BEFORE], 0).state())


def fed(fleet: FleetModel, values: FloatArray, first: int) -> FleetModel:
    for index, value in enumerate(values):
        fleet.update(first + index, np.array([value]), np.zeros(1, dtype=bool))
    return fleet


def blind(steps: int) -> FleetModel:
    """The fleet after so many unknown steps."""
    return fed(FleetModel.from_state(taught()), np.full(steps, np.nan), BEFORE)


def spread(found: FleetForecast, ahead: int) -> float:
    values = found.at_ahead[0, list(found.ahead).index(ahead)]
    return float(values[found.levels.index(P90)] - values[found.levels.index(P10)])


def test_the_forecast_widens_with_every_blind_step() -> None:
    found = [spread(blind(steps).forecast(), 1) for steps in (0, 1, 3, 5)]
    assert found[1] == pytest.approx(2**0.5 * found[0], rel=0.1)  # sqrt(1 + 1 / 1)
    assert found == sorted(found)


def test_a_window_widens_the_sooner_the_shorter_it_is() -> None:
    before, after = blind(0).forecast(), blind(5).forecast()
    wider = [spread(after, ahead) / spread(before, ahead) for ahead in (1, 5, 15, 60)]
    assert wider == sorted(wider, reverse=True)
    assert wider[0] > 1.5


def test_a_long_gap_makes_no_window_much_wider_than_the_widest() -> None:
    """sqrt(1 + 600) is 25."""
    before, after = blind(0).forecast(), blind(600).forecast()
    widest = max(spread(before, ahead) for ahead in before.ahead.tolist())
    assert spread(after, 1) < 3 * widest


@pytest.mark.parametrize("gap", [7, 30, 300])
def test_a_gap_is_soon_forgotten(gap: int) -> None:
    """Forecasts of the gap are not tested: what they missed says nothing about forecasts that can see."""
    fleet = fed(blind(gap), VALUES[BEFORE + gap : BEFORE + gap + 10], BEFORE + gap)
    unharmed = fed(blind(0), VALUES[BEFORE : BEFORE + gap + 10], BEFORE)
    for ahead in (1, 5, 15):
        assert spread(fleet.forecast(), ahead) < 1.4 * spread(unharmed.forecast(), ahead)


def test_what_is_said_in_a_gap_can_be_explained() -> None:
    fleet = blind(40)
    found, why = fleet.forecast(), explained(fleet.ingredients(0))
    assert spread(found, 1) > 1.5 * spread(blind(0).forecast(), 1)
    assert why.at_ahead.sum(axis=-1) == pytest.approx(found.at_ahead[0], rel=1e-6)
    assert why.max_until.sum(axis=-1) == pytest.approx(found.max_until[0], rel=1e-6)


def test_a_gap_survives_a_restart() -> None:
    one = blind(20)
    other = FleetModel.from_state(one.state())
    for fleet in (one, other):
        fed(fleet, np.full(5, np.nan), BEFORE + 20)
    assert np.array_equal(one.forecast().at_ahead, other.forecast().at_ahead)


def test_a_row_that_sees_is_not_widened_by_one_that_does_not() -> None:
    alone, both = FleetModel(1), FleetModel(2)
    for step, value in enumerate(VALUES[:300]):
        alone.update(step, np.array([value]), np.zeros(1, dtype=bool))
        both.update(step, np.array([value, value if step < 280 else np.nan]), np.zeros(2, dtype=bool))
    assert np.array_equal(alone.forecast().at_ahead[0], both.forecast().at_ahead[0])


def test_a_clock_that_jumps_ahead_is_a_gap() -> None:
    """A day of minutes is skipped in one go; whether they are told one by one makes no difference, then or later."""
    seen, jumped = 30, FleetModel.from_state(taught())
    told = blind(PER_DAY)
    first = BEFORE + PER_DAY
    for part, at in ((VALUES[:seen], first), (VALUES[seen:PER_DAY], first + seen)):
        assert np.array_equal(numbers(fed(told, part, at)), numbers(fed(jumped, part, at)))


def numbers(fleet: FleetModel) -> FloatArray:
    found = fleet.forecast()
    return np.concatenate([found.at_ahead, found.max_until], axis=1)
