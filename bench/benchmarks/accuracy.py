"""Forecasts against last value and seasonal naive: origins every 365 minutes after training, on the same targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from benchmarks import ramps
from benchmarks.replaying import HORIZONS, METHODS, RAMP_STEPS, Seat, replayed
from benchmarks.scores import LEVELS, P90, Scored, loss_of, summary
from benchmarks.traces import Trace, recorded, synthetic
from edgewarm.model.demand import IntArray
from edgewarm.replay.scores import scale

ORIGIN_SECONDS = 365 * 60  # not a divisor of a day or an hour: origins wander over the clock


def run(folder: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Every trace at every horizon, and the minutes of its ramp."""
    traces = synthetic(quick)
    notes: list[str] = []
    if folder is not None:
        found, notes = recorded(folder)
        traces += found
    else:
        notes.append("No recorded traces: give --traces DIR or set EDGEWARM_TRACES.")
    seats = _seats(traces, progress)
    by_horizon = {name: _scored_all(seats, seconds) for name, seconds in HORIZONS.items()}
    by_ramp = [ramps.ramp(seat) for seat in seats if ramps.has_ramp(seat.trace)]
    notes += [f"{name}: no trace has that window." for name, items in by_horizon.items() if not items]
    return {
        "methods": METHODS,
        "levels": LEVELS,
        "traces": [_described(trace) for trace in traces],
        "groups": {name: _grouped(items) for name, items in by_horizon.items() if items},
        "by_trace": {name: [_row(item) for item in items] for name, items in by_horizon.items() if items},
        "ramps": {"by_trace": [asdict(item) for item in by_ramp], "mean": ramps.mean_of(by_ramp)},
        "notes": notes,
    }


def origins(trace: Trace, ahead: int) -> IntArray:
    """Steps at which a forecast `ahead` steps on is judged: after training, the target inside and known."""
    first, last = trace.training_end, len(trace.values) - ahead
    found = np.arange(first, last, ORIGIN_SECONDS // trace.step_seconds)
    result: IntArray = found[np.isfinite(trace.values[found + ahead])]
    return result


def steps_ahead(trace: Trace, seconds: int) -> int | None:
    """The horizon in steps, None where it is shorter than one."""
    return seconds // trace.step_seconds or None


def _seats(traces: Sequence[Trace], progress: Progress) -> list[Seat]:
    seats: list[Seat] = []
    for step_seconds, members in groupby(sorted(traces, key=_step), key=_step):
        same = list(members)
        task = progress.add_task(
            f"replaying {len(same)} traces at {step_seconds} s", total=max(len(trace.values) for trace in same)
        )
        wanted = {int(step) for trace in same for step in _wanted(trace)}
        seats += replayed(same, wanted, partial(progress.advance, task))
    return seats


def _step(trace: Trace) -> int:
    return trace.step_seconds


def _wanted(trace: Trace) -> IntArray:
    parts = [origins(trace, ahead) for s in HORIZONS.values() if (ahead := steps_ahead(trace, s)) is not None]
    if ramps.has_ramp(trace):
        parts.append(ramps.targets(trace) - RAMP_STEPS)
    return np.concatenate(parts)


def _scored_all(seats: Sequence[Seat], seconds: int) -> list[Scored]:
    pairs = ((seat, steps_ahead(seat.trace, seconds)) for seat in seats)
    return [scored(seat, ahead) for seat, ahead in pairs if ahead is not None]


def scored(seat: Seat, ahead: int) -> Scored:
    """Losses and coverage of every method at every origin of one trace."""
    trace, found = seat.trace, origins(seat.trace, ahead)
    unit = scale(trace.values[trace.start : trace.training_end], trace.day)
    loss, covered = np.empty((len(METHODS), len(found))), np.empty((len(METHODS), len(found)), dtype=bool)
    for index, origin in enumerate(found):
        actual = float(trace.values[origin + ahead])
        quantiles = seat.quantiles(int(origin), ahead)
        loss[:, index] = loss_of(actual, quantiles) / unit
        covered[:, index] = actual <= quantiles[:, P90]
    return Scored(trace.name, trace.source, loss, covered, found // trace.day)


def _grouped(items: Sequence[Scored]) -> dict[str, Any]:
    """A summary per source, and one of all recorded traces where there are some."""
    sources = dict.fromkeys(item.source for item in items)
    groups = {source: [item for item in items if item.source == source] for source in sources}
    real = [item for item in items if item.source != "synthetic"]
    if real:
        groups["all recorded"] = real
    return {name: asdict(summary(members)) for name, members in groups.items()}


def _row(item: Scored) -> dict[str, Any]:
    return {
        "trace": item.trace,
        "source": item.source,
        "origins": item.origins,
        "ratio": item.ratio(),
        "loss": item.loss.mean(axis=1).tolist(),
        "coverage": item.covered.mean(axis=1).tolist(),
    }


def _described(trace: Trace) -> dict[str, Any]:
    return {
        "trace": trace.name,
        "source": trace.source,
        "step_seconds": trace.step_seconds,
        "days": round(trace.days, 1),
        "training_days": round((trace.training_end - trace.start) / trace.day, 1),
    }
