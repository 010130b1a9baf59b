"""One forecasting plug-in over HTTP: a series as JSON, and what it says comes next.

    POST url    {"series": [{"name": "shop/checkout", "start": 1763800000, "values": [310.5, null, ...]}],
                 "stepSeconds": 300, "horizons": [1, 2, ...], "levels": [0.025, ...]}
    200         {"points": [[...]]}, or {"quantiles": [[[...], ...]]}: per series, horizon (and level), in that order

Values are means over a step from its start on, null where unknown; horizon h is the h-th step after the last value.
Answers are finite and >= 0. There is no probe that costs nothing, so a half-open circuit tries a real question.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import msgspec
import numpy as np

from edgewarm.forecast.mixture import LEVELS
from edgewarm.model.demand import FloatArray
from edgewarm.model.fits import FitError, FitRequest
from edgewarm.sources.breaker import Admission, Breaker
from edgewarm.sources.http import Http
from edgewarm.sources.settings import Plugin
from edgewarm.sources.trouble import INNOCENT, Cause, NoAnswer, QueryError, TooMuch

LONGEST_BREAK_SECONDS = 600.0  # fits are minutes apart


class _Answer(msgspec.Struct):
    points: list[list[float]] | None = None
    quantiles: list[list[list[float]]] | None = None


_ANSWER = msgspec.json.Decoder(_Answer)


class PluginClient:
    """Asks one plug-in; `start` before, `close` after use. `clock` never runs backwards."""

    def __init__(self, plugin: Plugin, clock: Callable[[], float], random: Random) -> None:
        self.plugin = plugin
        self._http = Http(f"plug-in {plugin.name}", plugin)
        self._breaker = Breaker(random, longest_seconds=LONGEST_BREAK_SECONDS)
        self._clock = clock
        self._last_trouble = "failed several times in a row"

    async def start(self) -> None:
        """Open the session; raises Invalid when caFile cannot be read."""
        await self._http.start()

    async def close(self) -> None:
        await self._http.close()

    async def fit(self, request: FitRequest) -> FloatArray:
        """(ahead, 1) points or (ahead, Q) quantiles at `LEVELS`, sorted; raises FitError."""
        asked_at = self._clock()
        try:
            if self._breaker.admit(asked_at) is Admission.NO:
                raise NoAnswer(Cause.CIRCUIT_OPEN, self._last_trouble)
            found = await self._ask(request)
        except QueryError as error:
            if error.cause not in INNOCENT:
                self._last_trouble = error.text
                self._breaker.failed(asked_at, self._clock())
            asked = error.cause is not Cause.CIRCUIT_OPEN
            raise FitError(error.cause.value, f"plug-in {self.plugin.name} {error.text}", asked) from error
        self._breaker.succeeded(self._clock())
        return found

    async def _ask(self, request: FitRequest) -> FloatArray:
        try:
            status, body = await self._http.post("", _question(request))
        except TooMuch as error:
            raise TooMuch(f"answered {error.text}") from error
        if status != 200:
            raise NoAnswer(Cause.STATUS, f"answered HTTP {status}")
        try:
            answer = _ANSWER.decode(body)
        except (msgspec.MsgspecError, ValueError) as error:
            raise _garbage('what is not {"points": ...} or {"quantiles": ...} of numbers') from error
        return _checked(answer, request.ahead)


def _question(request: FitRequest) -> bytes:
    values = [value if math.isfinite(value) else None for value in request.values.tolist()]
    series = {"name": str(request.series), "start": request.start, "values": values}
    return msgspec.json.encode(
        {
            "series": [series],
            "stepSeconds": request.step_seconds,
            "horizons": list(range(1, request.ahead + 1)),
            "levels": LEVELS,
        }
    )


def _checked(answer: _Answer, ahead: int) -> FloatArray:
    """The shape that was asked for, finite and not negative."""
    said = answer.points if answer.quantiles is None else answer.quantiles
    if said is None:
        raise _garbage("neither points nor quantiles")
    if len(said) != 1:
        raise _garbage(f"{len(said)} series where 1 was asked")
    if len(said[0]) != ahead:
        raise _garbage(f"{len(said[0])} horizons where {ahead} were asked")
    rows = [row if isinstance(row, list) else [row] for row in said[0]]
    wide = 1 if answer.quantiles is None else len(LEVELS)
    if any(len(row) != wide for row in rows):
        raise _garbage(f"not {wide} quantiles for each horizon")
    values = np.array(rows, dtype=np.float64)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise _garbage("a value that is negative or not finite")
    return np.sort(values, axis=1)


def _garbage(what: str) -> NoAnswer:
    return NoAnswer(Cause.GARBAGE, f"answered {what}")
