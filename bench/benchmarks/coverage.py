"""Of all the times we say 90 %, does it hold 90 %: per trace, pooled, by hour of day and by volatility.

Judged are recorded traces with a week after training that are not intermittent, after every step; a value counts for
the hour of the day (UTC) that it falls in, and for the tercile of its trace's volatility at the origin.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.replaying import HORIZONS, Seat
from edgewarm.model.demand import BoolArray, FloatArray, IntArray
from edgewarm.replay.scores import HOURS, TERCILES, terciles, volatility

LEVEL = 0.9
TEST_DAYS = 7
MOST_ZEROS = 0.2  # of a trace's values; with more it is intermittent
VOLATILITY_SECONDS, FEWEST_STEPS = 3600, 5


def is_judged(seat: Seat) -> bool:
    """A week after training, but for a torn edge, and not intermittent."""
    trace = seat.trace
    known = trace.values[np.isfinite(trace.values)]
    days = (len(trace.values) - trace.training_end) / trace.day
    return trace.source != "synthetic" and days >= TEST_DAYS - 0.1 and float((known == 0).mean()) <= MOST_ZEROS


def of(seats: Sequence[Seat]) -> dict[str, Any]:
    """By horizon: shares at or below p90 of each trace, of all, of each hour and tercile, and of every level."""
    judged = [seat for seat in seats if is_judged(seat)]
    result = {}
    for name, seconds in HORIZONS.items():
        parts = [_hits(seat, seconds // seat.trace.step_seconds) for seat in judged]
        if parts:
            result[name] = _pooled(judged, parts)
    return result


def _hits(seat: Seat, ahead: int) -> tuple[BoolArray, IntArray, IntArray]:
    """Hits (O, L), hour and tercile (O,) of one trace."""
    trace = seat.trace
    origins = np.arange(trace.training_end, len(trace.values) - ahead)
    actual = trace.values[origins + ahead]
    said = seat.ours(origins, ahead)
    known = np.isfinite(actual) & np.isfinite(said).all(axis=1)
    hours = (origins + ahead) % trace.day * HOURS // trace.day
    window = max(FEWEST_STEPS, VOLATILITY_SECONDS // trace.step_seconds)
    calm_to_wild = terciles(volatility(trace.values, window)[origins])
    return (actual[:, None] <= said)[known], hours[known], calm_to_wild[known]


def _pooled(seats: Sequence[Seat], parts: Sequence[tuple[BoolArray, IntArray, IntArray]]) -> dict[str, Any]:
    levels = seats[0].levels
    column = levels.index(LEVEL)
    hits = np.concatenate([part[0] for part in parts])
    hours, wild = (np.concatenate([part[index] for part in parts]) for index in (1, 2))
    return {
        "targets": len(hits),
        "traces": {seat.trace.name: float(part[0][:, column].mean()) for seat, part in zip(seats, parts, strict=True)},
        "pooled": float(hits[:, column].mean()),
        "by_hour": _by(hits[:, column], hours, HOURS).tolist(),
        "by_volatility": _by(hits[:, column], wild, TERCILES).tolist(),
        "levels": list(levels),
        "by_level": hits.mean(axis=0).tolist(),
    }


def _by(hits: BoolArray, group: IntArray, groups: int) -> FloatArray:
    inside = group >= 0
    counts = np.bincount(group[inside], minlength=groups)
    result: FloatArray = np.bincount(group[inside], weights=hits[inside], minlength=groups) / np.maximum(counts, 1)
    return result
