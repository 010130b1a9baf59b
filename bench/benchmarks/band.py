"""One day of forecasts to look at: what was said a quarter of an hour before, beside what came."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.replaying import HORIZONS, Seat
from benchmarks.traces import DAY_SECONDS

HORIZON = "15 min"
LEVELS = (0.1, 0.5, 0.9)
POINTS = 288  # of a day


def of(seat: Seat) -> dict[str, Any]:
    """The last whole day of a trace at its step or every fifth minute: hours, demand, and quantiles at LEVELS."""
    trace = seat.trace
    ahead = max(1, HORIZONS[HORIZON] // trace.step_seconds)
    end = len(trace.values) // trace.day * trace.day
    every = max(1, trace.day // POINTS)
    steps = np.arange(end - trace.day, end)
    said = seat.ours(steps - ahead, ahead)[:, [seat.levels.index(level) for level in LEVELS]]
    actual = trace.values[steps]
    shown = slice(None, None, every)
    return {
        "trace": trace.name,
        "horizon": HORIZON,
        "levels": LEVELS,
        "below": (actual[:, None] <= said).mean(axis=0).tolist(),
        "hours": ((steps[shown] % trace.day) * trace.step_seconds / 3600).tolist(),
        "demand": actual[shown].tolist(),
        "quantiles": said[shown].T.tolist(),
        "seconds_a_point": DAY_SECONDS // POINTS,
    }
