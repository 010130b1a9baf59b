"""A trace straight from a Prometheus: range queries, as the operator's own look into the past (sources.past)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import numpy as np

from edgewarm.model.demand import History
from edgewarm.replay.errors import TraceError
from edgewarm.replay.moments import moment, number, unix_unit
from edgewarm.replay.regular import remarks
from edgewarm.replay.spans import seconds_of
from edgewarm.replay.trace import Trace
from edgewarm.sources.grid import Grid, Stretch
from edgewarm.sources.past import past
from edgewarm.sources.prometheus import Prometheus
from edgewarm.sources.routes import Question, Route, shortened
from edgewarm.sources.settings import Source
from edgewarm.sources.trouble import QueryError
from edgewarm.sources.wire import RawSeries

NAME = "prometheus"
TIMEOUT_SECONDS = 60.0
MOST_SERIES = 1_000
MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class Asking:
    """Which query to ask of which Prometheus, from `start` to `end` (Unix seconds), every `step_seconds`."""

    url: str
    query: str
    start: float
    end: float
    step_seconds: float = 60.0
    timeout_seconds: float = TIMEOUT_SECONDS


def time_of(text: str, option: str, end: float) -> float:
    """Unix seconds of an ISO time, of Unix seconds, or of a span such as 14d before `end`."""
    found = number(text)
    if found is not None and np.isfinite(found):
        return found / unix_unit(found)
    at = moment(text)
    if at is not None:
        return at[0]
    try:
        return end - seconds_of(text, option)
    except TraceError as error:
        wanted = "an ISO time, Unix seconds, or a span before --end such as 14d"
        raise TraceError(f"{option}: must be {wanted}, got {text!r}") from error


def read_prometheus(asking: Asking) -> Trace:
    """The demand that a query answered over time; TraceError names the option and the fix."""
    _check(asking)
    return asyncio.run(_read(asking))


def _check(asking: Asking) -> None:
    try:
        parts = urlsplit(asking.url)
        host = parts.hostname
    except ValueError as error:
        raise TraceError(f"--prometheus: is not a URL ({error})") from error
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise TraceError(f"--prometheus: must be http://host[:port][/prefix] or https://..., got {asking.url!r}")
    if not asking.query.strip():
        raise TraceError("--query: is empty: give PromQL that answers one series, such as sum(rate(x_total[1m]))")
    if not asking.start + asking.step_seconds <= asking.end:
        raise TraceError("--start: must lie at least one step before --end")


async def _read(asking: Asking) -> Trace:
    source = Source(NAME, asking.url.rstrip("/"), asking.timeout_seconds, MOST_SERIES, MOST_BYTES)
    client = Prometheus(source)
    await client.start()
    try:
        history = await _history(client, asking)
    finally:
        await client.close()
    return _trace(asking, history)


async def _history(client: Prometheus, asking: Asking) -> History:
    first = np.ceil(asking.start / asking.step_seconds) * asking.step_seconds
    grid = Grid.between(float(first), asking.end, asking.step_seconds)
    route = Route(Question(NAME, asking.query))

    async def ask(grid: Grid, part: Stretch) -> Sequence[RawSeries]:
        answer = await client.range(asking.query, grid.at(part.first), grid.at(part.stop - 1), grid.step_seconds)
        _check_one(asking.query, answer)
        return answer

    try:
        return (await past(ask, [route], grid))[route]
    except QueryError as error:
        raise TraceError(f'--prometheus: {asking.url}: "{shortened(asking.query)}": {error.text}') from error


def _check_one(query: str, answer: Sequence[RawSeries]) -> None:
    if len(answer) > 1:
        found = f"answers {len(answer)} series, a demand is one number: wrap it in sum(...)"
        raise TraceError(f'--query: "{shortened(query)}" {found}')


def _trace(asking: Asking, history: History) -> Trace:
    known = np.flatnonzero(np.isfinite(history.values))
    if len(known) < 2:
        what = "has no demand between --start and --end: check the metric, its labels and the times"
        raise TraceError(f'--query: "{shortened(asking.query)}" {what}')
    begin, end = int(known[0]), int(known[-1]) + 1
    first = round(history.start / history.step_seconds) + begin
    trace = Trace(asking.query, history.step_seconds, first, history.values[begin:end])
    return replace(trace, notes=tuple(remarks(trace)))
