"""Every forecaster keeps `forecast.protocol`: honest, finite, blind to the future, and the same however it was fed.

Steps of an hour make a day 24 updates long; what needs many updates is in test_forecaster_accuracy.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.forecast.rows import BLOCK
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import BoolArray, FloatArray
from support.forecasters import DAY, FLEET, KINDS, Kind, daily, numbers

pytestmark = pytest.mark.contract

HOUR = 3600.0


def fed(fleet: Any, values: FloatArray, first: int = 0, censored: BoolArray | None = None) -> Any:
    """The fleet after the steps first, first + 1, ... of `values` (T, N)."""
    cut_off = np.zeros(values.shape, dtype=bool) if censored is None else censored
    for index, row in enumerate(values):
        fleet.update(first + index, row, cut_off[index])
    return fleet


def learned(kind: Kind, values: FloatArray, first: int = 0, censored: BoolArray | None = None) -> Any:
    return fed(kind.new(values.shape[1], HOUR), values, first, censored)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=float)[:, None]


def median(found: FleetForecast, ahead: int, row: int = 0) -> float:
    return value(found, ahead, 0.5, row)


def value(found: FleetForecast, ahead: int, level: float, row: int = 0) -> float:
    return float(found.at_ahead[row, list(found.ahead).index(ahead), found.levels.index(level)])


def check_shape(found: FleetForecast, rows: int) -> None:
    assert found.at_ahead.shape == (rows, len(found.ahead), len(found.levels))
    assert found.max_until.shape == (rows, len(found.until), len(found.levels))
    assert found.known.shape == (rows,)
    assert all(np.all(np.diff(axis) > 0) for axis in (found.ahead, found.until, found.levels))


def check_honest(found: FleetForecast) -> None:
    every = numbers(found)
    assert np.isfinite(every).all()
    assert (every >= 0).all()
    assert (np.diff(every, axis=-1) >= 0).all()


def test_the_shapes_are_those_of_the_protocol(kind: Kind) -> None:
    found = learned(kind, np.full((5, 3), 7.0), first=100).forecast()
    check_shape(found, 3)
    assert found.step == 104


sample = st.one_of(st.just(np.nan), st.just(0.0), st.floats(0, 1e9), st.floats(0, 10))
history = st.lists(st.tuples(sample, st.booleans(), st.sampled_from([1, 1, 1, 2, 30])), min_size=1, max_size=60)


@given(history)
def test_any_history_gives_finite_quantiles_that_do_not_cross(taken: list[tuple[float, bool, int]]) -> None:
    for kind in KINDS:
        fleet, step = kind.new(1, HOUR), 0
        for demand, censored, ahead in taken:
            step += ahead
            fleet.update(step, np.array([demand]), np.array([censored]))
        check_honest(fleet.forecast())


def test_nothing_known_is_said_so(any_kind: Kind) -> None:
    found = learned(any_kind, np.full((10 * DAY, 1), np.nan)).forecast()
    check_honest(found)
    assert not found.known.any()


def test_too_little_history_is_said_so_and_enough_too(any_kind: Kind) -> None:
    few = column(*[5.0] * 3, *[np.nan] * 100)
    assert not learned(any_kind, few).forecast().known[0]
    assert learned(any_kind, daily(4)).forecast().known[0]


def test_constants_stay_what_they_are_without_drift(kind: Kind) -> None:
    constants = np.array([0.0, 1e-3, 1.0, 100.0, 250.0, 1e9])
    fleet = learned(kind, np.tile(constants, (8 * DAY, 1)))
    early = numbers(fleet.forecast())
    late = numbers(fed(fleet, np.tile(constants, (8 * DAY, 1)), first=8 * DAY).forecast())
    for row, constant in enumerate(constants):
        assert early[row] == pytest.approx(constant, rel=1e-5)
        assert late[row] == pytest.approx(constant, rel=1e-5)


def test_zeros_inside_a_series_are_values(kind: Kind) -> None:
    half = daily(8)
    half[np.arange(len(half)) % DAY < 12] = 0.0  # nothing is asked in the first half of the day
    found = learned(kind, half[: 7 * DAY]).forecast()  # the next step is hour 0
    check_honest(found)
    assert median(found, 5) < 5.0
    assert median(found, 15) > 50.0


def test_unknown_steps_erase_nothing(kind: Kind) -> None:
    fleet = learned(kind, daily(6))
    before = [median(fleet.forecast(), ahead) for ahead in (5, 15)]
    after = fed(fleet, np.full((3 * DAY, 1), np.nan), first=6 * DAY).forecast()  # the same time of day, three days on
    assert after.known[0]
    assert [median(after, ahead) for ahead in (5, 15)] == pytest.approx(before, rel=0.1)


def test_unknown_is_not_zero(kind: Kind) -> None:
    values = daily(5)
    blind = np.concatenate([values, np.full((5, 1), np.nan)])
    zero = np.concatenate([values, np.zeros((5, 1))])
    assert median(learned(kind, blind).forecast(), 1) > 1.5 * median(learned(kind, zero).forecast(), 1)


@pytest.mark.parametrize("gap", [1, 48, 300])
def test_steps_that_were_skipped_are_unknown_steps(any_kind: Kind, gap: int) -> None:
    before, after = daily(3), daily(1, seed=2)
    skipped = fed(learned(any_kind, before), after, first=3 * DAY + gap)
    told = learned(any_kind, np.concatenate([before, np.full((gap, 1), np.nan), after]))
    assert np.array_equal(numbers(skipped.forecast()), numbers(told.forecast()))
    assert skipped.forecast().step == told.forecast().step


def test_a_gap_of_hours_leaves_the_day_as_it_was(kind: Kind) -> None:
    fleet = learned(kind, daily(6))
    later = fed(fleet, daily(7)[6 * DAY + 8 : 6 * DAY + 10], first=6 * DAY + 8)
    assert median(later.forecast(), 2) == pytest.approx(float(daily(1, noise=0.0)[11, 0]), rel=0.15)


def test_an_outage_in_training_is_overcome(kind: Kind) -> None:
    values = daily(9)
    values[4 * DAY + 8 : 4 * DAY + 16] = 0.0  # eight hours at noon of day 5 are lost
    found = learned(kind, values).forecast()
    check_honest(found)
    expected = daily(1, noise=0.0)[[4, 14], 0]
    assert [median(found, ahead) for ahead in (5, 15)] == pytest.approx(expected, rel=0.25)


def test_a_censored_value_below_what_was_expected_says_nothing(any_kind: Kind) -> None:
    values = daily(6)
    low = np.concatenate([values, column(1.0)])
    censored = np.zeros(low.shape, dtype=bool)
    censored[-1] = True
    unknown = np.concatenate([values, column(np.nan)])
    found = numbers(learned(any_kind, low, censored=censored).forecast())
    assert np.array_equal(found, numbers(learned(any_kind, unknown).forecast()))


def test_a_censored_value_above_what_was_expected_raises(kind: Kind) -> None:
    values = np.concatenate([daily(6), column(900.0)])
    censored = np.zeros(values.shape, dtype=bool)
    censored[-1] = True
    unknown = np.concatenate([daily(6), column(np.nan)])
    raised = learned(kind, values, censored=censored).forecast()
    assert median(raised, 1) > median(learned(kind, unknown).forecast(), 1)


def scaled(kind: Kind, *factors: float) -> tuple[FloatArray, FloatArray]:
    """Forecasts of the plain series, and of it times each factor, divided by the factor again."""
    values = daily(6)
    found = numbers(learned(kind, values * np.array([1.0, *factors])).forecast())
    return found[0], found[1:] / np.array(factors)[:, None, None]


def test_another_unit_is_the_same_to_nine_digits(any_kind: Kind) -> None:
    plain, others = scaled(any_kind, 1e6, 1e-6, 4.0**8, 4.0**-8)
    for other in others:
        assert other == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("factor", [1e12, 1e-9])
def test_a_very_large_or_small_unit_is_a_unit_too(factor: float) -> None:
    plain, (other,) = scaled(FLEET, factor)
    assert other == pytest.approx(plain, rel=1e-9)


minutes = st.lists(st.one_of(st.just(np.nan), st.floats(1, 1000)), min_size=1, max_size=60)


@given(minutes, st.integers(0, 10_000), st.integers(1, 3000))
def test_the_same_weeks_later_is_the_same(taken: list[float], first: int, weeks: int) -> None:
    """A week of minutes is a whole number of days, of quarters of an hour, and of issues of every window."""
    one, later = (
        fed(FLEET.new(1, 60.0), column(*taken), first=start) for start in (first, first + weeks * 7 * 24 * 60)
    )
    assert np.array_equal(numbers(one.forecast()), numbers(later.forecast()))


@given(minutes, st.floats(1e-9, 1e12))
def test_any_history_in_any_unit_is_the_same_to_nine_digits(taken: list[float], factor: float) -> None:
    plain, other = (numbers(learned(FLEET, column(*taken) * by).forecast()) for by in (1.0, factor))
    assert other / factor == pytest.approx(plain, rel=1e-9)


@given(minutes, minutes, minutes)
def test_whatever_comes_later_the_forecast_before_it_was_the_same(
    taken: list[float], later: list[float], other: list[float]
) -> None:
    """Not even as views into what is learned next: forecasts are kept, and compared when all has come."""
    kept = []
    for rest in (later, other):
        fleet = learned(FLEET, column(*taken))
        before = fleet.forecast()
        fed(fleet, column(*rest), first=len(taken))
        kept.append(numbers(before))
    assert np.array_equal(*kept)
    assert np.array_equal(kept[0], numbers(learned(FLEET, column(*taken)).forecast()))


@given(minutes, minutes)
def test_no_row_knows_another_whatever_it_has_seen(taken: list[float], other: list[float]) -> None:
    length = min(len(taken), len(other))
    pair = np.stack([taken[:length], other[:length]], axis=1)
    both, turned, alone = (numbers(learned(FLEET, values).forecast()) for values in (pair, pair[:, ::-1], pair[:, [0]]))
    assert np.array_equal(both, turned[::-1])
    assert np.array_equal(both[[0]], alone)


def test_rows_do_not_know_each_other(any_kind: Kind) -> None:
    values = np.concatenate([daily(3, seed=seed) * seed for seed in (1, 2, 3)], axis=1)
    values[5:40, 1] = np.nan
    order = [2, 0, 1]
    found = learned(any_kind, values).forecast()
    turned = learned(any_kind, values[:, order]).forecast()
    assert np.array_equal(numbers(turned), numbers(found)[order])
    alone = learned(any_kind, values[:, [1]]).forecast()
    assert np.array_equal(numbers(alone)[0], numbers(found)[1])


def test_rows_of_a_large_fleet_are_as_they_would_be_alone() -> None:
    """More rows than learn a step together, with a gap that is skipped."""
    values, windows = np.random.default_rng(1).uniform(50, 100, (14, BLOCK + 2)), Windows.of((1, 3), (3,))
    large, few = FleetModel(BLOCK + 2, HOUR, windows), FleetModel(3, HOUR, windows)
    for part, first in ((values[:10], 0), (values[10:], 13)):
        found, alone = numbers(fed(large, part, first).forecast()), numbers(fed(few, part[:, -3:], first).forecast())
        assert np.array_equal(found[-3:], alone)


def test_the_future_changes_no_forecast(any_kind: Kind) -> None:
    one, other = daily(4), daily(4)
    other[3 * DAY :] *= 50.0
    fleets = [any_kind.new(1, HOUR), any_kind.new(1, HOUR)]
    for step in range(3 * DAY):
        for fleet, values in zip(fleets, (one, other), strict=True):
            fleet.update(step, values[step], np.zeros(1, dtype=bool))
        if step % 12 == 0:
            assert np.array_equal(numbers(fleets[0].forecast()), numbers(fleets[1].forecast()))
    assert fleets[0].forecast().step == 3 * DAY - 1


def test_asking_for_a_forecast_changes_nothing(any_kind: Kind) -> None:
    asked, quiet = any_kind.new(1, HOUR), any_kind.new(1, HOUR)
    for step, row in enumerate(daily(2)):
        for fleet in (asked, quiet):
            fleet.update(step, row, np.zeros(1, dtype=bool))
        asked.forecast()
    assert np.array_equal(numbers(asked.forecast()), numbers(quiet.forecast()))


def test_a_restored_fleet_goes_on_identically(any_kind: Kind) -> None:
    values = np.concatenate([daily(4), daily(4, seed=2)], axis=1)
    fleet = learned(any_kind, values[: 2 * DAY])
    state = fleet.state()
    fed(fleet, values[2 * DAY :], first=2 * DAY)
    again = fed(any_kind.restored(state), values[2 * DAY :], first=2 * DAY)  # the state was not touched meanwhile
    assert np.array_equal(numbers(again.forecast()), numbers(fleet.forecast()))
    assert (again.size, again.step_seconds, again.forecast().step) == (2, HOUR, 4 * DAY - 1)


def test_the_state_of_a_new_fleet_can_be_restored(kind: Kind) -> None:
    again = kind.restored(kind.new(2, HOUR).state())
    assert numbers(fed(again, daily(1) * np.ones(2)).forecast()).shape[0] == 2


def test_fleets_that_are_joined_go_on_as_one(kind: Kind) -> None:
    values = np.concatenate([daily(3, seed=seed) for seed in (1, 2, 3)], axis=1)
    joined = learned(kind, values[: 2 * DAY, :2])
    joined.append(learned(kind, values[: 2 * DAY, 2:]))
    fed(joined, values[2 * DAY :], first=2 * DAY)
    assert np.array_equal(numbers(joined.forecast()), numbers(learned(kind, values).forecast()))


def test_an_empty_fleet_takes_over_the_clock_of_the_other(kind: Kind) -> None:
    empty = kind.new(0, HOUR)
    empty.append(learned(kind, daily(2)))
    assert (empty.size, empty.forecast().step) == (1, 2 * DAY - 1)
    empty.append(kind.new(0, HOUR))
    assert (empty.size, empty.forecast().step) == (1, 2 * DAY - 1)


def test_rows_can_be_dropped_and_turned(kind: Kind) -> None:
    values = np.concatenate([daily(3, seed=seed) for seed in (1, 2, 3)], axis=1)
    fleet = learned(kind, values[: 2 * DAY])
    fleet.keep(np.array([2, 0], dtype=np.int64))
    fed(fleet, values[2 * DAY :, [2, 0]], first=2 * DAY)
    assert np.array_equal(numbers(fleet.forecast()), numbers(learned(kind, values[:, [2, 0]]).forecast()))
    fleet.keep(np.array([], dtype=np.int64))
    assert fleet.size == 0


@pytest.mark.parametrize("step", [0, 9, 10])
def test_time_does_not_run_backwards(kind: Kind, step: int) -> None:
    fleet = learned(kind, daily(1)[:1], first=10)
    with pytest.raises(ValueError, match="steps must rise"):
        fleet.update(step, np.ones(1), np.zeros(1, dtype=bool))


def test_what_does_not_fit_is_refused(kind: Kind) -> None:
    fleet = kind.new(2, HOUR)
    with pytest.raises(ValueError, match="no step"):
        fleet.forecast()
    with pytest.raises(ValueError, match="shape"):
        fleet.update(1, np.ones(3), np.zeros(3, dtype=bool))
    with pytest.raises(ValueError, match="same step"):
        learned(kind, daily(1)).append(learned(kind, daily(2)))
