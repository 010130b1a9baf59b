"""Sharing what is scarce: the most valuable units first, against every other way to share it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.decide.budget import marginal_values, shared, shared_by_size

pytestmark = pytest.mark.unit

# two workloads, kappa 9 and 3: 10 x P - 1 and 4 x P - 1
P = np.array([[0.9, 0.5, 0.05], [0.9, 0.6, 0.3]])
VALUES = np.array([[8.0, 4.0, -0.5], [2.6, 1.4, 0.2]])
ONES = np.ones(2)


def test_the_value_of_a_unit() -> None:
    assert marginal_values(P, np.array([9.0, 3.0]), ONES) == pytest.approx(VALUES)
    assert marginal_values(P, np.array([9.0, 3.0]), 2 * ONES) == pytest.approx(VALUES / 2)  # twice as large


@pytest.mark.parametrize(
    ("room", "units", "price"),
    [
        pytest.param(9, [2, 3], 0.0, id="room for all that are worth it: nothing is scarce"),
        pytest.param(5, [2, 3], 0.0, id="exactly"),
        pytest.param(3, [2, 1], 2.6, id="8, 4 and 2.6"),
        pytest.param(1, [1, 0], 8.0, id="the best one"),
        pytest.param(0, [0, 0], 8.0, id="no room: the price is what the first would be worth"),
    ],
)
def test_the_largest_values_are_taken(room: int, units: list[int], price: float) -> None:
    found = shared(VALUES, room)
    assert (found.units.tolist(), found.price) == (units, pytest.approx(price))


def test_equal_values_fill_the_room_and_no_more() -> None:
    assert shared(np.full((3, 2), 1.0), 4).units.tolist() == [2, 2, 0]


falling = st.lists(st.integers(-4, 9), min_size=3, max_size=3).map(lambda row: sorted(row, reverse=True))


def worth(values: np.ndarray, units: tuple[int, ...]) -> float:
    return float(sum(values[row, :count].sum() for row, count in enumerate(units)))


@given(st.lists(falling, min_size=1, max_size=3), st.integers(0, 8))
def test_no_other_share_is_worth_more(rows: list[list[int]], room: int) -> None:
    values = np.array(rows, dtype=float)
    found = shared(values, room)
    every = [units for units in product(range(4), repeat=len(rows)) if sum(units) <= room]
    assert sum(found.units) <= room
    assert worth(values, tuple(found.units)) == pytest.approx(max(worth(values, units) for units in every))


@given(st.lists(falling, min_size=1, max_size=3), st.integers(0, 8))
def test_with_equal_sizes_both_ways_agree(rows: list[list[int]], room: int) -> None:
    values, sizes = np.array(rows, dtype=float), np.ones(len(rows))
    one, other = shared(values, room), shared_by_size(values, sizes, float(room))
    assert worth(values, tuple(one.units)) == pytest.approx(worth(values, tuple(other.units)))


def test_a_unit_that_does_not_fit_makes_room_for_smaller_ones() -> None:
    # per unit of room: 4 for the large one (size 3), 3 and 2 for the small ones (size 1)
    found = shared_by_size(np.array([[4.0, 4.0], [3.0, 2.0]]), np.array([3.0, 1.0]), 5.0)
    assert (found.units.tolist(), found.price) == ([1, 2], 4.0)
