"""A backtest: the model's rolling forecasts of a trace, scored beside the naive rivals on the same targets.

Training is the first part of the trace; nothing in it is scored, and the unit of all losses comes from it. The model
and its rivals go on learning after it, as they would live. Every origin is a step after training with a sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.model.units import format_duration, format_time
from edgewarm.replay import scores
from edgewarm.replay.calibrated import at_levels, calibrated, calibrated_few
from edgewarm.replay.errors import TraceError
from edgewarm.replay.libraries import EVERY_SECONDS, Asked, fitted, spaced
from edgewarm.replay.model import check_levels, model_levels
from edgewarm.replay.naive import Past
from edgewarm.replay.rivals import CALIBRATED, NATIVE, contenders, rules
from edgewarm.replay.rolling import Advance, Sink, actuals, nobody, origins_after, rolled
from edgewarm.replay.spans import DAY_SECONDS
from edgewarm.replay.trace import Trace

LONGEST_TRAINING_DAYS, PERIODS = 7, 2
VOLATILITY_SECONDS, FEWEST_STEPS = 3600, 5
MEDIAN = 0.5


@dataclass(frozen=True)
class Settings:
    """`horizons` in steps, rising; `levels` rising; `train_seconds` None takes the default of `training_steps`."""

    horizons: tuple[int, ...]
    levels: tuple[float, ...]
    train_seconds: float | None = None
    libraries: tuple[str, ...] = ()
    libraries_every_seconds: float = EVERY_SECONDS


@dataclass(frozen=True)
class Scores:
    """One method at one horizon; `coverage` and `below` (Q,) at the wanted levels, `crps` in demand units."""

    scaled_pinball: float
    mase: float
    crps: float
    coverage: tuple[float, ...]
    below: tuple[float, ...]


@dataclass(frozen=True)
class AtHorizon:
    """Everything about one horizon: `better` is the naive rival with the least loss, `ratio` the model's to its."""

    steps: int
    scored: int
    model: Scores
    naive: dict[str, Scores]
    by_hour: FloatArray
    by_volatility: FloatArray
    better: str
    ratio: float


@dataclass(frozen=True)
class AtLibrary:
    """A library at one horizon: its scores and ours on the targets that it forecast, of `asked` origins.

    `better` says which quantiles were the better ones, its native ones or those of our calibrator.
    """

    name: str
    steps: int
    asked: int
    scored: int
    better: str
    forms: dict[str, Scores]
    model: Scores
    ratio: float


@dataclass(frozen=True)
class Backtest:
    """The answer; `unit` is what losses are divided by, `issued` (O, K, U) the model's quantiles at `grid` levels."""

    trace: Trace
    settings: Settings
    train_steps: int
    unit: float
    origins: IntArray
    grid: tuple[float, ...]
    issued: FloatArray
    horizons: tuple[AtHorizon, ...]
    libraries: tuple[AtLibrary, ...] = ()


def day_steps(trace: Trace) -> int:
    """Steps of a day, at least one."""
    return max(1, round(DAY_SECONDS / trace.step_seconds))


