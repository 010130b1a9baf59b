"""Rolling forecasts, strictly causal: after each step the model has seen that step and none of the later ones.

No forecast is issued at a step without a sample, so `issued at` is always the time of the last sample seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.model import forecaster, mixing
from edgewarm.replay.trace import Trace

Advance = Callable[[int], None]
"""Told how many more steps are done."""

Sink = Callable[[int, FloatArray], None]
"""Told the index of an origin and its quantiles (K, Q), as they are issued."""


def origins_after(trace: Trace, train_steps: int) -> IntArray:
    """Every step after training that has a sample."""
    return np.flatnonzero(np.isfinite(trace.values[train_steps:])) + train_steps


def nobody(index: int, quantiles: FloatArray) -> None:
    """A sink for those who only want the scores."""


def rolled(
    trace: Trace, horizons: Sequence[int], levels: Sequence[float], origins: IntArray, advance: Advance, sink: Sink
) -> FloatArray:
    """Quantiles (O, K, Q) at each origin, of the values `horizons` (K) steps later; NaN while the model is silent."""
    fleet = forecaster(1, trace.step_seconds, Windows.of(tuple(horizons)))
    result = np.full((len(origins), len(horizons), len(levels)), np.nan)
    free, row, weights = np.zeros(1, dtype=bool), 0, None
    for index in range(int(origins[-1]) + 1 if len(origins) else 0):
        fleet.update(trace.first + index, trace.values[index : index + 1], free)
        if index == origins[row]:
            found = fleet.forecast()
            weights = mixing(found.levels, levels) if weights is None else weights
            if found.known[0]:
                result[row] = found.at_ahead[0] @ weights
            sink(index, result[row])
            row += 1
        advance(1)
    return result


def actuals(values: FloatArray, origins: IntArray, ahead: int) -> FloatArray:
    """The value (O,) `ahead` steps after each origin; NaN where it is unknown or not yet there."""
    targets = origins + ahead
    inside = targets < len(values)
    result: FloatArray = np.where(inside, values[np.minimum(targets, len(values) - 1)], np.nan)
    return result
