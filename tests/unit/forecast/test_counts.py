"""Counts by context, and what they say with and without evidence."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.counts import Cells, Pool

pytestmark = pytest.mark.unit


def test_a_cell_counts_its_visits_and_forgets_slowly() -> None:
    cells = Cells.blank(2, 3)
    for arrived in (True, False):
        cells.learn(np.array([4]), np.array([arrived]))  # row 1, context 1
    keep = 1 - 1 / 512
    assert cells.hits[1, 1] == pytest.approx(keep)
    assert cells.visits[1, 1] == pytest.approx(keep + 1)
    assert cells.visits.sum() == cells.visits[1, 1]


def test_a_pool_adds_up_rows_that_share_a_context() -> None:
    pool = Pool.blank(3)
    pool.learn(np.array([2, 2, 0]), np.array([True, False, False]))
    assert pool.hits.tolist() == [0, 0, 1]
    assert pool.visits.tolist() == [1, 0, 2]


def test_a_rate_is_shrunk_to_its_prior() -> None:
    pool = Pool(np.array([3.0, 0.0]), np.array([4.0, 0.0]))
    found = pool.rates(np.array([0.5, 0.2]), np.array([2.0, 1.0]))
    assert found.tolist() == pytest.approx([(3 + 2 * 0.5) / (4 + 2), 0.2])
