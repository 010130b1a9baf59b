"""An explanation is the forecast: its contributions add up to it, whatever the series, the window and the quantile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.forecast.explain import (
    DRIVERS,
    NOW,
    SOURCES,
    TIME_OF_DAY,
    Explained,
    Explanation,
    at_horizon,
    at_lead,
    at_window,
    explained,
)
from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.outlook import HORIZONS_SECONDS, outlook
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray
from edgewarm.model.quantiles import Quantiles
from support.forecasters import DAY, daily

pytestmark = pytest.mark.contract

HOUR, MINUTE = 3600.0, 60.0
BOUNDS_SOURCE = -1
EARLY, LATE = ("day before", "surge"), ("week before", "average of 3 hours")


def fed(values: FloatArray, step_seconds: float = HOUR, windows: Windows | None = None) -> FleetModel:
    rows = values.shape[1]
    fleet = FleetModel(rows, step_seconds, windows) if windows is not None else FleetModel(rows, step_seconds)
    for step, row in enumerate(values):
        fleet.update(step, row, np.zeros(rows, dtype=bool))
    return fleet


def told(fleet: FleetModel, row: int) -> FloatArray:
    """The forecast, (K, Q)."""
    found = fleet.forecast()
    return np.concatenate([found.at_ahead[row], found.max_until[row]])


def check_adds_up(fleet: FleetModel, row: int) -> None:
    found, values = explained(fleet.ingredients(row)), told(fleet, row)
    assert found.amounts.shape == (*values.shape, len(SOURCES))
    size = np.abs(found.amounts).sum(axis=-1)  # where large contributions cancel, digits are lost to them
    assert (np.abs(found.amounts.sum(axis=-1) - values) <= 1e-6 * values + 1e-12 * size).all()


sample = st.one_of(st.just(np.nan), st.just(0.0), st.floats(0, 1e9), st.floats(0, 10), st.floats(1e-9, 1e-6))
history = st.lists(st.tuples(sample, st.sampled_from([1, 1, 1, 2, 30])), min_size=1, max_size=60)


@given(history)
def test_contributions_add_up_for_any_history(taken: list[tuple[float, int]]) -> None:
    fleet, step = FleetModel(1, HOUR), 0
    for demand, ahead in taken:
        step += ahead
        fleet.update(step, np.array([demand]), np.zeros(1, dtype=bool))
    if any(np.isfinite(demand) for demand, _ in taken):
        check_adds_up(fleet, 0)
    else:
        with pytest.raises(ValueError, match="seen nothing"):
            fleet.ingredients(0)


@pytest.fixture(scope="module")
def grown() -> FleetModel:
    """Three rows of very different units, nine days of hours, with holes in one of them."""
    values = np.concatenate([daily(9, seed=seed) for seed in (1, 2, 3)], axis=1) * np.array([1.0, 1e-6, 1e6])
    values[30:70, 1] = np.nan
    return fed(values)


@pytest.mark.parametrize("row", range(3))
def test_contributions_add_up_in_every_row_of_a_fleet(grown: FleetModel, row: int) -> None:
    check_adds_up(grown, row)


@pytest.mark.parametrize("row", range(3))
def test_nearly_all_of_a_forecast_is_explained_by_what_made_it(grown: FleetModel, row: int) -> None:
    """The last source is what sorting and the floor at zero did; it must not hide a term that was forgotten."""
    issued = grown.ingredients(row)
    found = explained(issued)
    ordered = (np.diff(found.amounts[..., :BOUNDS_SOURCE].sum(axis=-1), axis=-1) >= 0).all(axis=-1)
    assert ordered.any()
    forgotten = np.abs(found.amounts[..., BOUNDS_SOURCE]) / issued.values
    assert forgotten[ordered].max() == 0.0
    assert np.median(forgotten) == 0.0


def test_the_sum_is_split_as_the_formula_says() -> None:
    """A last value of 9 = 3^2, the day profile with weight 1/2 at z = 7, and residuals of 1/2."""
    fleet = fed(daily(4))
    base = fleet.ingredients(0)
    points = np.full(base.points.shape, 3.0)
    points[:, 2] = 7.0
    share = np.zeros(base.share.shape)
    share[:, 1], share[:, 2] = 0.5, 0.5
    half, none = np.full(base.residual.shape, 0.5), np.zeros(base.residual.shape)
    z = 3.0 + 0.5 * (7.0 - 3.0) + 0.5
    squared = np.full(half.shape, z**2)
    made = replace(base, last=3.0, points=points, share=share, residual=half, correction=none, values=squared)
    found = at_window(explained(made), 0, 0.9)
    assert found.total == pytest.approx(30.25)
    assert found.drivers == pytest.approx({NOW: 9.0, TIME_OF_DAY: 2.0 * (3 + z), "uncertainty": 0.5 * (3 + z)})


def test_an_expert_that_knows_nothing_is_not_credited() -> None:
    """After two days nothing is known of last week: its expert repeats the day profile."""
    found = at_window(explained(fed(daily(2)).ingredients(0)), 3, 0.5)
    assert "last week" not in found.drivers
    assert found.drivers[TIME_OF_DAY] != 0.0


def test_a_day_ahead_no_term_is_credited_to_yesterday_or_to_a_rise_that_its_expert_did_not_speak_of() -> None:
    """There *day before* speaks of last week and *surge* of three hours (forecast.experts)."""
    fleet = fed(daily(9)[: 8 * DAY + 2])
    ends = fleet.windows.ahead.tolist()
    for at, told in ((1, EARLY), (ends.index(60), LATE)):
        found = at_window(explained(fleet.ingredients(0)), at, 0.5)
        amounts = {source.expert: amount for source, amount in found.parts if source.expert in (*EARLY, *LATE)}
        assert {name for name, amount in amounts.items() if amount} == set(told)


def test_a_rise_that_comes_each_day_is_the_time_of_day() -> None:
    """At six in the morning of the 9th day, 50 -> 100 is due in six hours."""
    fleet = fed(daily(9)[: 8 * DAY + 2])
    found = at_window(explained(fleet.ingredients(0)), list(fleet.windows.ahead).index(5), 0.5)
    moved = [name for name in found.drivers if name != NOW]
    assert found.total > 1.3 * found.drivers[NOW]
    assert moved[0] in (TIME_OF_DAY, "yesterday", "last week")


@pytest.mark.parametrize("level", [0.5, 0.9, 0.909, 0.99, 0.999])
@pytest.mark.parametrize("lead", [0.0, 62.0, 150.0, 900.0, 7200.0])
def test_what_is_interpolated_adds_up_too(level: float, lead: float) -> None:
    values = daily(1, per_day=1440)[:600]
    fleet, now = fed(values, MINUTE), 599 * MINUTE + 20.0
    ahead = outlook(fleet.forecast(), 0, MINUTE, now, lead)
    assert ahead is not None
    found = explained(fleet.ingredients(0))
    check_same(at_lead(found, now, lead, level), ahead.lead, level)
    for seconds, quantiles in ahead.horizons:
        check_same(at_horizon(found, seconds, level), quantiles, level)
    assert [seconds for seconds, _ in ahead.horizons] == list(HORIZONS_SECONDS)


def check_same(found: Explanation, quantiles: Quantiles, level: float) -> None:
    assert found.level == level
    assert found.total == pytest.approx(quantiles.at(level), rel=1e-9)
    assert sum(found.drivers.values()) == pytest.approx(found.total, rel=1e-9)


def test_every_source_has_a_driver_with_words() -> None:
    assert {source.driver for source in SOURCES} == set(DRIVERS)


def test_asking_why_changes_nothing() -> None:
    fleet = fed(daily(3))
    before = {name: array.copy() for name, array in fleet.state().items()}
    found: Explained = explained(fleet.ingredients(0))
    assert found.levels == fleet.forecast().levels
    for name, array in fleet.state().items():
        assert np.array_equal(array, before[name], equal_nan=True), name
