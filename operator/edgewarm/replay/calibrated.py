"""Rivals with our own calibrator: their points, and the residual quantiles that a tracker learns.

As in the model, residuals are taken on the square-root scale and a forecast is verified by the first step that can: a
naive rule at every step, a library at the few origins where it was fitted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.model import mixing
from edgewarm.replay.naive import Naive, Past
from edgewarm.replay.rolling import Advance
from edgewarm.replay.tracker import LEVELS, QUARTERS, Tracker, gains

SETTLED = 5  # residuals, before a calibrator of few is heard


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


def calibrated_few(past: Past, first: int, points: FloatArray, origins: IntArray, ahead: int) -> FloatArray:
    """Quantiles (O, L) at the tracker's levels of one method's `points` (O,) at a few origins and one horizon.

    NaN until `SETTLED` of its earlier forecasts have come true.
    """
    tracker = Tracker.blank(1, 1, 1, past.day / QUARTERS)
    gain = gains(np.array([ahead]))
    middle, targets = np.sqrt(points), origins + ahead
    quarter = (first + targets) % past.day * QUARTERS // past.day
    result = np.full((len(origins), len(LEVELS)), np.nan)
    told = 0
    for row, origin in enumerate(origins.tolist()):
        while targets[told] <= origin:  # targets rise with the origins, and none is before its own origin
            residual = np.sqrt(past.values[targets[told]]) - middle[told]
            tracker.learn(np.full((1, 1, 1), residual), gain, int(quarter[told]))
            told += 1
        if tracker.seen[0, 0, 0] >= SETTLED:
            spread = tracker.spread(quarter[row : row + 1])[0, 0, 0]
            result[row] = np.square(np.maximum(middle[row] + spread, 0.0))
    return result
