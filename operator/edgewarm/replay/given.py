"""Which trace a command line names: a file with how to read it, or a Prometheus with what to ask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgewarm.replay.errors import TraceError
from edgewarm.replay.from_prometheus import Asking, read_prometheus, time_of
from edgewarm.replay.reading import ReadingOptions, read_csv
from edgewarm.replay.spans import seconds_of
from edgewarm.replay.trace import Trace

DEFAULT_STEP = "60s"  # of a query; a file's step is inferred
DEFAULT_START = "14d"
SMALLEST, LARGEST = 1e-290, 1e150
"""What the largest demand of a trace may be."""


@dataclass(frozen=True)
class Given:
    """The options of a trace as text; what is None was not given."""

    trace: Path | None = None
    step: str | None = None
    time: str | None = None
    value: str | None = None
    where: tuple[str, ...] = ()
    counter: bool = False
    prometheus: str | None = None
    query: str | None = None
    start: str | None = None
    end: str | None = None


def read_given(given: Given, now: float) -> Trace:
    """The trace; TraceError where the options contradict each other or the trace cannot be used."""
    if (given.trace is None) == (given.prometheus is None):
        raise TraceError("TRACE: name one file, or --prometheus with --query, and not both")
    found = _from_prometheus(given, now) if given.prometheus is not None else _from_file(given)
    _check_size(found)
    return found


def _check_size(trace: Trace) -> None:
    """The model squares a demand, and a float has room for 1e308 and 1e-308 only."""
    largest = float(np.nanmax(trace.values, initial=0.0))
    if largest > LARGEST or 0 < largest < SMALLEST:
        what = f"reaches {largest:g}, and a demand is reckoned with from {SMALLEST:g} to {LARGEST:g}"
        raise TraceError(f"{trace.name}: {what}: give it in another unit")


def _from_file(given: Given) -> Trace:
    assert given.trace is not None
    for name, value in (("--query", given.query), ("--start", given.start), ("--end", given.end)):
        if value is not None:
            raise TraceError(f"{name}: belongs to --prometheus, not to a file: leave it out")
    step = None if given.step is None else seconds_of(given.step, "--step")
    where = tuple(_pair(text) for text in given.where)
    return read_csv(given.trace, ReadingOptions(given.time, given.value, step, given.counter, where))


def _from_prometheus(given: Given, now: float) -> Trace:
    for name, value in (("--time", given.time), ("--value", given.value), ("--where", given.where)):
        if value:
            raise TraceError(f"{name}: belongs to a file, not to --prometheus: leave it out")
    if given.counter:
        raise TraceError("--counter: belongs to a file: write rate(...) in the --query instead")
    if given.query is None:
        raise TraceError("--query: is needed with --prometheus, such as 'sum(rate(http_requests_total[1m]))'")
    end = now if given.end is None else time_of(given.end, "--end", now)
    start = time_of(given.start or DEFAULT_START, "--start", end)
    step = seconds_of(given.step or DEFAULT_STEP, "--step")
    return read_prometheus(Asking(given.prometheus or "", given.query, start, end, step))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise TraceError(f"--where: must be COLUMN=TEXT, got {text!r}")
    return name.strip(), value.strip()
