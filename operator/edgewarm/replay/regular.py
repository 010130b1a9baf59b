"""Samples at any times to a trace on a regular grid: a step is the mean of its samples, labelled by its last one.

    samples that come once a step, always at the same second    label = their own time (Trace.offset_seconds)
    else                                                        step k holds (k - 1) x step < t <= k x step

A counter becomes increases per second first, as Prometheus' `rate` does it: where it falls it was reset, and what it
shows is the increase since (https://prometheus.io/docs/prometheus/latest/querying/functions/#rate).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.model.units import format_duration, format_time
from edgewarm.replay.errors import TraceError
from edgewarm.replay.samples import Samples, counted, without_negative
from edgewarm.replay.spans import DAY_SECONDS
from edgewarm.replay.trace import Trace

COARSE = 1.5  # samples this many steps apart leave most steps unknown
SETTLED = 0.9  # share of the samples that are within a tenth of a step of one phase: they come once a step
LOOKS_LIKE_COUNTER = 100  # differences before anything is said
EMPTIEST = 20  # steps per sample, beyond which a time must be wrong
ALWAYS_FINE = 20_000  # steps


@dataclass(frozen=True)
class Grid:
    """Steps of `step_seconds`, shifted by `offset_seconds`; `index` (n,) is the step of each sample."""

    step_seconds: float
    offset_seconds: float
    index: IntArray


def regular(name: str, found: Samples, step_seconds: float | None, counter: bool) -> Trace:
    """The trace; TraceError where the samples are too few, too far apart, or all unknown."""
    if len(found.times) < 2:
        raise TraceError(f"{name}: has one row only: a forecast needs at least a day of them")
    ordered, notes = _ordered(name, found)
    between = _between(name, ordered.times)
    step = step_seconds if step_seconds is not None else _rounded(between)
    _check_step(name, step, between)
    if counter:
        ordered, more = _increases(ordered, max(step, between))
    else:
        more = _counter_hint(ordered.values)
        kept, negative = without_negative(ordered.values, ordered.lines)
        ordered, more = replace(ordered, values=kept), [*negative, *more]
    if not np.isfinite(ordered.values).any():
        raise TraceError(f"{name}: holds no known demand (every value is empty, NaN, negative or marked missing)")
    trace = _onto(name, ordered, _grid(ordered.times, step, between))
    return replace(trace, notes=(*found.notes, *notes, *more, *remarks(trace)))


def _ordered(name: str, found: Samples) -> tuple[Samples, list[str]]:
    """By time; notes on rows that go back and on times that occur twice."""
    notes = []
    falls = np.flatnonzero(np.diff(found.times) < 0)
    order = np.argsort(found.times, kind="stable")
    times, lines = found.times[order], found.lines[order]
    if falls.size:
        places = counted(falls.size, "place")
        notes.append(f"Time goes back at {places} (first: line {found.lines[falls[0] + 1]}): rows are sorted by time.")
    twice = np.flatnonzero(np.diff(times) == 0)
    if twice.size:
        what = f"{counted(twice.size, 'row')} with the time of another one"
        first = f"first: line {max(lines[twice[0] : twice[0] + 2])}"
        notes.append(f"{what} ({first}): the mean is taken; if clocks went back there, give the times in UTC.")
    return Samples(times, found.values[order], lines), notes


def _between(name: str, times: FloatArray) -> float:
    """Typical seconds between two samples."""
    apart = np.diff(times)
    apart = apart[apart > 0]
    if not apart.size:
        raise TraceError(f"{name}: all rows have the same time: name the column of times with --time")
    return float(np.median(apart))


def _rounded(seconds: float) -> float:
    """A whole second where a scrape only trembles around it."""
    whole = round(seconds)
    return float(whole) if whole and abs(seconds - whole) <= 0.02 * seconds else seconds


def _check_step(name: str, step: float, between: float) -> None:
    if step > DAY_SECONDS:
        raise TraceError(f"{name}: --step: a step is at most a day, got {step:g} s")
    if between > COARSE * step:
        fix = f"give --step {format_duration(_rounded(between))} or more"
        raise TraceError(f"{name}: --step: samples are {between:g} s apart, so most steps would be empty: {fix}")


def _grid(times: FloatArray, step: float, between: float) -> Grid:
    phase = _phase(times, step) if between > 0.75 * step else None
    if phase is not None:
        return Grid(step, phase, np.rint((times - phase) / step).astype(np.int64))
    return Grid(step, 0.0, np.ceil(times / step - 1e-6).astype(np.int64))


def _phase(times: FloatArray, step: float) -> float | None:
    """Where in a step nearly all samples lie, in whole milliseconds; None where they lie anywhere."""
    away = ((times - times[0]) / step + 0.5) % 1.0 - 0.5
    middle = float(np.median(away))
    if np.mean(np.abs(away - middle) <= 0.1) < SETTLED:
        return None
    return float(round((float(times[0]) + middle * step) % step, 3) % step)


def _onto(name: str, found: Samples, grid: Grid) -> Trace:
    first, last = int(grid.index[0]), int(grid.index[-1])
    steps = last - first + 1
    if steps > max(ALWAYS_FINE, EMPTIEST * len(found.times)):
        widest = int(np.argmax(np.diff(found.times)))
        here, there = format_time(found.times[widest]), format_time(found.times[widest + 1])
        place = f"line {found.lines[widest + 1]}: {there} comes after {here}"
        raise TraceError(f"{name}: {place}, nearly all of the trace would be gaps: correct the time or cut the file")
    known = np.isfinite(found.values)
    where = grid.index[known] - first
    counts = np.bincount(where, minlength=steps)
    sums = np.bincount(where, weights=found.values[known], minlength=steps)
    values = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return Trace(name, grid.step_seconds, first, values, (), grid.offset_seconds)


def _increases(found: Samples, typical: float) -> tuple[Samples, list[str]]:
    """Increase per second up to each sample from the known one before; unknown across a gap."""
    known = np.flatnonzero(np.isfinite(found.values) & np.append(np.diff(found.times) > 0, True))
    values, times = found.values[known], found.times[known]
    risen, apart = np.diff(values), np.diff(times)
    resets = risen < 0
    increases = np.where(resets, values[1:], risen) / np.where(apart > 0, apart, np.nan)
    increases[(apart > COARSE * typical) | (increases < 0)] = np.nan
    rates = np.full(len(found.values), np.nan)
    rates[known[1:]] = increases
    notes = ["A counter: values are its increases per second; the first sample has none."]
    if resets.any():
        count = counted(int(resets.sum()), "time")
        notes.append(f"The counter was reset {count} (first: line {found.lines[known[1:][resets][0]]}).")
    return replace(found, values=rates), notes


def _counter_hint(values: FloatArray) -> list[str]:
    moves = np.diff(values[np.isfinite(values)])
    if len(moves) < LOOKS_LIKE_COUNTER or (moves > 0).mean() < 0.9 or (moves < 0).mean() > 0.01:
        return []
    return ["The values hardly ever fall, as a counter's do: if it is one, give --counter."]


def remarks(trace: Trace) -> list[str]:
    """What a reader should know of the series: its gaps, and a shape that no forecast can use."""
    return [*_gaps(trace), *_shape(trace)]


def _gaps(trace: Trace) -> list[str]:
    unknown = ~np.isfinite(trace.values)
    if not unknown.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], unknown, [False]])))
    begins, lengths = edges[::2], edges[1::2] - edges[::2]
    longest = int(np.argmax(lengths))
    span = format_duration(round(float(lengths[longest]) * trace.step_seconds, 3))
    at = format_time(trace.time(int(begins[longest])))
    share = f"{int(unknown.sum())} of {len(unknown)} steps are unknown"
    return [f"{share}, in {counted(len(begins), 'gap')}; the longest is {span} from {at}."]


def _shape(trace: Trace) -> list[str]:
    notes = []
    known = trace.values[np.isfinite(trace.values)]
    if known.min() == known.max():
        notes.append(f"The demand is always {known[0]:g}: there is nothing to forecast, and losses are not scaled.")
    if DAY_SECONDS % trace.step_seconds:
        notes.append(f"A day is no whole number of steps of {trace.step_seconds:g} s: its pattern is learned blurred.")
    return notes
