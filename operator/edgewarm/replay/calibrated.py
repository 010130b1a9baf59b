"""The naive rivals with our own calibrator: their points, and the residual quantiles that the fleet's tracker learns.

As in the model, residuals are taken on the square-root scale and a forecast is verified by the first step that can.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewarm.forecast.tracker import LEVELS, QUARTERS, Tracker, gains
from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.model import mixing
from edgewarm.replay.naive import Naive, Past
from edgewarm.replay.rolling import Advance


def calibrated(
    past: Past, first: int, rules: Sequence[Naive], horizons: Sequence[int], origins: IntArray, advance: Advance
) -> FloatArray:
    """Quantiles (O, E, K, L) of E rules at K horizons, at the tracker's L levels; `first` is the step of index 0."""
    ends = np.array(horizons, dtype=np.int64)
    issued = np.sqrt(_points(past, rules, horizons))  # (E, K, T) by origin
    quarter = (first + np.arange(len(past.values) + int(ends.max()))) % past.day * QUARTERS // past.day
    tracker = Tracker.blank(1, len(rules), len(ends), past.day / QUARTERS)
    result = np.empty((len(origins), len(rules), len(ends), len(LEVELS)))
    seen, gain, windows, row = np.sqrt(past.values), gains(ends), np.arange(len(ends)), 0
    for index in range(int(origins[-1]) + 1 if len(origins) else 0):
        told = index - ends
        due = np.where(told >= 0, issued[:, windows, np.maximum(told, 0)], np.nan)
        tracker.learn((seen[index] - due)[None], gain, int(quarter[index]))
        if index == origins[row]:
            spread = tracker.spread(quarter[index + ends])[0]
            result[row] = np.square(np.maximum(issued[:, :, index, None] + spread, 0.0))
            row += 1
        advance(1)
    return result


def _points(past: Past, rules: Sequence[Naive], horizons: Sequence[int]) -> FloatArray:
    every = np.arange(len(past.values))
    return np.stack([[rule.points(past, every, ahead) for ahead in horizons] for rule in rules])


def at_levels(quantiles: FloatArray, levels: Sequence[float]) -> FloatArray:
    """The tracker's quantiles (..., L) at other levels (..., Q)."""
    result: FloatArray = quantiles @ mixing(LEVELS, levels)
    return result
