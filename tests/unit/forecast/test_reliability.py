"""The reliability table: silent without evidence, right with it, and never out of order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.forecast.reliability import BINS, LEAST, Reliability, rising

pytestmark = pytest.mark.unit
GRID = np.linspace(LEAST, 1 - LEAST, 997)


def taught(said: float, came: float, steps: int = 400, rows: int = 100) -> Reliability:
    """A table that heard `said` from 100 rows a step, of which the share `came` was right."""
    table = Reliability.blank()
    arrived = np.arange(rows) < came * rows
    for _ in range(steps):
        table.learn(np.full(rows, said), arrived)
    return table


def test_a_table_without_evidence_changes_nothing() -> None:
    assert Reliability.blank().corrected(GRID) == pytest.approx(GRID, rel=1e-9)


@pytest.mark.parametrize(("said", "came"), [(0.03, 0.01), (0.3, 0.6), (0.9, 0.99)])
def test_what_came_is_what_will_be_said(said: float, came: float) -> None:
    corrected = taught(said, came).corrected(np.array([said]))
    assert corrected[0] == pytest.approx(came, abs=0.15 * abs(said - came))


def test_what_was_right_stays() -> None:
    assert taught(0.2, 0.2).corrected(np.array([0.2]))[0] == pytest.approx(0.2, abs=0.002)


def test_one_surprise_in_a_rare_bin_is_no_law() -> None:
    table = Reliability.blank()
    table.learn(np.full(100, 0.001), np.arange(100) < 1)  # .1 events were said, 1 came: (1 + 4) / (.1 + 4) = 1.2
    assert table.corrected(np.array([0.001]))[0] < 0.00125


def test_old_steps_fade() -> None:
    table = taught(0.3, 0.6)
    for _ in range(2000):
        table.learn(np.full(100, 0.3), np.arange(100) < 30)
    assert table.corrected(np.array([0.3]))[0] == pytest.approx(0.3, abs=0.005)


def test_violators_are_pooled_by_weight() -> None:
    assert rising(np.array([1.0, 3.0, 2.0, 4.0]), np.ones(4)).tolist() == [1.0, 2.5, 2.5, 4.0]
    assert rising(np.array([3.0, 0.0]), np.array([2.0, 1.0])).tolist() == [2.0, 2.0]


counts = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


@given(counts)
def test_corrected_probabilities_keep_their_order_and_stay_inside(pairs: list[tuple[float, bool]]) -> None:
    table = Reliability.blank()
    for said, came in pairs:
        table.learn(np.clip(np.full(50, said), LEAST, 1 - LEAST), np.full(50, came))
    found = table.corrected(GRID)
    assert (np.diff(found) >= -1e-12).all()
    assert ((found > 0) & (found < 1)).all()
    assert len(table.seen) == BINS
