"""Policies that chose another model: what it is given, when it is asked, and who forecasts while it cannot.

    chosen -> recent days asked (I/O) -> 30 means known -> fitted (I/O), each five minutes -> its path is followed
    no path of the last 30 minutes -> the fleet's forecast of the same row

A fit runs in a task of its own, one per series; what it said counts from the next pass on. After a failure the next
try waits five minutes, then twice as long each time, an hour at most; five minutes always where a plug-in was not even
asked, since it had failed others. While demand is unknown nothing is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import structlog

from edgewarm.engine.alone import alone
from edgewarm.engine.ports import Demand, Models
from edgewarm.engine.rows import Rows, Samples
from edgewarm.forecast.guest import Guest, of_means
from edgewarm.forecast.outlook import outlook
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.forecast.recent import Recent
from edgewarm.forecast.windows import GRID
from edgewarm.manifests.text import short_duration
from edgewarm.model.demand import DemandRequest, FloatArray, History
from edgewarm.model.fits import FitError, FitRequest
from edgewarm.model.identity import Key, SeriesKey
from edgewarm.model.policy import Model, Policy
from edgewarm.model.quantiles import Outlook

log = structlog.get_logger()
MEAN_SECONDS = 300.0  # of demand, that a model is given: two thousand for a week, which libraries can fit
FIT_SECONDS = 300.0
RECENT_SECONDS = 7 * 86400.0
ENOUGH = 30  # known means
STALE_SECONDS = 1800.0
LONGEST_RETRY_SECONDS = 3600.0
HISTORY_RETRY_SECONDS = 60.0
TRIES = 10  # of reading the recent days; after that what is seen must do
MEANWHILE = "the fleet's model forecasts meanwhile"


@dataclass(frozen=True, slots=True)
class ModelState:
    """How a chosen model does: whether it forecasts, or may never (`wrong`), with a word and a sentence."""

    model: str
    serving: bool
    reason: str
    message: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What a guest depends on."""

    model: str
    request: DemandRequest
    window_seconds: float


@dataclass
class Chosen:
    """One series of a policy that chose another model, and what is under way for it."""

    choice: Choice
    guest: Guest
    recent: Recent
    tries: int = 0
    known: bool = False  # the recent days were read, or are not to be had
    history_at: float = float("-inf")
    fit: asyncio.Task[FloatArray] | None = None
    fitted_to: int = -1  # the last step that the model knew when it was asked
    next_at: float = float("-inf")
    failures: int = 0
    trouble: str | None = None  # the sentence of the last fit, if it failed


@dataclass(frozen=True)
class Lesson:
    """The recent days of those who want to know them, being read up to step `last`."""

    chosen: Mapping[SeriesKey, Chosen]
    last: int
    task: asyncio.Task[Mapping[SeriesKey, History]]


