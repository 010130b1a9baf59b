"""A new row begins where the fleet is, once; a row that has learned for itself is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.mixture import LEVELS, Mixture
from edgewarm.forecast.prior import LEAST_ROWS, SETTLED, adopt
from edgewarm.forecast.windows import Windows

pytestmark = pytest.mark.unit

WINDOWS = Windows.of((1, 288))  # five minutes and a day ahead
FAR = np.array([False, True])
P90 = LEVELS.index(0.9)


def joined(settled: int, seen: float = SETTLED, own: float = 0.0) -> Mixture:
    """Settled rows whose p90 stand at 1, 2, 3, ... scales and who all believe the first expert; then one newcomer."""
    mixture = Mixture.blank(settled + 1, WINDOWS, 300.0)
    mixture.seen[:, :settled], mixture.seen[:, settled] = seen, own
    mixture.quantile[:, :, P90, :settled] = np.arange(1, settled + 1)
    mixture.weight[..., :settled] = 0.0
    mixture.weight[:, 0, :, :settled] = 1.0
    adopt(mixture, 1, FAR)
    return mixture


BLANK = Mixture.blank(1, WINDOWS, 300.0)


def test_soon_residual_quantiles_begin_at_the_median_of_the_fleet() -> None:
    found = joined(3)
    assert found.quantile[0, :, P90, -1] == pytest.approx(2.0)
    assert np.array_equal(found.weight[0, ..., -1], BLANK.weight[0, ..., 0])


def test_a_day_ahead_the_fleet_is_asked_whom_to_believe() -> None:
    found = joined(3)
    assert found.weight[1, 0, :, -1] == pytest.approx(1.0)
    assert np.array_equal(found.quantile[1, ..., -1], BLANK.quantile[1, ..., 0])


@pytest.mark.parametrize(
    ("settled", "seen", "own"),
    [(LEAST_ROWS - 1, SETTLED, 0.0), (LEAST_ROWS, SETTLED - 1, 0.0), (LEAST_ROWS, SETTLED, 1.0)],
    ids=["too few rows", "rows too young", "has seen for itself"],
)
def test_else_nothing_is_taken_over(settled: int, seen: float, own: float) -> None:
    found = joined(settled, seen, own)
    assert np.array_equal(found.quantile[..., -1], BLANK.quantile[..., 0])
    assert np.array_equal(found.weight[..., -1], BLANK.weight[..., 0])


def fleet(rows: int, steps: int, last: int) -> FleetModel:
    """Steps of five minutes, the last one being `last`."""
    model, random = FleetModel(rows, 300.0, WINDOWS), np.random.default_rng(rows)
    for step in range(last - steps + 1, last + 1):
        model.update(step, 100 + random.normal(0, 5, rows), np.zeros(rows, dtype=bool))
    return model


def test_in_its_first_minutes_a_row_says_something_sane_and_does_not_claim_to_know() -> None:
    model = fleet(4, 150, 149)
    model.append(FleetModel(0, 300.0, WINDOWS))
    model.append(fleet(1, 2, 149))
    found = model.forecast()
    assert not found.known[-1]
    assert np.isfinite(found.at_ahead[-1]).all()
    assert (found.at_ahead[-1, :, P90] > found.at_ahead[-1, :, LEVELS.index(0.5)]).all()


def test_after_it_joined_a_row_learns_alone() -> None:
    alike, other = fleet(4, 150, 149), fleet(4, 150, 149)
    for model in (alike, other):
        model.append(fleet(1, 1, 149))
    for step in range(150, 170):
        alike.update(step, np.full(5, 100.0), np.zeros(5, dtype=bool))
        other.update(step, np.array([900.0, 0.0, np.nan, 5.0, 100.0]), np.zeros(5, dtype=bool))
    assert np.array_equal(alike.forecast().at_ahead[-1], other.forecast().at_ahead[-1])
