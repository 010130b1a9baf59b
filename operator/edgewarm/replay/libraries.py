"""Named library models as rivals: each is fitted anew, in a child process, at every origin that it is judged on.

A fit takes seconds, so libraries are judged every 365 minutes (no divisor of a day or an hour) on at most the last
seven days before each origin, beside our forecasts of the same targets; with their own native quantiles, and with our
calibrator once five of their forecasts have come true: the better one counts.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.errors import TraceError
from edgewarm.replay.naive import Past
from edgewarm.replay.rolling import Advance
from edgewarm.sources.library import COMMAND, child_environment

LIBRARIES = {
    "holtwinters": "statsmodels ExponentialSmoothing, additive trend and season, optimised",
    "arima": "statsmodels ARIMA(1,1,1)",
    "autotheta": "statsforecast AutoTheta",
    "dot": "statsforecast DynamicOptimizedTheta",
}
HISTORY_DAYS = 7
EVERY_SECONDS = 365 * 60.0


@dataclass(frozen=True)
class Asked:
    """What a library is to forecast: the same for every origin."""

    library: str
    season: int
    horizons: tuple[int, ...]
    levels: tuple[float, ...]

    def line(self, **history: Sequence[float]) -> str:
        """One question to the child."""
        return json.dumps(vars(self) | history) + "\n"


def names_of(text: str, option: str) -> tuple[str, ...]:
    """The libraries that a list such as `holtwinters,dot` names; TraceError for one that is not known."""
    found = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    for name in found:
        if name not in LIBRARIES:
            raise TraceError(f"{option}: {name!r} is not known: choose of {', '.join(LIBRARIES)}")
    return found


def spaced(origins: IntArray, every: int) -> IntArray:
    """Positions of origins that are at least `every` steps apart, the first one included."""
    kept: list[int] = []
    for position, origin in enumerate(origins.tolist()):
        if not kept or origin - origins[kept[-1]] >= every:
            kept.append(position)
    return np.array(kept, dtype=np.int64)


def fitted(
    past: Past, asked: Asked, origins: IntArray, advance: Advance, environment: Mapping[str, str] = os.environ
) -> FloatArray:
    """Quantiles (O, K, Q) of one library at each origin; NaN where its fit failed. TraceError if it is not there."""
    result = np.full((len(origins), len(asked.horizons), len(asked.levels)), np.nan)
    with _child(environment) as (ask, answers):
        _greet(ask, answers, asked)
        for row, origin in enumerate(origins.tolist()):
            ask.write(asked.line(history=_history(past, origin)))
            ask.flush()
            found = _answer(answers, asked.library)
            if "quantiles" in found:
                result[row] = np.sort(np.maximum(found["quantiles"], 0.0), axis=-1)
            advance(1)
    return result


def _history(past: Past, origin: int) -> Sequence[float]:
    """The last known values up to the origin, without an unknown beginning."""
    values = past.held[max(origin + 1 - HISTORY_DAYS * past.day, 0) : origin + 1]
    found: list[float] = values[np.isfinite(values)].tolist()
    return found


@contextmanager
def _child(environment: Mapping[str, str]) -> Iterator[tuple[IO[str], IO[str]]]:
    child = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=child_environment(environment),
    )
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        with child.stdin, child.stdout:
            yield child.stdin, child.stdout
    finally:
        child.kill()
        child.wait()


def _greet(ask: IO[str], answers: IO[str], asked: Asked) -> None:
    ask.write(asked.line())
    ask.flush()
    found = _answer(answers, asked.library)
    if "missing" in found:
        cure = f"pip install {found['missing']}, or '.[rivals]' in a clone of edgewarm"
        raise TraceError(f"--rivals: {asked.library} needs {found['missing']}, which is not installed: {cure}")


def _answer(answers: IO[str], library: str) -> dict[str, Any]:
    line = answers.readline()
    if not line:
        raise TraceError(f"--rivals: the process of {library} ended without an answer: leave this rival out")
    found: dict[str, Any] = json.loads(line)
    return found
