"""Large arrays are worked on in patches, rows have a unit of their own, and sums do not depend on who stands beside."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from edgewarm.forecast.rows import PATCH, RowsInUnits, SingleArray, no_unit, ordered_sum, patches

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("count", "rows"), [(5, 1), (5, 300), (5, 100_000), (17, 1000)])
def test_patches_cover_all_windows_once_and_are_small(count: int, rows: int) -> None:
    seen = np.zeros(count, dtype=int)
    for part in patches(count, rows, 84):
        seen[part] += 1
        assert len(seen[part]) in {1, min(count, PATCH // (84 * rows))} or part.stop > count
    assert (seen == 1).all()


def test_a_sum_is_the_same_alone_and_beside_others() -> None:
    many = np.random.default_rng(1).lognormal(0, 9, (3, 40, 7))
    alone = ordered_sum(many[..., 2:3].copy())
    assert np.array_equal(ordered_sum(many)[:, 2], alone[:, 0])


@dataclass
class Kept(RowsInUnits):
    """One array in units, as seasons and forecasts under way have them."""

    values: SingleArray


def kept(*values: float) -> Kept:
    part = Kept(no_unit(len(values)), np.zeros((1, len(values)), dtype=np.float32))
    put(part, *values)
    return part


def put(part: Kept, *values: float) -> None:
    z = np.array(values)
    part.measure(z)
    part.values[0] = part.multiples(z)


def told(part: Kept) -> list[float]:
    return [float(value) for value in part.values[0] * part.unit]


def test_the_first_value_of_a_row_is_its_unit_and_is_kept_exactly() -> None:
    part = kept(math.pi, 0.0, np.nan)
    assert told(part)[:2] == [math.pi, 0.0]
    put(part, 2 * math.pi, 1 / 3, 0.1)
    assert told(part) == [2 * math.pi, 1 / 3, 0.1]


def test_multiples_are_the_same_in_another_unit_of_demand() -> None:
    few, many = kept(math.pi), kept(1e9 * math.pi)
    for value in (1.7, 0.3, 1e3):
        put(few, value)
        put(many, 1e9 * value)
        assert np.array_equal(few.values, many.values)


def test_a_row_that_outgrows_its_unit_takes_a_larger_one_and_keeps_what_it_knew() -> None:
    part = kept(2.0, 2.0)
    part.measure(np.array([1e35, 1.0]))
    assert part.unit.tolist() == [1e35, 2.0]
    assert told(part) == pytest.approx([2.0, 2.0])


def test_what_no_single_precision_can_tell_is_bounded() -> None:
    part = kept(1.0)
    part.values[0] = part.multiples(np.array([-1e300]))
    assert np.isfinite(part.values).all()
