"""A fleet whose rows are all forecast by another model, fitted in place: `forecast.protocol` for the contract tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.guest import Guest, of_means
from edgewarm.forecast.linear import linear
from edgewarm.forecast.mixture import LEVELS
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.forecast.recent import Recent
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import BoolArray, FloatArray, IntArray
from edgewarm.model.fits import FitError, FitRequest
from edgewarm.model.identity import Key, SeriesKey
from edgewarm.sources.library import Library

Says = Callable[[FloatArray, int, int], FloatArray | None]
"""(means, how many ahead, means a day) -> (ahead, 1 or Q); None where the fit failed."""

DAYS, ENOUGH, EVERY = 7, 30, 4  # of history; of known means; issues between two fits
LATEST = 6  # issues that a path may be old


@dataclass
class Row:
    """One row: its guest and what it learns from."""

    guest: Guest
    recent: Recent


@dataclass
class GuestFleet:
    """As the operator does it: each row has the fleet's forecast, and another while its model has spoken."""

    says: Says
    fleet: FleetModel
    rows: list[Row] = field(default_factory=list)
    every: int = EVERY

    @classmethod
    def new(cls, says: Says, rows: int, step_seconds: float, every: int = EVERY) -> GuestFleet:
        fleet = FleetModel(rows, step_seconds)
        day = round(86400 / step_seconds)
        return cls(says, fleet, [Row(Guest(step_seconds), Recent(DAYS * day)) for _ in range(rows)], every)

    @property
    def step_seconds(self) -> float:
        return self.fleet.step_seconds

    @property
    def windows(self) -> Windows:
        return self.fleet.windows

    @property
    def size(self) -> int:
        return self.fleet.size

    def update(self, step: int, demand: FloatArray, censored: BoolArray) -> None:
        self.fleet.update(step, demand, censored)
        for row, value, bound in zip(self.rows, demand, censored, strict=True):
            taken = row.guest.update(step, float(value), bool(bound))
            row.recent.put(step, taken)
            if np.isfinite(taken) and step % (self.every * self._width) == 0:
                self._fit(row, step)

    @property
    def _width(self) -> int:
        return max(1, round(300 / self.step_seconds))

    def _fit(self, row: Row, step: int) -> None:
        means = row.recent.means(self._width)
        if np.isfinite(means).sum() < ENOUGH:
            return
        ahead = -(-int(self.windows.ends.max()) // self._width) + self.every + LATEST
        said = self.says(means, ahead, round(86400 / self.step_seconds / self._width))
        if said is None:
            return
        row.guest.bring(of_means(step, self._width, np.maximum(said, 0.0)))

    def forecast(self) -> FleetForecast:
        fleet = self.fleet.forecast()
        singles = [_row(fleet, index) for index in range(self.size)]
        found = [row.guest.forecast(one) or one for row, one in zip(self.rows, singles, strict=True)]
        at = np.concatenate([fleet.at_ahead[:0], *(one.at_ahead for one in found)])
        until = np.concatenate([fleet.max_until[:0], *(one.max_until for one in found)])
        return FleetForecast(fleet.step, fleet.levels, fleet.ahead, fleet.until, at, until, fleet.known)

    def append(self, other: GuestFleet) -> None:
        self.fleet.append(other.fleet)
        self.rows += other.rows

    def keep(self, rows: IntArray) -> None:
        self.fleet.keep(rows)
        self.rows = [self.rows[index] for index in rows]

    def state(self) -> Any:
        """Guests are not saved: a restarted operator asks history again. Here the test holds them."""
        return deepcopy(self)


def _row(fleet: FleetForecast, index: int) -> FleetForecast:
    one = slice(index, index + 1)
    axes = (fleet.step, fleet.levels, fleet.ahead, fleet.until)
    return FleetForecast(*axes, fleet.at_ahead[one], fleet.max_until[one], fleet.known[one])


def points(values: FloatArray, ahead: int, season: int) -> FloatArray:
    """What the model Linear says."""
    return linear(values, ahead, season)[:, None]


def quantiles(values: FloatArray, ahead: int, season: int) -> FloatArray:
    """As a plug-in may: its own quantiles, much too narrow."""
    spread = 0.1 * np.nanstd(values) * (np.array(LEVELS) - 0.5)
    return np.asarray(linear(values, ahead, season)[:, None] + spread)


class LibraryModel:
    """What a library says, in its own child process; `close` after use."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._loop = asyncio.new_event_loop()
        self._library = Library()

    def __call__(self, values: FloatArray, ahead: int, season: int) -> FloatArray | None:
        """Points (ahead, 1)."""
        series = SeriesKey(Key("shop", "checkout"))
        request = FitRequest(self._model, series, 0.0, 86400 / season, values, ahead)
        try:
            return self._loop.run_until_complete(self._library.fit(request))
        except FitError as error:
            if error.cause != "failed":
                raise
            return None

    def __deepcopy__(self, memo: dict[int, Any]) -> LibraryModel:
        """It remembers nothing."""
        return self

    def close(self) -> None:
        """End the child."""
        self._loop.run_until_complete(self._library.close())
        self._loop.close()
