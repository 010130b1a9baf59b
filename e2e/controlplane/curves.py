"""Demand as a piecewise linear function of absolute time: traces, a generator, and what both have in common; pure."""

import csv
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import ControlPlaneError

Floats = NDArray[np.float64]
DAY = 86_400.0
MINUTE = 60.0
TIME_COLUMNS = ("timestamp", "time", "ts", "date")
VALUE_COLUMNS = ("value", "demand", "requests", "count")
GAP_STEPS = 3.0  # a pause longer than this many usual steps is a gap: the last value holds in it


class Curve:
    """Demand per second at unix times; linear between points, held before the first and after the last."""

    def __init__(self, times: Iterable[float], values: Iterable[float]) -> None:
        self.times: Floats = np.array(list(times), dtype=np.float64)
        self.values: Floats = np.array(list(values), dtype=np.float64)
        if self.times.size == 0 or self.times.shape != self.values.shape:
            raise ControlPlaneError("a curve needs as many times as values, and at least one of each")
        if np.any(np.diff(self.times) <= 0):
            raise ControlPlaneError("a curve's times must rise")
        areas = np.diff(self.times) * (self.values[1:] + self.values[:-1]) / 2
        self._areas: Floats = np.concatenate(([0.0], np.cumsum(areas)))

    @property
    def start(self) -> float:
        return float(self.times[0])

    @property
    def end(self) -> float:
        return float(self.times[-1])

    def at(self, time: float) -> float:
        return float(np.interp(time, self.times, self.values))

    def integral(self, time: float) -> float:
        """Demand summed from the curve's start to `time`: what a counter would show; 0 before the start."""
        return float(self.integrals(np.array([time]))[0])

    def samples(self, times: Floats) -> Floats:
        return np.interp(times, self.times, self.values)

    def integrals(self, times: Floats) -> Floats:
        index = np.clip(np.searchsorted(self.times, times, side="right") - 1, 0, self.times.size - 1)
        elapsed = np.maximum(times - self.times[index], 0.0)
        return self._areas[index] + elapsed * (self.values[index] + self.samples(times)) / 2


@dataclass(frozen=True)
class Rise:
    """The steepest five minutes of a median day: when they begin (seconds of the UTC day), from what to what."""

    second_of_day: float
    before: float
    after: float


@dataclass(frozen=True)
class DayShape:
    """A generated day: quiet at `base`, then within `ramp_seconds` up by `factor`, a gentle noon, an evening."""

    base: float = 200.0
    factor: float = 2.3
    ramp_seconds: float = 240.0
    noise: float = 0.02  # standard deviation of the multiplicative noise
    memory: float = 0.8  # its autocorrelation from minute to minute
    day_spread: float = 0.03  # standard deviation of a day's level
    ramp_jitter_seconds: float = 25.0


def scaled(curve: Curve, factor: float) -> Curve:
    return Curve(curve.times, curve.values * factor)


def shifted(trace: Curve, *, align: float, to: float) -> Curve:
    """The trace moved so that its time `align` falls on `to`: whole days plus an offset, never compressed."""
    return Curve(trace.times + (to - align), trace.values)


def on_last_day(trace: Curve, second_of_day: float) -> float:
    """The unix time of that time of the UTC day on the trace's last day that has it."""
    midnight = trace.end // DAY * DAY
    found = midnight + second_of_day
    return found if found <= trace.end else found - DAY


def holding_gaps(times: Floats, values: Floats) -> Curve:
    """Sorts, drops what is not a number, and holds the last value where samples are missing."""
    kept = np.isfinite(times) & np.isfinite(values)
    order, first = np.unique(times[kept], return_index=True)
    ordered = values[kept][first]
    if order.size < 3:
        return Curve(order, ordered)
    steps = np.diff(order)
    step = float(np.median(steps))
    gaps = np.flatnonzero(steps > GAP_STEPS * step)
    return Curve(np.insert(order, gaps + 1, order[gaps + 1] - step), np.insert(ordered, gaps + 1, ordered[gaps]))