def training_steps(trace: Trace, seconds: float | None) -> int:
    """Steps of training: as told; else half of the trace, at most seven days, at least two where that leaves one.

    TraceError where nothing would be left to score.
    """
    day, steps = day_steps(trace), len(trace.values)
    if seconds is None:
        half = min(steps // 2, LONGEST_TRAINING_DAYS * day)
        return max(half, PERIODS * day) if steps >= (PERIODS + 1) * day else half
    wanted = int(np.ceil(seconds / trace.step_seconds))
    if wanted >= steps:
        span, whole = format_duration(seconds), format_duration(round(steps * trace.step_seconds, 3))
        raise TraceError(f"--train: {span} leaves nothing of the {whole} of {trace.name} to score: give less")
    return wanted


def check_tested(trace: Trace, train: int) -> None:
    """TraceError where nothing is known after training, and so nothing can be judged."""
    if not np.isfinite(trace.values[train:]).any():
        begin, end = (format_time(trace.time(index)) for index in (train, len(trace.values) - 1))
        fix = "give a shorter --train, or a trace with values there"
        raise TraceError(f"{trace.name}: nothing is known in the test part, from {begin} until {end}: {fix}")


def prepared(trace: Trace, settings: Settings) -> tuple[int, tuple[float, ...]]:
    """Steps of training and the grid of levels of a backtest; TraceError where it cannot be run."""
    known = model_levels()
    check_levels(settings.levels, known, "--quantiles")
    train = training_steps(trace, settings.train_seconds)
    longest = settings.horizons[-1]
    if train + longest >= len(trace.values):
        left = f"{len(trace.values) - train} steps of {trace.name} after training"
        raise TraceError(f"--horizons: {longest} steps do not fit the {left}: leave it out or train on less")
    check_tested(trace, train)
    return train, tuple(sorted({*settings.levels, *known, MEDIAN}))


def length(trace: Trace, settings: Settings) -> int:
    """How many steps `run` tells that it has done, about: all steps twice, and each fit of a library."""
    train, _ = prepared(trace, settings)
    every = max(1, round(settings.libraries_every_seconds / trace.step_seconds))
    fits = (len(trace.values) - train) // every + 1
    return 2 * len(trace.values) + fits * len(settings.libraries)


def run(trace: Trace, settings: Settings, advance: Advance, sink: Sink = nobody) -> Backtest:
    """Forecast, compare, score; `sink` gets each forecast (K, Q) at the wanted levels as it is issued."""
    train, grid = prepared(trace, settings)
    origins = origins_after(trace, train)
    past = Past.of(trace.values, day_steps(trace))
    for name in settings.libraries:  # before the long work: raises where one is not installed
        fitted(past, Asked(name, past.day, settings.horizons, grid), origins[:0], advance)
    wanted = [grid.index(level) for level in settings.levels]
    issued = rolled(trace, settings.horizons, grid, origins, advance, lambda index, q: sink(index, q[:, wanted]))
    found = rules(len(trace.values), train, past.day)
    if not np.isfinite(issued).any():
        raise TraceError(f"{trace.name}: is too short for the model to say anything: give a longer one")
    tracked = calibrated(past, trace.first, found, settings.horizons, origins, advance)
    unit = scores.scale(trace.values[:train], past.day)
    judge = Judge(trace, grid, wanted, unit, origins)
    at = []
    for column, ahead in enumerate(settings.horizons):
        naive = dict(contenders(past, found, origins, ahead, grid, tracked[:, :, column]))
        at.append(judge.horizon(ahead, issued[:, column], naive))
    libraries = tuple(item for name in settings.libraries for item in judge.library(name, settings, issued, advance))
    return Backtest(trace, settings, train, unit, origins, grid, issued, tuple(at), libraries)


@dataclass(frozen=True)
class Judge:
    """Scores forecasts (O, U) on the grid of levels; `wanted` are the indexes of the levels that the user named."""

    trace: Trace
    grid: tuple[float, ...]
    wanted: Sequence[int]
    unit: float
    origins: IntArray

    def horizon(self, ahead: int, model: FloatArray, naive: dict[str, FloatArray]) -> AtHorizon:
        """All methods on the targets that each of them forecast."""
        actual = actuals(self.trace.values, self.origins, ahead)
        for quantiles in (model, *naive.values()):
            actual = np.where(np.isfinite(quantiles).all(axis=1), actual, np.nan)
        ours = self.scores(actual, model)
        theirs = {name: self.scores(actual, quantiles) for name, quantiles in naive.items()}
        better = min(theirs, key=lambda name: theirs[name].scaled_pinball)
        quantiles = scores.settled(actual, model[:, self.wanted])
        return AtHorizon(
            steps=ahead,
            scored=int(np.isfinite(actual).sum()),
            model=ours,
            naive=theirs,
            by_hour=scores.coverage_by(actual, quantiles, self._hours(ahead), scores.HOURS),
            by_volatility=scores.coverage_by(actual, quantiles, self._calm_to_wild(), scores.TERCILES),
            better=better,
            ratio=ratio(ours, theirs[better]),
        )

    def library(self, name: str, settings: Settings, model: FloatArray, advance: Advance) -> Iterator[AtLibrary]:
        """One library at every horizon, at origins that are spaced widely; `model` (O, K, U) are our forecasts."""
        every = max(1, round(settings.libraries_every_seconds / self.trace.step_seconds))
        rows = spaced(self.origins, every)
        past = Past.of(self.trace.values, day_steps(self.trace))
        asked = Asked(name, past.day, settings.horizons, self.grid)
        found = fitted(past, asked, self.origins[rows], advance)
        for column, ahead in enumerate(settings.horizons):
            yield self._at_library(name, ahead, rows, found[:, column], model[rows, column])

    def _at_library(self, name: str, ahead: int, rows: IntArray, native: FloatArray, model: FloatArray) -> AtLibrary:
        past, origins = Past.of(self.trace.values, day_steps(self.trace)), self.origins[rows]
        points = native[:, self.grid.index(MEDIAN)]
        tracked = at_levels(calibrated_few(past, self.trace.first, points, origins, ahead), self.grid)
        corrected = np.where(np.isfinite(tracked), tracked, native)
        known = np.isfinite(native).all(axis=1) & np.isfinite(model).all(axis=1)
        actual = np.where(known, actuals(self.trace.values, origins, ahead), np.nan)
        forms = {NATIVE: self.scores(actual, native), CALIBRATED: self.scores(actual, corrected)}
        better = min(forms, key=lambda form: forms[form].scaled_pinball)
        ours, scored = self.scores(actual, model), int(np.isfinite(actual).sum())
        return AtLibrary(name, ahead, len(rows), scored, better, forms, ours, ratio(ours, forms[better]))

    def scores(self, actual: FloatArray, quantiles: FloatArray) -> Scores:
        """Of one method."""
        quantiles = scores.settled(actual, quantiles)
        chosen = quantiles[:, self.wanted]
        levels = [self.grid[index] for index in self.wanted]
        return Scores(
            scaled_pinball=scores.scaled_pinball(actual, chosen, levels, self.unit),
            mase=scores.mase(actual, quantiles[:, self.grid.index(MEDIAN)], self.unit),
            crps=scores.crps(actual, quantiles, self.grid),
            coverage=tuple(scores.coverage(actual, chosen).tolist()),
            below=tuple(scores.strictly_below(actual, chosen).tolist()),
        )

    def _hours(self, ahead: int) -> IntArray:
        steps = (self.trace.first + self.origins + ahead).astype(np.float64)
        return scores.hour_of_day(steps * self.trace.step_seconds + self.trace.offset_seconds)

    def _calm_to_wild(self) -> IntArray:
        window = max(FEWEST_STEPS, round(VOLATILITY_SECONDS / self.trace.step_seconds))
        return scores.terciles(scores.volatility(self.trace.values, window)[self.origins])


def ratio(ours: Scores, theirs: Scores) -> float:
    """Our loss by theirs; 1 where both are nothing, NaN where theirs alone is: no number says how much more that is."""
    if theirs.scaled_pinball == 0:
        return 1.0 if ours.scaled_pinball == 0 else np.nan
    return ours.scaled_pinball / theirs.scaled_pinball
