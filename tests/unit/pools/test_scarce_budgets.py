"""A budget shared by a fleet goes to what is worth most, at the price of what had to be left out: by brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.model.identity import Key
from edgewarm.model.pool import Allocation, Budget, PoolSettings
from edgewarm.pools.allocate import Allocated, allocate, shadow_prices
from support.pools import node, pool, request

pytestmark = pytest.mark.unit

Rows = list[list[float]]
"""By workload: the marginal values (1 + kappa) P(need >= n) - 1 of its 1st, 2nd, ... unit, falling."""


def shared(rows: Rows, sizes: list[int], cores: int) -> Allocated:
    """Allocation Priority, where nodes are plenty and only the budget of cores is scarce."""
    asked = [
        replace(request(f"{row}-{unit}", cpu=float(sizes[row])), owner=Key("shop", f"w{row}"), value=value)
        for row, values in enumerate(rows)
        for unit, value in enumerate(values)
    ]
    rules, limit = PoolSettings(Allocation.PRIORITY), Budget("spec.budgets", {"cpu": float(cores)})
    return allocate(asked, pool(node("a", cpu=1000.0, gib=1000.0), rules=rules, budgets=(limit,)))


def counts(done: Allocated, rows: Rows) -> list[int]:
    return [sum(one.request.owner.name == f"w{row}" for one in done.placed) for row in range(len(rows))]


def worth(rows: Rows, units: tuple[int, ...]) -> float:
    return sum(sum(values[:count]) for values, count in zip(rows, units, strict=True))


def best(rows: Rows, sizes: list[int], cores: int) -> float:
    """The most that any share of the budget is worth, all of them tried."""
    every = product(*(range(len(values) + 1) for values in rows))
    return max(worth(rows, units) for units in every if sum(map(int.__mul__, units, sizes)) <= cores)


@pytest.mark.parametrize(
    ("cores", "units", "price"),
    [
        pytest.param(9, [3, 2], {}, id="room for all: nothing is scarce, and so nothing has a price"),
        pytest.param(5, [3, 2], {}, id="exactly"),
        pytest.param(3, [1, 2], {"cpu": 1.4}, id="8, 4 and 2.6; one core more would bring 1.4"),
        pytest.param(1, [0, 1], {"cpu": 4.0}, id="the best one"),
        pytest.param(0, [0, 0], {"cpu": 8.0}, id="no room: the price is what the first would be worth"),
    ],
)
def test_the_largest_values_are_taken(cores: int, units: list[int], price: dict[str, float]) -> None:
    rows = [[2.6, 1.4, 0.2], [8.0, 4.0]]  # kappa 3 with P = .9, .6, .3; kappa 9 with P = .9, .5
    done = shared(rows, [1, 1], cores)
    assert (counts(done, rows), shadow_prices(done.refused)) == (units, price)


def test_what_is_too_large_for_the_rest_makes_room_for_smaller_ones() -> None:
    rows, sizes = [[3.0, 2.0], [12.0, 12.0]], [1, 3]  # per core: 3 and 2 for the small ones, 4 for the large ones
    done = shared(rows, sizes, 5)
    assert (counts(done, rows), shadow_prices(done.refused)) == ([2, 1], {"cpu": 4.0})


falling = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=3).map(lambda row: sorted(row, reverse=True))
fleets = st.lists(falling, min_size=1, max_size=4)


@given(fleets, st.integers(0, 9))
def test_no_other_share_is_worth_more_and_the_price_is_what_one_core_more_would_bring(rows: Rows, cores: int) -> None:
    sizes = [1] * len(rows)
    done = shared(rows, sizes, cores)
    most = best(rows, sizes, cores)
    assert worth(rows, tuple(counts(done, rows))) == pytest.approx(most)
    assert shadow_prices(done.refused).get("cpu", 0.0) == pytest.approx(best(rows, sizes, cores + 1) - most)


@given(fleets, st.lists(st.integers(1, 3), min_size=4, max_size=4), st.integers(1, 12))
def test_with_units_of_different_sizes_less_than_the_largest_value_is_lost(
    rows: Rows, drawn: list[int], cores: int
) -> None:
    """As for every greedy filling; only an exact knapsack knows better."""
    sizes = drawn[: len(rows)]
    done = shared(rows, sizes, cores)
    got = sum(one.request.value for one in done.placed)
    assert got >= best(rows, sizes, cores) - max(max(values) for values in rows)
