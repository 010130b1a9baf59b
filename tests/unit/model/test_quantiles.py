"""Quantiles check themselves at birth and read in both directions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.model.quantiles import Quantiles
from support.builders import LEVELS, certain, quantiles

pytestmark = pytest.mark.unit

SPREAD = quantiles((0.1, 10.0), (0.5, 20.0), (0.9, 60.0))


@pytest.mark.parametrize(
    ("level", "value"),
    [
        pytest.param(0.0, 10.0, id="below the lowest level its value"),
        pytest.param(0.1, 10.0, id="a known level"),
        pytest.param(0.3, 15.0, id="half way from .1 to .5"),
        pytest.param(0.8, 50.0, id="three quarters of the way from .5 to .9"),
        pytest.param(0.999, 60.0, id="above the highest level its value"),
    ],
)
def test_a_quantile_is_linear_between_known_levels(level: float, value: float) -> None:
    assert SPREAD.at(level) == pytest.approx(value)


@pytest.mark.parametrize(
    ("demand", "probability"),
    [
        pytest.param(0.0, 1.0, id="something is asked for"),
        pytest.param(5.0, 0.9, id="below the lowest quantile: 1 - .1"),
        pytest.param(10.0, 0.9, id="at the lowest quantile"),
        pytest.param(15.0, 0.7, id="half way: 1 - .3"),
        pytest.param(50.0, 0.2, id="three quarters of the way: 1 - .8"),
        pytest.param(60.0, 0.1, id="at the highest quantile: 1 - .9"),
        pytest.param(1e9, 0.1, id="beyond it nothing more is known"),
    ],
)
def test_a_probability_is_a_quantile_read_backwards(demand: float, probability: float) -> None:
    assert SPREAD.probability_above(demand) == pytest.approx(probability)


def test_a_demand_that_may_be_zero_has_mass_there() -> None:
    often_zero = quantiles((0.25, 0.0), (0.5, 0.0), (0.75, 8.0))
    assert often_zero.probability_above(0.0) == pytest.approx(0.5)
    assert often_zero.probability_above(4.0) == pytest.approx(0.375)
    assert certain(0.0).probability_above(0.0) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("levels", "values"),
    [
        pytest.param((), (), id="none"),
        pytest.param((0.5,), (1.0, 2.0), id="too many values"),
        pytest.param((0.5, 0.9), (2.0, 1.0), id="they cross"),
        pytest.param((0.5,), (-1.0,), id="below zero"),
        pytest.param((0.5,), (math.nan,), id="not a number"),
        pytest.param((0.5, 0.9), (1.0, math.inf), id="endless"),
        pytest.param(
            (0.9, 0.5),
            (1.0, 2.0),
            id="levels fall",
        ),
        pytest.param(
            (0.5, 1.5),
            (1.0, 2.0),
            id="a level above one",
        ),
    ],
)
def test_what_is_no_distribution_is_refused(levels: tuple[float, ...], values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must"):
        Quantiles(levels, values)


distinct = st.lists(st.integers(1, 10**6), min_size=9, max_size=9, unique=True)


@given(distinct, st.floats(0.05, 0.99))
def test_reading_there_and_back_is_the_same(values: list[int], level: float) -> None:
    spread = Quantiles(LEVELS, tuple(float(value) for value in sorted(values)))
    expected = min(level, 0.99)
    assert 1 - spread.probability_above(spread.at(level)) == pytest.approx(expected, abs=1e-6)