class Selection:
    """All policies that chose another model. `models` is None where there are none to choose: a replay, say."""

    def __init__(
        self,
        models: Models | None,
        demand: Demand,
        rows: Rows,
        step_seconds: float,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._models = models
        self._demand = demand
        self._rows = rows
        self._step_seconds = step_seconds
        self._wake = wake
        self._chosen: dict[SeriesKey, Chosen] = {}
        self._of_policy: dict[Key, list[Chosen]] = {}
        self._wrong: dict[Key, ModelState] = {}
        self._lesson: Lesson | None = None
        self._step = -1

    @property
    def _width(self) -> int:
        """Steps of a mean."""
        return max(1, round(MEAN_SECONDS / self._step_seconds))

    def follow(self, policies: Mapping[Key, Policy]) -> None:
        """Begin with policies that chose a model, forget those that have another one, or none, now."""
        wanted = {key: policy for key, policy in policies.items() if policy.model != Model.FLEET}
        choices: dict[SeriesKey, Choice] = {}
        self._wrong = {}
        for policy_key, policy in wanted.items():
            with alone(policy_key, "the model of a policy could not be chosen"):
                choices |= self._choices(policy_key, policy)
        for key in [key for key, chosen in self._chosen.items() if choices.get(key) != chosen.choice]:
            _cancel(self._chosen.pop(key))
        for key, choice in choices.items():
            if key not in self._chosen:
                length = max(ENOUGH * self._width, round(choice.window_seconds / self._step_seconds))
                self._chosen[key] = Chosen(choice, Guest(self._step_seconds), Recent(length))
        self._of_policy = {}
        for key in choices:
            self._of_policy.setdefault(key.policy, []).append(self._chosen[key])

    def _choices(self, key: Key, policy: Policy) -> Mapping[SeriesKey, Choice]:
        """One for each series, unless the model is not to be had."""
        problem = self._problem(key, policy)
        if problem is not None:
            self._wrong[key] = problem
        if problem is not None or self._models is None:
            return {}
        seconds = min(policy.history_window_seconds, RECENT_SECONDS)
        return {SeriesKey(key, one.name): Choice(policy.model, one.request, seconds) for one in policy.series}

    def _problem(self, key: Key, policy: Policy) -> ModelState | None:
        problem = None if self._models is None else self._models.problem(policy.model, key.namespace)
        if problem is None:
            return None
        return ModelState(policy.model, False, "ModelNotFound", f"{problem}; {MEANWHILE}", wrong=True)

    def observe(self, samples: Samples, now: float) -> None:
        """Once a pass: take what has been said and, in a new step, these samples (value, censored); ask again."""
        step = int(now // self._step_seconds)
        new, self._step = step > self._step, max(step, self._step)
        self._learn_history()
        for key, chosen in self._chosen.items():
            with alone(key.policy, f"another model could not be served for {key.series}"):
                self._collect(key, chosen, now)
                if new:
                    value, censored = samples.get(key, (np.nan, False))
                    chosen.recent.put(step, chosen.guest.update(step, value, censored))
                if chosen.known and key in samples:
                    self._ask_model(key, chosen, now)
        self._ask_history(now)

    def _ask_history(self, now: float) -> None:
        """One question for all who do not know their recent days, unless one is under way."""
        due = {key: chosen for key, chosen in self._chosen.items() if not chosen.known and now >= chosen.history_at}
        if not due or self._lesson is not None:
            return
        last = self._step - 1
        end = last * self._step_seconds
        start = end - max(chosen.choice.window_seconds for chosen in due.values()) + self._step_seconds
        requests = {key: chosen.choice.request for key, chosen in due.items()}
        task = asyncio.create_task(self._read(requests, start, end))
        task.add_done_callback(lambda _: self._wake())
        self._lesson = Lesson(due, last, task)
        for chosen in due.values():
            chosen.history_at = now + HISTORY_RETRY_SECONDS

    async def _read(
        self, requests: Mapping[SeriesKey, DemandRequest], start: float, end: float
    ) -> Mapping[SeriesKey, History]:
        return await self._demand.history(requests, start, end, self._step_seconds)

    def _learn_history(self) -> None:
        lesson = self._lesson
        if lesson is None or not lesson.task.done():
            return
        self._lesson = None
        problem = lesson.task.exception()
        if problem is not None:
            log.error("recent days could not be read", exc_info=problem)
        found = {} if problem is not None else lesson.task.result()
        for key, chosen in lesson.chosen.items():
            chosen.tries += 1
            chosen.known = key in found or chosen.tries >= TRIES
            if key in found:
                chosen.recent.fill(lesson.last, found[key].values)

    def _ask_model(self, key: SeriesKey, chosen: Chosen, now: float) -> None:
        if chosen.fit is not None or now < chosen.next_at or self._models is None:
            return
        values = chosen.recent.means(self._width)
        if np.isfinite(values).sum() < ENOUGH:
            return
        seconds, last = self._width * self._step_seconds, chosen.recent.step or 0
        ahead = -(-int(GRID.ends.max()) // self._width) + -(-int(STALE_SECONDS) // int(seconds)) + 1
        start = (last + 1) * self._step_seconds - len(values) * seconds
        request = FitRequest(chosen.choice.model, key, start, seconds, values, ahead)
        chosen.fitted_to, chosen.next_at = last, now + FIT_SECONDS
        chosen.fit = asyncio.create_task(self._models.fit(request))

    def _collect(self, key: SeriesKey, chosen: Chosen, now: float) -> None:
        """What a fit has brought since the last pass; a bug in one is loud, and stays with its policy."""
        if chosen.fit is None or not chosen.fit.done():
            return
        fit, chosen.fit = chosen.fit, None
        problem = fit.exception()
        if problem is None:
            chosen.guest.bring(of_means(chosen.fitted_to, self._width, fit.result()))
            chosen.trouble, chosen.failures = None, 0
            return
        if isinstance(problem, FitError):
            chosen.trouble = str(problem)
        else:
            log.error("another model failed by a bug", series=str(key), exc_info=problem)
            chosen.trouble = f"model {chosen.choice.model} failed: the operator's log says why"
        if isinstance(problem, FitError) and not problem.asked:
            chosen.next_at = now + FIT_SECONDS
            return
        chosen.next_at = now + min(FIT_SECONDS * 2**chosen.failures, LONGEST_RETRY_SECONDS)
        chosen.failures += 1

    def windows(self, key: SeriesKey) -> tuple[FleetForecast | None, str]:
        """The windows of one series, a fleet of one row, and the model that says them: the chosen one or the fleet's.

        None where the fleet's model knows too little.
        """
        chosen, fleet = self._chosen.get(key), self._rows.forecast(key.policy, key.series)
        told = chosen.guest.forecast(fleet) if chosen and fleet and self._serves(chosen) else None
        return (fleet, Model.FLEET) if told is None or chosen is None else (told, chosen.choice.model)

    def outlook(self, key: SeriesKey, now: float, lead_seconds: float) -> Outlook | None:
        """What the chosen model expects, else what the fleet's does."""
        if key not in self._chosen:
            return self._rows.outlook(key.policy, now, lead_seconds, key.series)
        windows, model = self.windows(key)
        found = None if windows is None else outlook(windows, 0, self._step_seconds, now, lead_seconds)
        return found and replace(found, model=model)

    def _serves(self, chosen: Chosen) -> bool:
        path = chosen.guest.path
        return path is not None and (self._step - path.origin) * self._step_seconds <= STALE_SECONDS

    def state(self, key: Key) -> ModelState | None:
        """How the model that a policy chose does: of several series, that of the first which it does not forecast."""
        found = [self._state(chosen) for chosen in self._of_policy.get(key, ())]
        return next((state for state in found if not state.serving), next(iter(found), self._wrong.get(key)))

    def _state(self, chosen: Chosen) -> ModelState:
        model, trouble = chosen.choice.model, chosen.trouble
        if self._serves(chosen):
            late = f", by its last fit: {trouble}" if trouble else ""
            return ModelState(model, True, "Forecasting", f"model {model} forecasts{late}")
        if trouble is not None:
            return ModelState(model, False, "FitFailed", f"{trouble}; {MEANWHILE}")
        known = int(np.isfinite(chosen.recent.means(self._width)).sum())
        if chosen.known and known < ENOUGH:
            span = short_duration(self._width * self._step_seconds)
            text = f"model {model} has {known} of the {ENOUGH} means of {span} that it needs; {MEANWHILE}"
            return ModelState(model, False, "TooFewPoints", text)
        return ModelState(model, False, "NotFitted", f"model {model} is being fitted; {MEANWHILE}")

    async def close(self) -> None:
        """Stop what runs in the background."""
        tasks: list[asyncio.Task[Any] | None] = [_cancel(chosen) for chosen in self._chosen.values()]
        if self._lesson is not None:
            self._lesson.task.cancel()
            tasks.append(self._lesson.task)
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


def _cancel(chosen: Chosen) -> asyncio.Task[FloatArray] | None:
    if chosen.fit is not None:
        chosen.fit.cancel()
    return chosen.fit
