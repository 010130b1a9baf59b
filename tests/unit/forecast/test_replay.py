"""History onto the grid, and learning from it as if it were live."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.replay import grid, learned
from edgewarm.forecast.switching import SwitchingFleet
from edgewarm.model.demand import History

pytestmark = pytest.mark.unit

NAN = np.nan


def history(first_step: float, *values: float) -> History:
    return History(first_step * 60.0, 60.0, np.array(values))


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        pytest.param(history(10, 1.0, 2.0, 3.0), [1.0, 2.0, 3.0], id="it fits"),
        pytest.param(history(11, 2.0), [NAN, 2.0, NAN], id="it is shorter"),
        pytest.param(history(8, 8.0, 9.0, 1.0, 2.0, 3.0, 4.0), [1.0, 2.0, 3.0], id="it is longer on both sides"),
        pytest.param(history(10, 1.0, NAN, 3.0), [1.0, NAN, 3.0], id="a gap stays a gap"),
        pytest.param(history(10), [NAN, NAN, NAN], id="it is empty"),
        pytest.param(history(50, 1.0), [NAN, NAN, NAN], id="it is about another time"),
        pytest.param(history(10.5, 1.0, 2.0), [1.0, 2.0, NAN], id="a time within a step belongs to the step"),
        pytest.param(None, [NAN, NAN, NAN], id="there is none"),
    ],
)
def test_histories_on_the_grid_of_steps_10_to_12(past: History | None, expected: list[float]) -> None:
    assert np.array_equal(grid([past], 10, 12, 60.0)[:, 0], expected, equal_nan=True)


def test_histories_stand_side_by_side() -> None:
    found = grid([history(10, 1.0), None, history(11, 5.0)], 10, 11, 60.0)
    assert np.array_equal(found, [[1.0, NAN, NAN], [NAN, NAN, 5.0]], equal_nan=True)


def test_learning_is_the_same_as_having_been_there() -> None:
    values = np.abs(np.sin(np.arange(50))) * 100
    live = SwitchingFleet(1, 60.0)
    for index, value in enumerate(values):
        live.update(10 + index, np.array([value]), np.zeros(1, dtype=bool))
    replayed = learned([history(10, *values)], 10, 59, 60.0).forecast()
    assert replayed.step == 59
    assert np.array_equal(replayed.at_ahead, live.forecast().at_ahead)
