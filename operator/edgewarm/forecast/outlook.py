"""From the fleet's grid of windows to one workload's outlook: interpolation between grid points, nothing else."""

from __future__ import annotations

import numpy as np

from edgewarm.forecast.protocol import FleetForecast
from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.model.quantiles import Outlook, Quantiles

HORIZONS_SECONDS = (300.0, 900.0, 3600.0, 86400.0)


def _between(grid: IntArray, values: FloatArray, position: float) -> FloatArray:
    """Values (Q,) at `position` on the rising grid (G,), linear between neighbours, held beyond the ends."""
    right = int(grid.searchsorted(position))
    if right == 0 or right == len(grid):
        return np.asarray(values[min(right, len(grid) - 1)])
    low, high = grid[right - 1], grid[right]
    share = (position - low) / (high - low)
    blend: FloatArray = values[right - 1] + share * (values[right] - values[right - 1])
    return blend


def _quantiles(levels: tuple[float, ...], values: FloatArray) -> Quantiles:
    return Quantiles(levels, tuple(np.maximum.accumulate(values).tolist()))


def outlook(fleet: FleetForecast, row: int, step_seconds: float, now: float, lead_seconds: float) -> Outlook | None:
    """What is expected of one row if a pod takes `lead_seconds` from `now` to be ready; None with too little history.

    The lead window is [now + lead, now + lead + one step]; its later edge is what the pod must be sized for. The hold
    window runs from now to that same edge. Both are counted from the last step that the model has seen.
    """
    if not fleet.known[row]:
        return None
    age = max(0.0, now - fleet.step * step_seconds)
    edge = (age + lead_seconds) / step_seconds + 1.0
    near = fleet.ahead <= fleet.until[-1]  # a day ahead is a horizon of its own, not a neighbour of one hour
    ahead, soon = fleet.ahead[near], fleet.at_ahead[row, near]
    lead = np.maximum(_between(ahead, soon, edge - 1.0), _between(ahead, soon, edge))
    hold = np.maximum(_between(fleet.until, fleet.max_until[row], edge), lead)
    at = {steps: fleet.at_ahead[row, index] for index, steps in enumerate(fleet.ahead.tolist())}
    horizons = tuple(
        (seconds, _quantiles(fleet.levels, at[steps]))
        for seconds in HORIZONS_SECONDS
        if (steps := round(seconds / step_seconds)) in at
    )
    return Outlook(lead_seconds, _quantiles(fleet.levels, lead), _quantiles(fleet.levels, hold), horizons)