def load_trace(path: Path) -> Curve:
    """A CSV or CSV.gz with a time column (unix seconds or ISO 8601, UTC where no zone is given) and a value column."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    rows = csv.reader(text.splitlines())
    header = [name.strip().lower() for name in next(rows, [])]
    time, value = _column(header, TIME_COLUMNS, path), _column(header, VALUE_COLUMNS, path)
    pairs = [(_unix(row[time]), _number(row[value])) for row in rows if row]
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return holding_gaps(table[:, 0], table[:, 1])


def median_day(trace: Curve) -> Floats:
    """1440 values: for each minute of the UTC day the median over the whole days of the trace."""
    first = np.ceil(trace.start / DAY) * DAY
    days = int((trace.end + MINUTE - first) // DAY)
    if days < 1:
        raise ControlPlaneError("a median day needs a trace with at least one whole UTC day")
    minutes = first + np.arange(days * 1440) * MINUTE
    middle: Floats = np.median(trace.samples(minutes).reshape(days, 1440), axis=0)
    return middle


def steepest_rise(trace: Curve) -> Rise:
    """Where the median day rises most within five minutes; midnight is crossed like any other minute."""
    day = median_day(trace)
    later = np.roll(day, -5)
    minute = int(np.argmax(later - day))
    return Rise(minute * MINUTE, float(day[minute]), float(later[minute]))


def generated(
    days: int, seed: int, now: float, *, ramp_at: float | None = None, shape: DayShape | None = None
) -> Curve:
    """Demand of `days` days up to `now` and 30 minutes on, at one minute, the same for the same arguments.

    Each day ramps up at the second of the UTC day `ramp_at` (three minutes after `now` by default), moved by less
    than half a minute; a day's level varies by a few percent; the noise is multiplicative and autocorrelated.
    """
    shape = shape or DayShape()
    ramp = (now + 180.0) % DAY if ramp_at is None else ramp_at
    random = np.random.default_rng(seed)
    times = np.arange(now - days * DAY, now + 1800.0 + MINUTE, MINUTE)
    first = times[0] // DAY - 1
    count = int(times[-1] // DAY - first) + 2
    ramps = (first + np.arange(count)) * DAY + ramp
    moved = ramps + random.uniform(-shape.ramp_jitter_seconds, shape.ramp_jitter_seconds, count)
    levels = np.exp(random.normal(0.0, shape.day_spread, count))
    day = np.searchsorted(moved, times, side="right") - 1
    since = times - moved[np.clip(day, 0, count - 1)]
    level = np.interp(times, ramps + DAY / 4, levels)
    noise = np.exp(_autoregressive(random, times.size, shape))
    return Curve(times, shape.base * level * noise * _day_cycle(since, shape))


def _day_cycle(since_ramp: Floats, shape: DayShape) -> Floats:
    """The factor over the base, by seconds since the day's ramp began."""
    hour = 3600.0
    at = [0.0, shape.ramp_seconds, 4 * hour, 9 * hour, 13 * hour, 20 * hour, DAY + 60]
    height = shape.factor - 1
    rise = [0.0, height, height * 1.15, height, height * 0.6, 0.0, 0.0]
    return 1.0 + np.interp(since_ramp, at, rise)


def _autoregressive(random: np.random.Generator, count: int, shape: DayShape) -> Floats:
    shocks = random.normal(0.0, shape.noise * np.sqrt(1 - shape.memory**2), count)
    values = np.empty(count)
    last = 0.0
    for index, shock in enumerate(shocks):
        last = shape.memory * last + shock
        values[index] = last
    return values


def _column(header: Sequence[str], names: Sequence[str], path: Path) -> int:
    for name in names:
        if name in header:
            return header.index(name)
    raise ControlPlaneError(f"{path}: no column named one of {', '.join(names)}; its header is {', '.join(header)}")


def _unix(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(text: str) -> float:
    return float(text) if text.strip() else float("nan")
