"""Learning from history: the same updates as live, one step after the other, on a fleet of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edgewarm.forecast.local import offsets
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.forecast.switching import SwitchingFleet
from edgewarm.model.demand import FloatArray, History

TOGETHER = 1440  # steps that stand side by side in memory

Watch = Callable[[int, FloatArray, FleetForecast], None]
"""Told of each step: its number, the demand (N,), and what is forecast after it."""


@dataclass(frozen=True)
class Audience:
    """Who watches while history is learned, and from which step on."""

    since: int
    watch: Watch


def learned(
    histories: Sequence[History | None],
    first: int,
    last: int,
    step_seconds: float,
    audience: Audience | None = None,
    zones: Sequence[str] = (),
) -> SwitchingFleet:
    """A fleet that has seen steps `first`..`last` of each history; None and gaps are unknown (NaN).

    `zones` are the time zones that the histories follow, UTC where none are given.
    """
    fleet = SwitchingFleet(len(histories), step_seconds)
    free = np.zeros(len(histories), dtype=bool)
    for start in range(first, last + 1, TOGETHER):
        past = grid(histories, start, min(start + TOGETHER - 1, last), step_seconds)
        for step, demand in enumerate(past, start):
            if zones:
                fleet.follow_clocks(offsets(zones, step, step_seconds))
            fleet.update(step, demand, free)
            if audience is not None and step >= audience.since:
                audience.watch(step, demand, fleet.forecast())
    return fleet


def grid(histories: Sequence[History | None], first: int, last: int, step_seconds: float) -> FloatArray:
    """Histories side by side, shape (steps, N), NaN where nothing is known."""
    result = np.full((last - first + 1, len(histories)), np.nan)
    for column, history in enumerate(histories):
        if history is None:
            continue
        begin = int(np.floor(history.start / step_seconds + 1e-6)) - first
        inside = slice(max(0, begin), max(0, begin + len(history.values)))
        known = history.values[inside.start - begin :]
        result[inside, column] = known[: len(result[inside])]
    return result
