"""Forecasts against last value and seasonal naive: issued after every step that follows training, on the same targets.

The rivals are those of `edgewarm backtest`: last value, and seasonal naive of a day and of a week, each with its
trailing, its native and our calibrator's quantiles; the best of all of them in hindsight, per trace and horizon, is
what the ratio is taken to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from benchmarks import band, coverage, ramps
from benchmarks.replaying import HORIZONS, METHODS, RAMP_STEPS, Seat, replayed
from benchmarks.scores import LEVELS, P90, Scored, summary
from benchmarks.traces import Trace, recorded, synthetic
from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.calibrated import calibrated
from edgewarm.replay.rivals import contenders, rules
from edgewarm.replay.scores import pinball, scale


def run(folder: Path | None, names: Collection[str], quick: bool, progress: Progress) -> dict[str, Any]:
    """Every trace at every horizon, its coverage, and the minutes of its ramp."""
    found, notes = recorded(folder, names)
    traces = synthetic(quick) + found
    seats = _seats(traces, progress)
    task = progress.add_task("naive rivals", total=len(seats))
    by_horizon: dict[str, list[Scored]] = {name: [] for name in HORIZONS}
    for seat in seats:
        for name, item in scored(seat).items():
            by_horizon[name].append(item)
        progress.advance(task)
    by_ramp = [ramps.ramp(seat) for seat in seats if ramps.has_ramp(seat.trace)]
    notes += [f"{name}: no trace has that window." for name, items in by_horizon.items() if not items]
    return {
        "methods": METHODS,
        "levels": LEVELS,
        "traces": [_described(trace) for trace in traces],
        "groups": {name: _grouped(items) for name, items in by_horizon.items() if items},
        "by_trace": {name: [_row(item) for item in items] for name, items in by_horizon.items() if items},
        "coverage": coverage.of(seats),
        "band": band.of(seats[0]),
        "ramps": {"by_trace": [asdict(item) for item in by_ramp], "mean": ramps.mean_of(by_ramp)},
        "notes": notes,
    }


def origins(trace: Trace, ahead: int) -> IntArray:
    """Steps at which a forecast `ahead` steps on is judged: after training, the target inside and known."""
    found = np.arange(trace.training_end, len(trace.values) - ahead)
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
    after = np.arange(trace.training_end, len(trace.values))
    return np.concatenate([after, ramps.targets(trace) - RAMP_STEPS]) if ramps.has_ramp(trace) else after


def scored(seat: Seat) -> dict[str, Scored]:
    """Losses of every method at every origin of one trace, by horizon; ours is the first."""
    trace, past = seat.trace, seat.past
    every = np.arange(trace.training_end, len(trace.values))
    horizons = {name: ahead for name, s in HORIZONS.items() if (ahead := steps_ahead(trace, s)) is not None}
    found = rules(trace.known_steps, trace.training_end - trace.start, trace.day)
    tracked = calibrated(past, 0, found, tuple(horizons.values()), every, lambda _: None)
    result = {}
    for column, (name, ahead) in enumerate(horizons.items()):
        chosen = origins(trace, ahead)
        if len(chosen):
            rows = tracked[chosen - trace.training_end, :, column]
            rivals = [quantiles for _, quantiles in contenders(past, found, chosen, ahead, LEVELS, rows)]
            result[name] = _scored(seat, chosen, ahead, rivals)
    return result


def _scored(seat: Seat, chosen: IntArray, ahead: int, rivals: Sequence[FloatArray]) -> Scored:
    trace = seat.trace
    columns = [seat.levels.index(level) for level in LEVELS]
    quantiles = np.stack([seat.ours(chosen, ahead)[:, columns], *rivals])
    unit = scale(trace.values[trace.start : trace.training_end], trace.day)
    actual = trace.values[chosen + ahead]
    loss = 2 * pinball(actual, quantiles, LEVELS).mean(axis=-1) / unit
    covered = actual <= quantiles[[0, 1, 4], :, P90]  # ours, and both rules with their trailing residuals
    return Scored(trace.name, trace.source, loss, covered, chosen // trace.day)


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
