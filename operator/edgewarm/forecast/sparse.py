"""The forecaster of intermittent series: hazards say whether, sizes say how much, for every window of the grid.

    q(tau) = quantile of nothing with probability 1 - P(window), else of the largest of its arrivals

P(window) is from forecast.chances, sizes from forecast.sizes. It keeps the contract of forecast.protocol, but for what
rows owe each other: they share pools and tables, so a row's forecast depends on its company.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edgewarm.forecast.chances import WindowTables, chances, known_arrivals
from edgewarm.forecast.hazard import HazardFleet
from edgewarm.forecast.idle import LAGS
from edgewarm.forecast.mixture import LEVELS
from edgewarm.forecast.protocol import State
from edgewarm.forecast.windows import GRID, Windows
from edgewarm.model.demand import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class SparseForecast:
    """Of every window and row: P that anything is asked (N, K), and quantiles (N, K, Q) at LEVELS."""

    something: FloatArray
    quantiles: FloatArray


class SparseFleet:
    """N intermittent rows on one clock; `update`, `append`, `keep` and `state` as in forecast.protocol."""

    def __init__(self, rows: int, step_seconds: float = 60.0, windows: Windows = GRID) -> None:
        self.windows = windows
        self._hazard = HazardFleet(rows, step_seconds)
        self._tables = WindowTables(rows, windows)
        self._step: int | None = None

    @property
    def size(self) -> int:
        return self._hazard.size

    def update(self, step: int, demand: FloatArray, censored: BoolArray) -> None:
        """Test what was said of windows that end now, learn the step, and say what is next for the record."""
        self._hazard.update(step, demand, censored)
        if self._step is not None:
            for skipped in range(max(self._step + 1, step - LAGS), step):
                self._tables.skip(skipped)
        self._step = step
        came = known_arrivals(demand, censored)
        self._tables.learn(step, came)
        which = self._tables.issuing(step)
        if len(which) and self.size:
            said = chances(self._hazard, self.windows, which).something
            self._tables.issue(step, which, np.where(np.isnan(came), np.nan, said))  # who is blind goes unrecorded

    def forecast(self) -> SparseForecast:
        """Every window after the last step seen."""
        found = chances(self._hazard, self.windows, np.arange(self.windows.count))
        something = self._tables.corrected(found.something, self._hazard.probability()).T
        return SparseForecast(something, self._hazard.largest(something, found.arrivals.T, LEVELS))

    def append(self, other: Self) -> None:
        """Take over the rows of a fleet that has seen the same last step, and add up what was pooled."""
        self._hazard.append(other._hazard)
        self._step = other._step if other.size else self._step
        mine, theirs = self._tables.said.arrays(), other._tables.said.arrays()
        self._tables.said.take({name: np.concatenate([mine[name], theirs[name]], axis=-1) for name in mine})
        added = other._tables.shared()
        self._tables.take_shared({name: array + added[name] for name, array in self._tables.shared().items()})

    def keep(self, rows: IntArray) -> None:
        """Keep these rows, in this order; what the others taught the fleet stays."""
        self._hazard.keep(rows)
        self._tables.said.take({name: array[:, rows] for name, array in self._tables.said.arrays().items()})

    def state(self) -> State:
        """All arrays, copied, with the clock and the windows."""
        parts: Mapping[str, Mapping[str, NDArray[Any]]] = {
            "hazard": self._hazard.state(),
            "said": {name: array.copy() for name, array in self._tables.said.arrays().items()},
            "tables": self._tables.shared(),
        }
        named = {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}
        clock = {"step": np.array(-1 if self._step is None else self._step)}
        return named | clock | {"ahead": self.windows.ahead, "until": self.windows.until}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fleet that `state()` was taken from."""
        hazard = HazardFleet.from_state(part(state, "hazard"))
        windows = Windows.of(tuple(state["ahead"].tolist()), tuple(state["until"].tolist()))
        fleet = cls(0, hazard.step_seconds, windows)
        fleet._hazard = hazard
        fleet._tables.said.take({name: array.copy() for name, array in part(state, "said").items()})
        fleet._tables.take_shared(part(state, "tables"))
        fleet._step = int(state["step"]) if int(state["step"]) >= 0 else None
        return fleet


def part(state: State, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of one part of a fleet's state, by their names in it."""
    return {key.removeprefix(f"{name}."): array for key, array in state.items() if key.startswith(f"{name}.")}
