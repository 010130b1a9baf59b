"""From the fleet's grid of windows to one workload's outlook: interpolation between grid points, nothing else."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from edgewarm.forecast.protocol import FleetForecast
from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.model.quantiles import Arrivals, Outlook, Quantiles, Spell

HORIZONS_SECONDS = (300.0, 900.0, 3600.0, 86400.0)
ROUNDING = 1e-9
POINTS_A_START = 3  # that a start is looked at, if it takes more than so many steps
PAID_BACK = 3.0  # starts from now: by then a pod must have earned what its own start costs
Spacing = tuple[FloatArray, tuple[float, ...], int]


def between(grid: IntArray | FloatArray | Sequence[int], values: FloatArray, position: float) -> FloatArray:
    """Values (G, ...) at `position` on the rising grid (G,), linear between neighbours, held beyond the ends."""
    right = bisect_left(grid, position)  # a handful: sooner than numpy's
    if right == 0 or right == len(grid):
        return np.asarray(values[min(right, len(grid) - 1)])
    low, high = grid[right - 1], grid[right]
    share = (position - low) / (high - low)
    blend: FloatArray = values[right - 1] + share * (values[right] - values[right - 1])
    return blend


def _near(fleet: FleetForecast) -> int:
    """How many of the single steps are within the longest maximum: a day ahead is a horizon of its own, not a neighbour
    of one hour."""
    return bisect_right(fleet.ahead, fleet.until[-1])


def _between_quantiles(levels: tuple[float, ...], values: FloatArray) -> Quantiles:
    """Of interpolated `values` (Q,), which rounding may have put out of order."""
    return Quantiles(levels, tuple(np.maximum.accumulate(values).tolist()))


def _age(step: int, step_seconds: float, now: float) -> float:
    """Seconds since the last step seen."""
    return max(0.0, now - step * step_seconds)


def lead_edge(step: int, step_seconds: float, now: float, lead_seconds: float) -> float:
    """Where the lead window ends, in steps after the last one seen."""
    return (_age(step, step_seconds, now) + lead_seconds) / step_seconds + 1.0


@lru_cache
def spacing(start: float, step_seconds: float) -> Spacing:
    """Spells of a start of `start` steps: steps from the lead window's end, seconds they stand for, and how many of
    them are over before a pod decided now is ready. Not to be written into."""
    apart = max(1.0, start / POINTS_A_START)
    before = math.ceil((start + 1) / apart - ROUNDING) - 1
    after = max(0, math.floor(((PAID_BACK - 1) * start - 1) / apart + ROUNDING))
    first = start + 1 - before * apart
    seconds = (first * step_seconds,) + (apart * step_seconds,) * (before + after)
    offsets = [apart * (index - before) for index in range(before + after + 1)]
    return np.array(offsets, dtype=np.float64), seconds, before


def _spells(
    near: Sequence[int], soon: FloatArray, levels: tuple[float, ...], edge: float, spaced: Spacing
) -> tuple[Spell, ...]:
    """The demand in each of them; `soon` (G, Q) is that of the grid's single steps `near`. All at once: it is asked of
    every workload in every pass."""
    offsets, seconds, before = spaced
    at = (edge + offsets).clip(near[0], near[-1])
    right = np.searchsorted(near, at).clip(1, len(near) - 1)
    low, high = np.array(near)[right - 1], np.array(near)[right]
    share = ((at - low) / (high - low))[:, None]
    values = np.maximum.accumulate(soon[right - 1] + share * (soon[right] - soon[right - 1]), axis=1).tolist()
    return tuple(
        Spell(lasts, Quantiles(levels, tuple(value)), index >= before)
        for index, (lasts, value) in enumerate(zip(seconds, values, strict=True))
    )


def curve(fleet: FleetForecast, row: int, seconds: FloatArray, step_seconds: float) -> FloatArray:
    """Quantiles (M, Q) of one row `seconds` (M,) after the last step seen, linear between the grid's single steps.

    Beyond the longest maximum the last value is held: a day ahead is no neighbour of an hour.
    """
    near = _near(fleet)
    ahead, told = fleet.ahead[:near], fleet.at_ahead[row, :near]
    path = [np.interp(seconds / step_seconds, ahead, values) for values in told.T]
    return np.maximum.accumulate(np.array(path).T, axis=1)


def outlook(fleet: FleetForecast, row: int, step_seconds: float, now: float, lead_seconds: float) -> Outlook | None:
    """What is expected of one row if a pod takes `lead_seconds` from `now` to be ready; None with too little history.

    The lead window is [now + lead, now + lead + one step]; its later edge is what the pod must be sized for. The hold
    window runs from now to that same edge. Both are counted from the last step that the model has seen.
    """
    if not fleet.known[row]:
        return None
    edge = lead_edge(fleet.step, step_seconds, now, lead_seconds)
    ahead, until = fleet.ahead.tolist(), fleet.until.tolist()
    near = ahead[: _near(fleet)]
    soon = fleet.at_ahead[row, : len(near)]
    lead = np.maximum(between(near, soon, edge - 1.0), between(near, soon, edge))
    hold = np.maximum(between(until, fleet.max_until[row], edge), lead)
    index = {steps: index for index, steps in enumerate(ahead)}
    horizons = tuple(
        (seconds, Quantiles(fleet.levels, tuple(fleet.at_ahead[row, index[steps]].tolist())))
        for seconds in HORIZONS_SECONDS
        if (steps := round(seconds / step_seconds)) in index
    )
    quantiles = (_between_quantiles(fleet.levels, lead), _between_quantiles(fleet.levels, hold))
    return Outlook(
        lead_seconds,
        *quantiles,
        horizons,
        _arrivals(fleet, row, step_seconds, _age(fleet.step, step_seconds, now), edge),
        spells=_spells(near, soon, fleet.levels, edge, spacing(lead_seconds / step_seconds, step_seconds)),
    )


def _arrivals(fleet: FleetForecast, row: int, step_seconds: float, age: float, edge: float) -> Arrivals | None:
    """P of one intermittent row: in the lead window, and by each step from now, given that nothing came since the last.

    What comes in a step may come at any time of it, so P is linear between steps.
    """
    if fleet.chance_ahead is None or fleet.chance_until is None or math.isnan(fleet.chance_ahead[row, 0]):
        return None
    near = _near(fleet)
    soon, lead = (
        float(between(fleet.ahead[:near], fleet.chance_ahead[row, :near], at))
        for at in (math.floor(edge + ROUNDING), edge)
    )
    grid, by = np.append(0, fleet.until), np.append(0.0, fleet.chance_until[row])
    start = age / step_seconds
    before, span = between(grid, by, start), edge - start
    ends = [span - later for later in range(math.ceil(span - ROUNDING))][::-1]
    back = tuple((end, float((between(grid, by, start + end) - before) / (1 - before))) for end in ends)
    return Arrivals(step_seconds, soon, lead, back)
