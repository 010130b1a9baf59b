"""All declared sources behind the port `engine.ports.Demand`.

Policies that share a question share its one HTTP query. Each source has its own lanes, breaker and deadline, so a
failing one costs the others nothing; within a source, queries that were slow or failed last time go last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import AsyncExitStack
from random import Random
from types import TracebackType
from typing import TypeVar

import structlog

from edgewarm.model.demand import DemandRequest, History, Missing, Reading
from edgewarm.sources.breaker import Breaker
from edgewarm.sources.grid import Grid, Stretch
from edgewarm.sources.guard import Clock, Guard
from edgewarm.sources.past import past
from edgewarm.sources.prometheus import PROBE, STALE_AFTER_SECONDS, Prometheus
from edgewarm.sources.readings import Answer, Picker, failed, reading
from edgewarm.sources.routes import Question, Route, route, shortened
from edgewarm.sources.settings import Source, SourceSettings
from edgewarm.sources.trouble import Cause, NoAnswer, QueryError
from edgewarm.sources.wire import RawSeries, Sample

LIVE_SLOTS = 8
"""Prometheus runs 20 queries at a time by default (--query.max-concurrency); people's dashboards need some."""

HISTORY_SLOTS = 2

PATIENCE_SECONDS = 15.0
"""Of a live question, as a pass every 15 s goes: a source may have a longer timeout, but all policies wait for it."""

UNKNOWN_TOOK_SECONDS = 1.0
"""A query that was never answered goes after those known to be quick: a slow new one must not hold them up."""

NOT_SENT = frozenset({Cause.QUEUED, Cause.CIRCUIT_OPEN})

Name = TypeVar("Name", bound=Hashable)
OnError = Callable[[str, str], None]
OnQuery = Callable[[str, float, int], None]

_log = structlog.get_logger("edgewarm.sources")


def _ignore(*_: object) -> None:
    """The hook of somebody who does not care."""


class _Lanes:
    """One source: its client, a lane for live queries and one for history."""

    def __init__(self, source: Source, clock: Clock, random: Random, on_query: OnQuery, patience: float) -> None:
        self.client = Prometheus(source)
        self._live_seconds = min(patience, source.timeout_seconds)
        self.live = self._guard(source, self._live_seconds, LIVE_SLOTS, clock, random)
        self.history = self._guard(source, source.timeout_seconds, HISTORY_SLOTS, clock, random)
        self._source = source
        self._clock = clock
        self._on_query = on_query

    def _guard(self, source: Source, seconds: float, slots: int, clock: Clock, random: Random) -> Guard:
        return Guard(source.name, seconds, slots, Breaker(random), self._probe, clock)

    async def _probe(self) -> object:
        return await self.client.instant(PROBE, None)

    async def now(self, query: str, now: float) -> tuple[Sample, ...]:
        """The live answer, within one timeout (or our patience) from the call, queueing included."""
        deadline = asyncio.get_running_loop().time() + self._live_seconds

        async def call() -> tuple[Sample, ...]:
            started = self._clock()
            answer = await self.client.instant(query, now)
            self._on_query(self._source.name, self._clock() - started, len(answer))
            return answer

        return await self.live.ask(call, deadline)

    async def stretch(self, query: str, grid: Grid, part: Stretch) -> tuple[RawSeries, ...]:
        """One range answer; it may queue as long as it must, each request has its own timeout."""

        async def call() -> tuple[RawSeries, ...]:
            started = self._clock()
            end = grid.at(part.stop - 1)
            answer = await self.client.range(query, grid.at(part.first), end, grid.step_seconds)
            self._on_query(self._source.name, self._clock() - started, len(answer))
            return answer

        return await self.history.ask(call)


