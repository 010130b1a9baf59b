"""Each window of an intermittent fleet has a table of its own: how often something came when so much was said."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.chances import WindowTables
from edgewarm.forecast.windows import Windows

pytestmark = pytest.mark.unit

ROWS = 20
NEXT, FIFTH, WITHIN_FIVE = range(3)


def corrected(came: list[float]) -> list[float]:
    """What 50 % of the next step, of the fifth and of the next five becomes, when 50 % was always said of this."""
    tables = WindowTables(ROWS, Windows.of((1, 5), (5,)))
    for step, value in enumerate(came):
        tables.learn(step, np.full(ROWS, value))
        which = tables.issuing(step)
        tables.issue(step, which, np.full((len(which), ROWS), 0.5))
    found = tables.corrected(np.full((3, ROWS), 0.5), np.full(ROWS, 0.5))
    return [float(row[0]) for row in found]


def test_a_step_is_corrected_by_how_often_it_had_something_and_a_window_by_how_often_any_of_its_steps_had() -> None:
    found = corrected([1.0, 0.0, 0.0, 0.0] * 100)
    assert found[NEXT] == 0.5  # the hazard fleet's own business
    assert found[FIFTH] == pytest.approx(0.25, abs=0.05)
    assert found[WITHIN_FIVE] > 0.99


def test_unknown_steps_teach_a_window_nothing() -> None:
    assert corrected([np.nan] * 400) == pytest.approx([0.5] * 3)
    assert corrected([np.nan, 0.0, 0.0, 0.0] * 100)[WITHIN_FIVE] == pytest.approx(0.5)  # one of its five is unknown
