"""Forecasts against library models and naive rules: five-minute means, origins every 365 minutes after training.

    loss    = scaled pinball of one trace, horizon and method; of its quantiles' forms the best in hindsight counts
    rival   = the single method with the least geometric mean of losses over traces and horizons; yesterday and last
              week are two methods (the second is the first where a trace has less than two weeks)
    ratio   = geometric mean of our losses / that of the rival's

What a library said does not depend on our model, so it is kept apart and outlives changes of ours. Where a trace would
have more than `MOST_ORIGINS`, every second or third ... of them is taken.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, distributions
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kept import ROOT, code_of, kept
from benchmarks.library_scores import HORIZONS, LONG, OURS, least, summary
from benchmarks.scores import LEVELS, P90
from benchmarks.traces import present
from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay import scores
from edgewarm.replay.backtest import Settings, day_steps, prepared
from edgewarm.replay.calibrated import at_levels, calibrated, calibrated_few
from edgewarm.replay.libraries import Asked, fitted
from edgewarm.replay.naive import Past
from edgewarm.replay.rivals import CALIBRATED, DAY_AGO, NATIVE, WEEK_AGO, contenders, rules
from edgewarm.replay.rolling import actuals, nobody, rolled
from edgewarm.replay.trace import Trace

STEP_SECONDS = 300
LONG_DAYS = 13.9  # of a trace that is judged a day ahead; two weeks but for a torn edge
EVERY_STEPS, MOST_ORIGINS = 73, 30
LIBRARIES = {"holtwinters": "Holt-Winters", "autotheta": "AutoTheta", "dot": "DOT"}
PACKAGES = ("statsmodels", "statsforecast")
INSTALLED = ROOT / "build/rivals"  # by `make rivals`: apart, so that no library comes near the operator

Say = Callable[[str], None]


@dataclass(frozen=True)
class Setup:
    """One trace with its origins (O,), and what is asked of everybody."""

    trace: Trace
    settings: Settings
    train: int
    grid: tuple[float, ...]
    origins: IntArray

    @classmethod
    def of(cls, trace: Trace) -> Setup:
        long = len(trace.values) >= LONG_DAYS * day_steps(trace)
        horizons = tuple(steps for name, steps in HORIZONS.items() if name != LONG or long)
        settings = Settings(horizons, LEVELS)
        train, grid = prepared(trace, settings)
        count = (len(trace.values) - 1 - train) // EVERY_STEPS + 1
        every = EVERY_STEPS * -(-count // MOST_ORIGINS)
        found = np.arange(train, len(trace.values) - 1, every)
        return cls(trace, settings, train, grid, found[np.isfinite(trace.values[found])])

    @property
    def past(self) -> Past:
        return Past.of(self.trace.values, day_steps(self.trace))

    def facts(self) -> tuple[object, ...]:
        """What every answer depends on."""
        return self.trace.values.tobytes(), self.trace.first, self.settings, self.grid, self.origins.tobytes()


def environment() -> dict[str, str]:
    """Where the child process finds the libraries."""
    paths = [str(INSTALLED), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def versions() -> dict[str, str]:
    """Of the libraries that were found; empty without `make rivals`."""
    places = [path for path in environment()["PYTHONPATH"].split(os.pathsep) if Path(path).is_dir()]
    found = {}
    for package in PACKAGES:
        try:
            found[package] = next(iter(distributions(name=package, path=places))).version
        except (StopIteration, PackageNotFoundError):
            return {}
    return found


def compared(
    trace: Trace, known: Mapping[str, str], say: Say, chosen: Collection[str] = tuple(LIBRARIES)
) -> dict[str, Any]:
    """Losses and coverage of p90 by horizon, method and form, at the origins that everybody could forecast."""
    setup = Setup.of(trace)
    theirs = {}
    for name, title in ((name, LIBRARIES[name]) for name in (chosen if known else ())):
        fits = kept(f"{trace.name}-{name}", (*setup.facts(), name, known), partial(_fits, setup, name, say))
        theirs[title] = np.array(fits, dtype=np.float64)
    ours = kept(
        f"{trace.name}-{OURS}-5m",
        (*setup.facts(), code_of("forecast", "replay")),
        lambda: _listed(rolled(trace, setup.settings.horizons, setup.grid, setup.origins, lambda _: None, nobody)),
    )
    return _judged(setup, np.array(ours, dtype=np.float64), theirs)


def _fits(setup: Setup, library: str, say: Say) -> list[Any]:
    say(f"{setup.trace.name}: {LIBRARIES[library]}, {len(setup.origins)} fits")
    asked = Asked(library, setup.past.day, setup.settings.horizons, setup.grid)
    return _listed(fitted(setup.past, asked, setup.origins, lambda _: None, environment()))


def _listed(quantiles: FloatArray) -> list[Any]:
    found: list[Any] = quantiles.tolist()
    return found


def _judged(setup: Setup, ours: FloatArray, theirs: Mapping[str, FloatArray]) -> dict[str, Any]:
    past, origins = setup.past, setup.origins
    found = rules(len(setup.trace.values), setup.train, past.day)
    tracked = calibrated(past, setup.trace.first, found, setup.settings.horizons, origins, lambda _: None)
    names = {steps: name for name, steps in HORIZONS.items()}
    by_horizon = {}
    for column, ahead in enumerate(setup.settings.horizons):
        methods: dict[str, dict[str, FloatArray]] = {OURS: {"": ours[:, column]}}
        for name, quantiles in contenders(past, found, origins, ahead, setup.grid, tracked[:, :, column]):
            method, form = name.split(", ", 1)
            methods.setdefault(method, {})[form] = quantiles
        methods.setdefault(WEEK_AGO, methods[DAY_AGO])  # a trace that is too short for last week
        for name, native in theirs.items():
            methods[name] = _forms(setup, native[:, column], ahead)
        by_horizon[names[ahead]] = _losses(setup, ahead, methods)
    facts = {"days": len(setup.trace.values) / past.day, "training_days": setup.train / past.day}
    return {**facts, "horizons": by_horizon}


def _forms(setup: Setup, native: FloatArray, ahead: int) -> dict[str, FloatArray]:
    points = native[:, setup.grid.index(0.5)]
    few = calibrated_few(setup.past, setup.trace.first, points, setup.origins, ahead)
    tracked = at_levels(few, setup.grid)
    return {NATIVE: native, CALIBRATED: np.where(np.isfinite(tracked), tracked, native)}


def _losses(setup: Setup, ahead: int, methods: Mapping[str, Mapping[str, FloatArray]]) -> dict[str, Any]:
    columns = [setup.grid.index(level) for level in LEVELS]
    actual = actuals(setup.trace.values, setup.origins, ahead)
    known = np.isfinite(actual)
    for forms in methods.values():
        for quantiles in forms.values():
            known &= np.isfinite(quantiles).all(axis=1)
    unit = scores.scale(setup.trace.values[: setup.train], setup.past.day)
    result: dict[str, Any] = {"days": (setup.origins[known] // setup.past.day).tolist(), "loss": {}, "covered": {}}
    for name, forms in methods.items():
        chosen = {form: quantiles[known][:, columns] for form, quantiles in forms.items()}
        each = {form: 2 * scores.pinball(actual[known], q, LEVELS).mean(axis=1) / unit for form, q in chosen.items()}
        best = min(each, key=lambda form: float(each[form].mean()))
        result["loss"][name] = {form: loss.tolist() for form, loss in each.items()}
        result["covered"][name] = float((actual[known] <= chosen[best][:, P90]).mean())
    return result


def run(folder: Path | None, names: Collection[str], say: Say, libraries: Collection[str] = ()) -> dict[str, Any]:
    """Every recorded trace; without a folder or without the libraries a sentence says what to do.

    Of `libraries` only, keys of LIBRARIES, where some are given.
    """
    known, (found, notes) = versions(), present(folder, names)
    chosen = [name for name in LIBRARIES if name in (libraries or LIBRARIES)]
    absent = [title for name, title in LIBRARIES.items() if name not in chosen]
    if absent:
        notes.append(f"{' and '.join(absent)} was left out by --library.")
    if not known:
        notes.insert(0, "statsmodels and statsforecast are not installed: `make rivals`, then run again.")
    traces = []
    if known and folder is not None:
        for item in found:
            compared_with = compared(item.read(folder, STEP_SECONDS), known, say, chosen)
            traces.append({"trace": item.name, "source": item.source, **compared_with})
    return {"libraries": known, "summary": summary(traces), "traces": [_row(trace) for trace in traces], "notes": notes}


def _row(trace: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of a trace: each method's loss with its best form."""
    horizons = {
        name: {
            "origins": len(cell["days"]),
            "loss": {method: least(forms) for method, forms in cell["loss"].items()},
        }
        for name, cell in trace["horizons"].items()
        if cell["days"]
    }
    return {**{key: trace[key] for key in ("trace", "source", "days", "training_days")}, "horizons": horizons}
