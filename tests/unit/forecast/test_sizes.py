"""Sizes when something comes, and quantiles of a demand that mostly does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.forecast.sizes import KEPT, Sizes

pytestmark = pytest.mark.unit
LEVELS = (0.05, 0.5, 0.7, 0.9, 0.99)


def learned(*sizes: float) -> Sizes:
    found = Sizes.blank(1)
    for size in sizes:
        found.learn(np.array([size]), np.array([True]))
    return found


def one(sizes: Sizes, probability: float, level: float) -> float:
    return float(sizes.quantiles(np.array([probability]), (level,))[0, 0])


def test_the_size_alone_is_read_at_its_plotting_position() -> None:
    # level .5 of three sizes is position .5 x (3 + 1) = 2, the second smallest; .375 is halfway from the first
    assert one(learned(3.5, 1.5, 2.5), 1.0, 0.5) == pytest.approx(2.5)
    assert one(learned(3.5, 1.5, 2.5), 1.0, 0.375) == pytest.approx(2.0)


def test_levels_below_the_probability_of_nothing_are_zero() -> None:
    sizes = learned(3.5, 1.5, 2.5)
    assert one(sizes, 0.2, 0.7) == 0.0
    assert one(sizes, 0.2, 0.9) == pytest.approx(2.5)  # (.9 - .8) / .2 = .5 of the size


def test_above_the_largest_an_exponential_tail_goes_on() -> None:
    # three sizes leave 1/4 above the largest; level .875 leaves half of that: one halving of (3.5 - 2.5) / log2 3
    assert one(learned(3.5, 1.5, 2.5), 1.0, 0.875) == pytest.approx(3.5 + 1 / np.log2(3))


def test_whole_sizes_have_whole_quantiles() -> None:
    assert one(learned(1.0, 4.0), 1.0, 0.5) == 2.0  # 2.5, to the even one


def test_a_constant_size_is_that_size_at_every_level() -> None:
    assert learned(*[7.0] * 5).quantiles(np.array([1.0]), LEVELS).tolist() == [[7.0] * len(LEVELS)]


def test_a_row_that_never_asked_has_no_size() -> None:
    assert Sizes.blank(1).quantiles(np.array([0.9]), LEVELS).tolist() == [[0.0] * len(LEVELS)]


def test_only_the_last_sizes_are_kept() -> None:
    assert one(learned(*[100.5] * 5, *[1.5] * KEPT), 1.0, 0.99) == pytest.approx(1.5)


@given(st.lists(st.floats(1e-9, 1e12), max_size=40), st.floats(0, 1))
def test_quantiles_are_finite_rising_and_not_negative(sizes: list[float], probability: float) -> None:
    found = learned(*sizes).quantiles(np.array([probability]), LEVELS)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (np.diff(found, axis=1) >= 0).all()
