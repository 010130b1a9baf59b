"""A backtest as JSON, as a table to read, and its forecasts as rows of a CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.model.units import format_duration, format_time
from edgewarm.replay.backtest import AtHorizon, Backtest, Settings
from edgewarm.replay.scores import HOURS
from edgewarm.replay.trace import Trace

COLUMNS = ("issued_at", "horizon_steps", "quantile", "value", "actual")


class Writable(Protocol):
    """An open text file."""

    def write(self, text: str, /) -> object: ...


class ForecastRows:
    """Writes each forecast as it is issued: one row per horizon and level, so memory does not grow.

    `issued_at` is the Unix time of the last sample seen, `actual` the value `horizon_steps` steps later, empty where it
    is unknown or after the end of the trace.
    """

    def __init__(self, file: Writable, trace: Trace, settings: Settings) -> None:
        self._rows = csv.writer(file, lineterminator="\n")
        self._rows.writerow(COLUMNS)
        self._trace, self._settings = trace, settings
        self._levels = [f"{level:g}" for level in settings.levels]

    def add(self, index: int, quantiles: FloatArray) -> None:
        """Quantiles (K, Q) issued at step `index` of the trace."""
        issued_at = f"{self._trace.time(index):.15g}"
        for ahead, row in zip(self._settings.horizons, quantiles.tolist(), strict=True):
            actual = self._value(index + ahead)
            for level, value in zip(self._levels, row, strict=True):
                if math.isfinite(value):
                    self._rows.writerow((issued_at, ahead, level, repr(value), actual))

    def _value(self, index: int) -> str:
        values = self._trace.values
        known = index < len(values) and math.isfinite(values[index])
        return repr(float(values[index])) if known else ""


def as_json(found: Backtest, elapsed_seconds: float) -> dict[str, Any]:
    """Settings, facts on the trace, and per horizon the scores of everybody; what is not a number is null."""
    trace, settings = found.trace, found.settings
    result = {
        "command": "backtest",
        "version": version("edgewarm"),
        "settings": {
            "step_seconds": trace.step_seconds,
            "horizons_steps": settings.horizons,
            "quantiles": settings.levels,
            "crps_levels": found.grid,
            "train_steps": found.train_steps,
            "train_seconds": found.train_steps * trace.step_seconds,
        },
        "trace": _facts(trace),
        "origins": len(found.origins),
        "scale": found.unit,
        "horizons": [_horizon(item, trace.step_seconds) for item in found.horizons],
        "libraries": [asdict(item) for item in found.libraries],
        "elapsed_seconds": round(elapsed_seconds, 3),
    }
    clean: dict[str, Any] = _clean(result)
    return clean


def _facts(trace: Trace) -> dict[str, Any]:
    known = trace.values[np.isfinite(trace.values)]
    return {
        "name": trace.name,
        "steps": len(trace.values),
        "known_steps": len(known),
        "first": format_time(trace.time(0)),
        "last": format_time(trace.time(len(trace.values) - 1)),
        "mean": float(known.mean()),
        "min": float(known.min()),
        "max": float(known.max()),
        "notes": trace.notes,
    }


def _horizon(item: AtHorizon, step_seconds: float) -> dict[str, Any]:
    return {
        "steps": item.steps,
        "seconds": item.steps * step_seconds,
        "scored": item.scored,
        "model": asdict(item.model),
        "naive": {name: asdict(scores) for name, scores in item.naive.items()},
        "better_naive": item.better,
        "ratio": item.ratio,
        "coverage_by_hour_utc": item.by_hour.tolist(),
        "coverage_by_volatility_tercile": item.by_volatility.tolist(),
    }


def _clean(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _clean(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


def as_text(found: Backtest, elapsed_seconds: float) -> str:
    """What a person reads: the trace in two lines, one row per horizon, coverage, and what the columns mean."""
    trace = found.trace
    span = f"{format_time(trace.time(0))} to {format_time(trace.time(len(trace.values) - 1))}"
    trained = format_duration(round(found.train_steps * trace.step_seconds, 3))
    head = [
        f"{trace.name}: {len(trace.values)} steps of {format_duration(trace.step_seconds)}, {span}",
        f"trained on {trained}, then {len(found.origins)} forecasts, one at each step, in {elapsed_seconds:.1f} s",
        *(f"note: {note}" for note in trace.notes),
        "",
    ]
    return "\n".join([*head, *_scores(found), "", *_coverage(found), *_of_libraries(found), "", *_legend()])


def _scores(found: Backtest) -> list[str]:
    names = ("horizon", "pinball", "mase", "crps", "naive", "ratio", "better naive rival")
    rows = [
        (
            _ahead(item, found.trace),
            _short(item.model.scaled_pinball),
            _short(item.model.mase),
            _short(item.model.crps),
            _short(item.naive[item.better].scaled_pinball),
            _short(item.ratio),
            item.better,
        )
        for item in found.horizons
    ]
    return _table(names, rows)


def _coverage(found: Backtest) -> list[str]:
    levels = found.settings.levels
    judged = min(levels, key=lambda level: abs(level - 0.9))
    worst = (f"worst hour (UTC) of {judged:g}", f"worst volatility of {judged:g}")
    names = ("coverage of", *(f"{level:g}" for level in levels), *worst)
    rows = [
        (
            _ahead(item, found.trace),
            *(_percent(share) for share in item.model.coverage),
            _worst(item.by_hour, found.settings.levels, [f"{hour:02} h" for hour in range(HOURS)]),
            _worst(item.by_volatility, found.settings.levels, ("calm", "middle", "wild")),
        )
        for item in found.horizons
    ]
    return _table(names, rows)


def _worst(table: FloatArray, levels: Sequence[float], groups: Sequence[str]) -> str:
    """The group whose coverage is farthest from the level nearest to .9."""
    column = int(np.argmin(np.abs(np.asarray(levels) - 0.9)))
    away = np.abs(table[:, column] - levels[column])
    if not np.isfinite(away).any():
        return "-"
    worst = int(np.nanargmax(away))
    return f"{_percent(table[worst, column])} ({groups[worst]})"


def _of_libraries(found: Backtest) -> list[str]:
    names = ("library", "horizon", "targets", "pinball", "ours", "ratio", "its better quantiles")
    rows = [
        (
            item.name,
            str(item.steps),
            str(item.scored),
            _short(item.forms[item.better].scaled_pinball),
            _short(item.model.scaled_pinball),
            _short(item.ratio),
            item.better,
        )
        for item in found.libraries
    ]
    return ["", *_table(names, rows)] if rows else []


def _legend() -> list[str]:
    return [
        "pinball: 2 x mean pinball loss / scale; mase: mean |error| of the median / scale; crps: in demand units;",
        "scale: mean error of seasonal naive (one day) in training. naive: pinball of the best naive rival, chosen in",
        "hindsight for each horizon; ratio: ours by that, below 1 we win, - where that is 0 and ours is not.",
        "coverage: share of values at or below.",
    ]


def _ahead(item: AtHorizon, trace: Trace) -> str:
    span = format_duration(round(item.steps * trace.step_seconds, 3))
    return f"{item.steps} ({span})"


def _short(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if math.isfinite(share) else "-"


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    return [
        "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in (names, *rows)
    ]
