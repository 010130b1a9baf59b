"""The ten minutes around the steepest rise of the median day, two minutes ahead: what a pod of 60 s is decided on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.replaying import METHODS, RAMP_STEPS, Seat
from benchmarks.scores import P90
from benchmarks.traces import Trace
from controlplane.curves import Curve, Rise, steepest_rise
from edgewarm.model.demand import IntArray

BEFORE, AFTER = 2, 8  # minutes from two before the five-minute rise begins until three after it ends: ten
NOTABLE = 1.1  # a median day that rises by less within five minutes has no ramp to speak of


@dataclass(frozen=True)
class Ramp:
    """Per method: share of minutes at or below p90; mean demand above it and mean p90 above demand, % of demand."""

    trace: str
    source: str
    second_of_day: float
    rise: float
    days: int
    coverage: tuple[float, ...]
    short_percent: tuple[float, ...]
    over_percent: tuple[float, ...]


def has_ramp(trace: Trace) -> bool:
    """Five minutes must be five steps."""
    return trace.step_seconds == 60


def rise_of(trace: Trace) -> Rise:
    known = np.flatnonzero(np.isfinite(trace.values))
    return steepest_rise(Curve(known * 60.0, trace.values[known]))


def targets(trace: Trace) -> IntArray:
    """The steps that are judged, (days x 10,): those after training."""
    begin = round(rise_of(trace).second_of_day / trace.step_seconds)
    midnights = np.arange(0, len(trace.values) + trace.day, trace.day)
    steps = (midnights[:, None] + begin + np.arange(-BEFORE, AFTER)).ravel()
    steps = steps[(steps - RAMP_STEPS >= trace.training_end) & (steps < len(trace.values))]
    result: IntArray = steps[np.isfinite(trace.values[steps])]
    return result


def ramp(seat: Seat) -> Ramp:
    """All methods in the minutes of one trace's rise."""
    trace, steps, rise = seat.trace, targets(seat.trace), rise_of(seat.trace)
    actual = trace.values[steps]
    p90 = np.stack([seat.quantiles(int(step) - RAMP_STEPS, RAMP_STEPS)[:, P90] for step in steps], axis=1)
    percent = 100 / max(float(actual.mean()), 1e-12)
    short, over = np.maximum(actual - p90, 0).mean(axis=1), np.maximum(p90 - actual, 0).mean(axis=1)
    return Ramp(
        trace=trace.name,
        source=trace.source,
        second_of_day=rise.second_of_day,
        rise=rise.after / max(rise.before, 1e-12),
        days=len(np.unique(steps // trace.day)),
        coverage=tuple(float(v) for v in (actual <= p90).mean(axis=1)),
        short_percent=tuple(float(v) for v in short * percent),
        over_percent=tuple(float(v) for v in over * percent),
    )


def mean_of(ramps: list[Ramp]) -> dict[str, object]:
    """Means over the traces that have a ramp; None where there is none."""
    chosen = [item for item in ramps if item.rise >= NOTABLE]
    if not chosen:
        return {"traces": 0}
    names = ("coverage", "short_percent", "over_percent")
    means = {name: np.mean([getattr(item, name) for item in chosen], axis=0).tolist() for name in names}
    return {"traces": len(chosen), "methods": METHODS, **means}
