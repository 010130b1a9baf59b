"""Which series is which row of the fleet, and how a new one learns its history without holding up the others.

A row is named by what its history depends on: policy, series, question and window. A changed query is a new row.

    new policy -> history asked (I/O) -> learned on a fleet of its own (worker thread) -> caught up -> appended
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog

from edgewarm.engine.casting import Casting
from edgewarm.engine.ports import Demand
from edgewarm.engine.rehearsal import REHEARSED_SECONDS, Terms
from edgewarm.forecast.explain import Explained, explained
from edgewarm.forecast.local import offsets
from edgewarm.forecast.outlook import outlook
from edgewarm.forecast.protocol import FleetForecast, rows_of
from edgewarm.forecast.replay import Audience, learned
from edgewarm.forecast.switching import SwitchingFleet
from edgewarm.learn.confidence import Block
from edgewarm.model.demand import DemandRequest, History
from edgewarm.model.identity import DEMAND, Key, Part, SeriesKey
from edgewarm.model.quantiles import Outlook

Samples = Mapping[SeriesKey, tuple[float, bool]]
log = structlog.get_logger()
ROUNDING = 1e-6  # of a step: 28 / 60 of an hour is not quite 1680 s
RETRY_SECONDS = 30.0
TRIES = 10  # of reading a history; after that the row learns from now on, rather than wait for ever
CLASS_SIZE = 100  # rows that learn together: the first of a thousand need not wait for the last
CLASS_HOURS = CLASS_SIZE * 336.0  # of history, of all its rows together: what a lesson may hold in memory
LEARNED_SECONDS = 840 * 3600.0  # all that is older weighs .88^35 = 1 % in the day profile, less elsewhere
SET_BACK_STEPS = 5  # a clock set back by more is believed: waiting for the old time to return would freeze the model


@dataclass(frozen=True, slots=True)
class RowName:
    """Everything that the history of a row depends on."""

    policy: Key
    request: DemandRequest
    window_seconds: float
    series: str = DEMAND
    part: Part | None = None
    time_zone: str = "UTC"

    @property
    def key(self) -> SeriesKey:
        return SeriesKey(self.policy, self.series, self.part)


@dataclass(frozen=True)
class Learned:
    """What a lesson brought: the rows that got an answer and their fleet; of each policy the backtest blocks, and of
    each series since when it is known."""

    names: tuple[RowName, ...] = ()
    fleet: SwitchingFleet | None = None
    blocks: Mapping[Key, tuple[Block, ...]] = field(default_factory=dict)
    since: Mapping[SeriesKey, float] = field(default_factory=dict)


@dataclass
class Lesson:
    """New rows that are learning in the background, and the samples that arrive meanwhile, by step."""

    names: tuple[RowName, ...]
    last_step: int
    task: asyncio.Task[Learned]
    missed: dict[int, Samples] = field(default_factory=dict)


class Rows:
    """The fleet's forecaster and its rows. `observe` is called once a pass; the rest answers questions."""

    def __init__(
        self, demand: Demand, step_seconds: float = 60.0, on_learned: Callable[[], None] = lambda: None
    ) -> None:
        self._demand = demand
        self._on_learned = on_learned
        self._step_seconds = step_seconds
        self._fleet = SwitchingFleet(0, step_seconds)
        self._names: list[RowName] = []
        self._index: dict[SeriesKey, int] = {}
        self._asked: set[RowName] = set()
        self._series: dict[Key, list[SeriesKey]] = {}
        self._terms: Mapping[Key, Terms] = {}
        self._since: dict[SeriesKey, float] = {}
        self._rehearsed: dict[Key, tuple[Block, ...]] = {}
        self._lesson: Lesson | None = None
        self._retry_at: dict[RowName, float] = {}
        self._failures: dict[RowName, int] = {}
        self._forecast: FleetForecast | None = None
        self._step: int | None = None

    def follow(self, wanted: Iterable[RowName], now: float, terms: Mapping[Key, Terms] | None = None) -> None:
        """Drop rows that nobody wants any more; start learning the new ones, all together.

        The first series of each policy is its main one. A policy that has `terms` and learns all of its series in one
        lesson rehearses them on its history, for `take_rehearsed`.
        """
        self._terms, names, self._series = terms or {}, list(wanted), {}
        for name in names:
            if name.part is None:
                self._series.setdefault(name.policy, []).append(name.key)
        asked = self._asked = set(names)
        keep = [index for index, name in enumerate(self._names) if name in asked]
        if len(keep) < len(self._names):
            self._fleet.keep(np.array(keep, dtype=np.int64))
            self._renamed([self._names[index] for index in keep])
        self._retry_at = {name: at for name, at in self._retry_at.items() if name in asked}
        self._failures = {name: times for name, times in self._failures.items() if name in asked}
        self._begin_lesson(now)

    def _begin_lesson(self, now: float) -> None:
        """The next class, unless one is under way."""
        new = sorted(self._asked - set(self._names), key=_wholes_first)
        due = _class_of([name for name in new if self._retry_at.get(name, now) <= now])
        if due and self._lesson is None:
            last = int(now // self._step_seconds) - 1
            task = asyncio.create_task(self._learn(due, last))
            task.add_done_callback(lambda _: self._on_learned())
            self._lesson = Lesson(due, last, task)

    async def _learn(self, names: tuple[RowName, ...], last: int) -> Learned:
        first = last - int(_learned_seconds(names[0]) / self._step_seconds + ROUNDING) + 1
        requests = {name.key: name.request for name in names}
        start, end = first * self._step_seconds, last * self._step_seconds
        answers = await self._demand.history(requests, start, end, self._step_seconds)
        answered = tuple(name for name in names if name.key in answers or self._failures.get(name, 0) >= TRIES)
        histories = [answers.get(name.key) for name in answered]
        if not answered:
            return Learned()
        casting = Casting([name.key for name in answered], self._terms, self._step_seconds)
        since = last - int(REHEARSED_SECONDS / self._step_seconds) + 1
        audience = Audience(since, casting.see) if casting.policies else None
        fleet = await asyncio.to_thread(
            learned, histories, first, last, self._step_seconds, audience, [name.time_zone for name in answered]
        )
        since_when = {name.key: _oldest(past, end) for name, past in zip(answered, histories, strict=True)}
        return Learned(answered, fleet, casting.blocks(), since_when)

    def take_rehearsed(self) -> Mapping[Key, tuple[Block, ...]]:
        """The backtest blocks of the policies whose rows graduated since the last call."""
        taken, self._rehearsed = self._rehearsed, {}
        return taken

    def observe(self, samples: Samples, now: float) -> bool:
        """Take this pass's samples (value, censored); True if a model step was made. A missing one is unknown."""
        step = int(now // self._step_seconds)
        if self._step is not None and step < self._step - SET_BACK_STEPS:
            self._learn_anew(step)
        self._graduate(now)
        self._begin_lesson(now)
        if self._step is not None and step <= self._step:
            return False
        self._step = step
        if self._lesson is not None:
            self._lesson.missed[step] = dict(samples)
        if self._names:
            self._update(self._fleet, self._names, step, samples)
            self._forecast = self._fleet.forecast()
        return True

    def _learn_anew(self, step: int) -> None:
        """Forget every row and any lesson: they know a future that has not been."""
        log.warning("the clock was set back, all history is learned anew", steps=(self._step or 0) - step)
        if self._lesson is not None:
            self._lesson.task.cancel()
        self._lesson, self._step, self._forecast = None, None, None
        self._fleet = SwitchingFleet(0, self._step_seconds)
        self._renamed([])
        self._retry_at.clear()

    def _update(self, fleet: SwitchingFleet, names: Sequence[RowName], step: int, samples: Samples) -> None:
        fleet.follow_clocks(offsets([name.time_zone for name in names], step, self._step_seconds))
        pairs = [samples.get(name.key, (np.nan, False)) for name in names]
        fleet.update(step, np.array([value for value, _ in pairs]), np.array([censored for _, censored in pairs]))

    def _graduate(self, now: float) -> None:
        """Rows that finished learning catch up with the samples that they missed and join the fleet."""
        lesson = self._lesson
        if lesson is None or not lesson.task.done():
            return
        self._lesson = None
        found = _outcome(lesson)
        names, fleet = found.names, found.fleet
        for name in set(lesson.names) - set(names):
            self._retry_at[name] = now + RETRY_SECONDS
            self._failures[name] = self._failures.get(name, 0) + 1
        if fleet is None:
            return
        for step, samples in sorted(lesson.missed.items()):
            self._update(fleet, names, step, samples)
        self._align(fleet, names, max(lesson.last_step, *lesson.missed, -1))
        still = [index for index, name in enumerate(names) if name in self._asked]
        fleet.keep(np.array(still, dtype=np.int64))
        names = tuple(names[index] for index in still)
        if not still:
            return
        self._rehearsed |= {name.policy: found.blocks.get(name.policy, ()) for name in names if name.part is None}
        self._since |= found.since
        self._fleet.append(fleet)
        self._renamed([*self._names, *names])
        self._forecast = self._fleet.forecast()
        log.info("history learned", policies=[str(name.key) for name in names], rows=self._fleet.size)

    def _align(self, fleet: SwitchingFleet, names: Sequence[RowName], seen: int) -> None:
        """Bring the older of the two fleets up to the step of the newer one; the steps between are unknown to it."""
        if self._step is None or self._step < seen:
            self._step = seen
            if self._names:
                self._update(self._fleet, self._names, seen, {})
        elif self._step > seen:
            self._update(fleet, names, self._step, {})

    def _renamed(self, names: list[RowName]) -> None:
        self._names = names
        self._index = {name.key: index for index, name in enumerate(names)}
        self._since = {key: at for key, at in self._since.items() if key in self._index}
        self._forecast = self._fleet.forecast() if names and self._forecast is not None else None

    def history_seconds(self, key: Key, now: float) -> float | None:
        """How far back all of a policy's demand is known; None while it is learning."""
        known = [self._since.get(series) for series in self._series.get(key, ()) if series in self._index]
        times = [since for since in known if since is not None]
        return now - max(times) if times and not self.learning(key) else None

    def learning(self, key: Key) -> bool:
        """A series of the policy has no row yet."""
        series = self._series.get(key, ())
        return not series or any(one not in self._index for one in series)

    def outlook(self, key: Key, now: float, lead_seconds: float, series: str | None = None) -> Outlook | None:
        """What is expected of a policy's demand, its main series unless another is named, in the unit of its query.

        None while it is learning or knows too little.
        """
        return self.outlook_of(self._named(key, series), now, lead_seconds)

    def _named(self, key: Key, series: str | None) -> SeriesKey | None:
        main = next(iter(self._series.get(key, ())), None)
        return main if series is None else SeriesKey(key, series)

    def outlook_of(self, wanted: SeriesKey | None, now: float, lead_seconds: float) -> Outlook | None:
        """The same of any series, or part of one."""
        row = None if wanted is None else self._index.get(wanted)
        if row is None or self._forecast is None:
            return None
        return outlook(self._forecast, row, self._step_seconds, now, lead_seconds)

    def _row(self, key: Key, series: str | None) -> int | None:
        wanted = self._named(key, series)
        return None if wanted is None else self._index.get(wanted)

    def forecast(self, key: Key, series: str | None = None) -> FleetForecast | None:
        """What is forecast of a policy's demand, a fleet of one row; None while it is learning or knows too little."""
        row = self._row(key, series)
        if row is None or self._forecast is None or not self._forecast.known[row]:
            return None
        return rows_of(self._forecast, slice(row, row + 1))

    def explained(self, key: Key, series: str | None = None) -> Explained | None:
        """Why that is forecast, computed on request; None where `forecast` is, and of an intermittent row."""
        row = self._row(key, series)
        if row is None or self.forecast(key, series) is None:
            return None
        found = self._fleet.ingredients(row)
        return None if found is None else explained(found)

    async def close(self) -> None:
        """Stop a lesson under way."""
        if self._lesson is not None:
            self._lesson.task.cancel()
            await asyncio.gather(self._lesson.task, return_exceptions=True)


def _wholes_first(name: RowName) -> tuple[bool, Key, str, tuple[Part, ...]]:
    """Parts of a demand are only shown: they learn after everything that is decided on."""
    return name.part is not None, name.policy, name.series, () if name.part is None else (name.part,)


def _learned_seconds(name: RowName) -> float:
    """How much history a row learns from: its window, as far back as the model remembers."""
    return min(name.window_seconds, LEARNED_SECONDS)


def _class_of(due: Sequence[RowName]) -> tuple[RowName, ...]:
    """The first rows that learn from as much history as the first one, a hundred or fewer where that is long, and the
    rest of the last one's policy."""
    if not due:
        return ()
    seconds = _learned_seconds(due[0])
    equal = [name for name in due if _learned_seconds(name) == seconds]
    size = max(1, min(CLASS_SIZE, int(CLASS_HOURS * 3600.0 / seconds)))
    last = equal[:size][-1].policy
    return tuple(name for index, name in enumerate(equal) if index < size or name.policy == last)


def _outcome(lesson: Lesson) -> Learned:
    """What a lesson brought; a bug in it is loud, and is met again no sooner than any failure."""
    problem = lesson.task.exception()
    if problem is not None:
        log.error("history could not be learned", policies=[str(n.key) for n in lesson.names], exc_info=problem)
        return Learned()
    return lesson.task.result()


def _oldest(history: History | None, otherwise: float) -> float:
    """The time of the first known value."""
    if history is None or not history.known:
        return otherwise
    return history.start + int(np.isfinite(history.values).argmax()) * history.step_seconds
