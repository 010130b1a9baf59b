"""The history of one question: range queries of at most 10,000 points, shorter where an answer is too large.

A template's answer holds the series of every policy that shares it, so bytes are the limit that binds: after each
answer above maxBytes the stretch is a quarter as long. Only series that somebody asked for are decoded, one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from edgewarm.model.demand import History
from edgewarm.sources.grid import Filler, Grid, Stretch
from edgewarm.sources.routes import Route
from edgewarm.sources.trouble import TooMuch
from edgewarm.sources.wire import RawSeries, points

MOST_POINTS = 10_000
"""Prometheus allows 11,000 per series."""

FEWEST_POINTS = 60

AskRange = Callable[[Grid, Stretch], Awaitable[Sequence[RawSeries]]]
Values = tuple[str | None, ...]


async def past(ask: AskRange, routes: Iterable[Route], grid: Grid) -> Mapping[Route, History]:
    """The history of each route of one question; all or nothing: raises QueryError when a stretch is not answered."""
    fillers = {route: Filler(grid, adds=bool(route.split)) for route in routes}
    wanted = _by_labels(fillers)
    first, longest = 0, MOST_POINTS
    while first < grid.size:
        stretch = Stretch(first, min(first + longest, grid.size))
        try:
            answer = await ask(grid, stretch)
        except TooMuch:
            if longest <= FEWEST_POINTS:
                raise
            longest = max(FEWEST_POINTS, longest // 4)
            continue
        await _take(answer, wanted, stretch)
        first = stretch.stop
    return {route: filler.history() for route, filler in fillers.items()}


def _by_labels(fillers: Mapping[Route, Filler]) -> Mapping[tuple[str, ...], Mapping[Values, Filler]]:
    """label names -> label values -> filler, so that each series finds its readers at once."""
    wanted: dict[tuple[str, ...], dict[Values, Filler]] = {}
    for route, filler in fillers.items():
        wanted.setdefault(route.names, {})[tuple(value for _, value in route.labels)] = filler
    return wanted


async def _take(
    answer: Sequence[RawSeries], wanted: Mapping[tuple[str, ...], Mapping[Values, Filler]], stretch: Stretch
) -> None:
    for series in answer:
        readers = [
            filler
            for names, by_values in wanted.items()
            if (filler := by_values.get(tuple(series.metric.get(name) for name in names))) is not None
        ]
        if not readers:
            continue
        times, values = points(series)
        for filler in readers:
            filler.add(stretch, times, values)
        await asyncio.sleep(0)  # a large answer must not hold up the loop