class DemandSources:
    """Implements engine.ports.Demand; `async with`, or `start` and `close`, around its use.

    `clock` measures durations and drives the breakers: seconds that never run backwards. `on_error(source, cause)` is
    told of each failed question (trouble.Cause), `on_query(source, seconds, series)` of each answered request.
    `patience_seconds` bounds how long a live question may take, whatever the source's own timeout.
    """

    def __init__(
        self,
        settings: SourceSettings,
        clock: Clock,
        random: Random,
        on_error: OnError = _ignore,
        on_query: OnQuery = _ignore,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_error = on_error
        lanes = (_Lanes(source, clock, random, on_query, patience_seconds) for source in settings.sources)
        self._lanes = {source.name: one for source, one in zip(settings.sources, lanes, strict=True)}
        self._took: Mapping[Question, float] = {}
        self._said: dict[object, str] = {}

    async def start(self) -> None:
        """Open one HTTP session per source; raises Invalid when a caFile cannot be used."""
        async with AsyncExitStack() as unless_all_start:
            unless_all_start.push_async_callback(self.close)
            for lanes in self._lanes.values():
                await lanes.client.start()
            unless_all_start.pop_all()

    async def close(self) -> None:
        for lanes in self._lanes.values():
            await lanes.client.close()

    async def __aenter__(self) -> DemandSources:
        """Started."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closed."""
        await self.close()

    async def read(self, requests: Mapping[Name, DemandRequest], now: float) -> Mapping[Name, Reading]:
        """One reading per request; takes no longer than the slowest source's timeout, nor than our patience."""
        routes = {key: route(self._settings, request) for key, request in requests.items()}
        questions = self._quick_first({found.question for found in routes.values() if isinstance(found, Route)})
        answers = dict(zip(questions, await asyncio.gather(*(self._live(q, now) for q in questions)), strict=True))
        self._took = {question: seconds for question, (_, seconds) in answers.items()}
        pickers = {question: Picker(answer) for question, (answer, _) in answers.items() if isinstance(answer, tuple)}
        readings: dict[Name, Reading] = {}
        for key, found in routes.items():
            if isinstance(found, Missing):
                readings[key] = found
                continue
            answer, _ = answers[found.question]
            if isinstance(answer, QueryError):
                readings[key] = failed(found, answer)
            else:
                readings[key] = reading(found, pickers[found.question].pick(found.labels), now, STALE_AFTER_SECONDS)
        return readings

    async def history(
        self, requests: Mapping[Name, DemandRequest], start: float, end: float, step_seconds: float
    ) -> Mapping[Name, History]:
        """Past demand on the grid start, start + step, ... <= end; absent where the source did not answer.

        Where it answered that it knows nothing, the history is there and all NaN.
        """
        grid = Grid.between(start, end, step_seconds)
        routes = {key: route(self._settings, request) for key, request in requests.items()}
        shared: dict[Question, set[Route]] = {}
        for key, found in routes.items():
            if isinstance(found, Missing):
                self._say_once(key, found.message, found.message)
            else:
                shared.setdefault(found.question, set()).add(found)
        parts = await asyncio.gather(*(self._past(question, wanted, grid) for question, wanted in shared.items()))
        known = {found: history for part in parts for found, history in part.items()}
        return {key: known[found] for key, found in routes.items() if isinstance(found, Route) and found in known}

    def _quick_first(self, questions: Iterable[Question]) -> list[Question]:
        return sorted(questions, key=lambda q: (self._took.get(q, UNKNOWN_TOOK_SECONDS), q.source, q.query))

    async def _live(self, question: Question, now: float) -> tuple[Answer, float]:
        """The answer or its error, and how long it took."""
        started = self._clock()
        try:
            answer = await self._lanes[question.source].now(question.query, now)
        except QueryError as error:
            self._on_error(question.source, error.cause)
            return error, self._took_until(error, question, started)
        return answer, self._clock() - started

    def _took_until(self, error: QueryError, question: Question, started: float) -> float:
        """A question that nobody sent keeps what is known of it; one that got no answer goes last."""
        if error.cause in NOT_SENT:
            return self._took.get(question, UNKNOWN_TOOK_SECONDS)
        return float("inf") if isinstance(error, NoAnswer) else self._clock() - started

    async def _past(self, question: Question, wanted: set[Route], grid: Grid) -> Mapping[Route, History]:
        lanes = self._lanes[question.source]
        try:
            found = await past(lambda g, part: lanes.stretch(question.query, g, part), wanted, grid)
        except QueryError as error:
            self._on_error(question.source, error.cause)
            text = f'source {question.source}: no history of "{shortened(question.query)}": {error.text}'
            self._say_once(question, error.cause, text)
            return {}
        self._said.pop(question, None)
        return found

    def _say_once(self, about: object, what: str, text: str) -> None:
        """History is asked for again every pass; the log has one line until something changes."""
        if self._said.get(about) == what:
            return
        if len(self._said) >= 1000:
            self._said.clear()
        self._said[about] = what
        _log.warning("history is missing", detail=text)
