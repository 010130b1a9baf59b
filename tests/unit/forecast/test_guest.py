"""A guest: points become quantiles that hold their coverage, its own quantiles are corrected, silence is silence."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.guest import Guest, Path, of_means
from edgewarm.forecast.mixture import LEVELS, MEDIAN
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.unit

STEP = 300.0  # so that every step is an issue
WINDOWS = Windows.of((1, 3), (3,))
NINETY = LEVELS.index(0.9)


def fleet(spread: float = 0.0, value: float = 100.0) -> FleetForecast:
    """One row that expects `value`, its quantiles this far apart."""
    said = value + spread * (np.arange(len(LEVELS)) - MEDIAN)
    at = np.broadcast_to(said, (1, 2, len(LEVELS)))
    return FleetForecast(0, LEVELS, WINDOWS.ahead, WINDOWS.until, at, at[:, :1], np.ones(1, dtype=bool))


def path(origin: int, *points: float) -> Path:
    return Path(origin, np.array(points)[:, None])


def told(guest: Guest, among: FleetForecast | None = None) -> FleetForecast:
    found = guest.forecast(among or fleet())
    assert found is not None
    return found


def lived(values: FloatArray, says: float, wide: int = 1) -> Guest:
    """Each step the model says the same of all that comes."""
    guest = Guest(STEP, WINDOWS)
    for step, value in enumerate(values):
        guest.bring(Path(step - 1, np.full((5, wide), says)))
        guest.update(step, float(value))
    guest.bring(Path(len(values) - 1, np.full((5, wide), says)))
    return guest


def test_windows_are_read_off_the_path() -> None:
    guest = Guest(STEP, WINDOWS)
    guest.update(7, 50.0)
    guest.bring(path(7, 10.0, 40.0, 20.0))
    found = told(guest)
    assert found.at_ahead[0, :, MEDIAN] == pytest.approx([10.0, 20.0])
    assert found.max_until[0, 0, MEDIAN] == pytest.approx(40.0)


def test_between_fits_the_path_is_followed_and_at_its_end_nothing_is_said() -> None:
    guest = Guest(STEP, WINDOWS)
    guest.update(7, 50.0)
    guest.bring(path(7, 10.0, 20.0, 30.0, 40.0))
    guest.update(8, 50.0)
    assert told(guest).at_ahead[0, :, MEDIAN] == pytest.approx([20.0, 40.0])
    guest.update(9, 50.0)
    assert guest.forecast(fleet()) is None


def test_nothing_is_said_before_a_path_or_of_a_time_before_it() -> None:
    guest = Guest(STEP, WINDOWS)
    assert guest.forecast(fleet()) is None
    guest.update(7, 50.0)
    assert guest.forecast(fleet()) is None
    guest.bring(path(9, 1.0, 2.0, 3.0, 4.0))
    assert guest.forecast(fleet()) is None


def test_before_it_has_a_record_points_have_the_spread_of_the_fleet() -> None:
    guest = Guest(STEP, WINDOWS)
    guest.update(0, 50.0)
    guest.bring(path(0, *[400.0] * 3))
    found = told(guest, fleet(spread=2.0))
    # on the square-root scale, where the fleet says 10 and, three levels above its median, sqrt(106)
    assert found.at_ahead[0, 0, NINETY] == pytest.approx((20 + np.sqrt(106) - 10) ** 2)
    assert found.at_ahead[0, 0, MEDIAN] == pytest.approx(400.0)


@pytest.mark.parametrize("wide", [1, len(LEVELS)])
def test_nine_of_ten_stay_below_p90_whatever_the_model_says(wide: int) -> None:
    values = np.random.default_rng(2).normal(100.0, 10.0, 1500)
    guest, said = Guest(STEP, WINDOWS), []
    for step, value in enumerate(values):
        guest.update(step, float(value))
        guest.bring(Path(step, np.full((5, wide), 80.0)))  # 20 too low, and as quantiles of no width at all
        found = told(guest)
        said.append([found.at_ahead[0, 0, NINETY], found.at_ahead[0, 0, MEDIAN], found.max_until[0, 0, NINETY]])
    p90, median, highest = np.array(said)[300:-3].T
    ahead = [values[300 + steps : len(values) - 3 + steps] for steps in (1, 2, 3)]
    assert np.mean(ahead[0] <= p90) == pytest.approx(0.9, abs=0.02)
    assert np.mean(ahead[0] <= median) == pytest.approx(0.5, abs=0.02)
    assert np.mean(np.max(ahead, axis=0) <= highest) == pytest.approx(0.9, abs=0.03)


def test_a_model_that_is_right_stays_what_it_is() -> None:
    found = told(lived(np.full(200, 100.0), says=100.0), fleet(spread=5.0))
    assert found.at_ahead == pytest.approx(100.0)


def test_quantiles_instead_of_points_begin_a_new_record() -> None:
    guest = lived(np.random.default_rng(2).normal(100.0, 10.0, 100), says=100.0)
    own = 100.0 + np.arange(len(LEVELS))
    guest.bring(Path(99, np.tile(own, (5, 1))))
    assert told(guest).at_ahead[0, 0] == pytest.approx(own)


def test_the_fleets_row_keeps_its_step_and_whether_it_is_known() -> None:
    among = fleet()
    found = told(lived(np.full(3, 100.0), says=100.0), among)
    assert (found.step, found.known.tolist(), found.levels) == (among.step, [True], LEVELS)


@pytest.mark.parametrize(
    ("value", "censored", "taken"), [(30.0, False, 30.0), (30.0, True, None), (60.0, True, 60.0), (50.0, True, None)]
)
def test_a_lower_bound_is_learned_only_above_what_was_expected(
    value: float, censored: bool, taken: float | None
) -> None:
    guest = Guest(STEP, WINDOWS)
    guest.update(0, 50.0)
    guest.bring(path(0, *[50.0] * 5))
    assert guest.update(1, value, censored) == pytest.approx(np.nan if taken is None else taken, nan_ok=True)


def test_means_become_steps_between_their_middles() -> None:
    found = of_means(9, 3, np.array([[10.0], [40.0]]))  # of steps 10..12 and 13..15
    assert found.origin == 9
    assert found.values[:, 0] == pytest.approx([10.0, 10.0, 20.0, 30.0, 40.0, 40.0])
