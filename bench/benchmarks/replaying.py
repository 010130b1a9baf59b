"""The operator's model over whole traces, once, as it would have run: one update a step, forecasts where asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.rivals import RIVALS, past_of, quantiles
from benchmarks.scores import LEVELS
from benchmarks.traces import Trace
from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.naive import Past

Advance = Callable[[], None]
METHODS = ("edgewarm", *RIVALS)
HORIZONS = {"5 min": 300, "15 min": 900, "60 min": 3600, "24 h": 86_400}
RAMP_STEPS = 2  # ahead, at the ramp


@dataclass(frozen=True)
class Seat:
    """A trace and its row of the fleet; `issued` holds quantiles (N, A, L) at the model's `levels` by origin."""

    trace: Trace
    past: Past
    row: int
    issued: dict[int, FloatArray]
    ahead: tuple[int, ...]
    levels: tuple[float, ...]

    def quantiles(self, origin: int, ahead: int) -> FloatArray:
        """(M, Q) of every method, of the value `ahead` steps after `origin`."""
        ours = self.ours(np.array([origin]), ahead)[:, [self.levels.index(level) for level in LEVELS]]
        return np.concatenate([ours, quantiles(self.past, origin, ahead)])

    def ours(self, origins: IntArray, ahead: int) -> FloatArray:
        """What the model said (O, L) at `origins` of the value `ahead` steps after each."""
        column = self.ahead.index(ahead)
        return np.array([self.issued[int(origin)][self.row, column] for origin in origins], dtype=np.float64)


def steps_of(step_seconds: int) -> tuple[int, ...]:
    """The steps ahead that are judged at this length of step."""
    return tuple(sorted({RAMP_STEPS, *(seconds // step_seconds for seconds in HORIZONS.values())} - {0}))


def replayed(traces: Sequence[Trace], wanted: Collection[int], advance: Advance) -> list[Seat]:
    """All traces (of one step length) as one fleet, every trace shifted by whole days to begin on the same one."""
    ahead = steps_of(traces[0].step_seconds)
    fleet = FleetModel(len(traces), float(traces[0].step_seconds), Windows.of(ahead))
    steps = max(len(trace.values) for trace in traces)
    demand = np.full((steps, len(traces)), np.nan)
    for row, trace in enumerate(traces):
        demand[: len(trace.values), row] = trace.values
    free = np.zeros(len(traces), dtype=bool)
    issued: dict[int, FloatArray] = {}
    levels: tuple[float, ...] = ()
    for step, values in enumerate(demand):
        fleet.update(step, values, free)
        if step in wanted:
            forecast = fleet.forecast()
            levels = forecast.levels
            issued[step] = forecast.at_ahead.astype(np.float32)  # all levels of every minute: half the memory
        advance()
    return [Seat(trace, past_of(trace), row, issued, ahead, levels) for row, trace in enumerate(traces)]
