"""Large arrays are worked on in patches, and sums do not depend on who stands beside."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.rows import COLUMNS, PATCH, ordered_sum, patches

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("which", "rows", "width"), [([0, 1, 3], 1, 84), ([0, 1, 3, 4], 300, 84), ([2], 2500, 84)])
def test_patches_cover_all_windows_and_rows_once(which: list[int], rows: int, width: int) -> None:
    seen = np.zeros((5, rows), dtype=int)
    for at, windows, columns in patches(np.array(which), rows, width):
        assert seen[windows, columns].shape == seen[np.array(which)[at], columns].shape
        seen[windows, columns] += 1
    assert (seen.sum(axis=1) == [rows * (index in which) for index in range(5)]).all()


def test_neighbours_are_a_slice_and_a_patch_is_small() -> None:
    (few,) = patches(np.array([0, 1, 2]), 1, 84)
    assert few[1] == slice(0, 3)
    assert isinstance(next(patches(np.array([0, 2]), 1, 84))[1], np.ndarray)
    count = PATCH // (84 * 100)
    assert next(patches(np.arange(100), 100, 84))[1] == slice(0, count)
    assert next(patches(np.arange(100), 10 * COLUMNS, 84))[2] == slice(0, COLUMNS)


def test_a_sum_is_the_same_alone_and_beside_others() -> None:
    many = np.random.default_rng(1).lognormal(0, 9, (3, 40, 7))
    alone = ordered_sum(many[..., 2:3].copy())
    assert np.array_equal(ordered_sum(many)[:, 2], alone[:, 0])
