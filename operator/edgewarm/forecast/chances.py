"""P that anything is asked in each window of the grid: from the hazards of the quiet path, corrected window by window.

    F(b) = 1 - prod_{i <= b} (1 - h_i)              something within b steps
    f(i) = F(i) - F(i - 1)                          the first of it in step i
    m(a) = sum_{i <= a} f(i) e(a - i), e(0) = 1     something in step a; e(k): the row's rate k steps after an arrival

The quiet path takes all rows as alike, and timers are surer than chance: P of a window comes out too low in the
middle. So each window of more than one step has a reliability table of its own (forecast.reliability), over the whole
fleet: what was said is kept until the window has passed. Short windows are tested each step; long ones cost more and
overlap themselves, so each seventh step is enough, which meets every minute of the hour in turn.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from edgewarm.forecast.hazard import HazardFleet
from edgewarm.forecast.idle import LAGS
from edgewarm.forecast.pending import Schedule
from edgewarm.forecast.reliability import Reliability, bounded
from edgewarm.forecast.rows import Rows
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

NEAR = 5  # steps: windows that end by then are tested each step
STRIDE = 7  # steps between two tests of the others
MEMORY = 0.99  # of a table, per test


@dataclass(frozen=True)
class Chances:
    """Of K windows and N rows, both (K, N): P of `something` in (0, 1), and the mean count of `arrivals` if any."""

    something: FloatArray
    arrivals: FloatArray


def chances(fleet: HazardFleet, windows: Windows, which: IntArray) -> Chances:
    """What the hazards say of the windows `which` (K,), uncorrected; beyond LAGS steps each one has the row's rate."""
    ends, rate = windows.ends[which], fleet.rates()
    steps = int(min(ends.max(), LAGS))
    near, beyond = np.minimum(ends, steps) - 1, np.maximum(ends - steps, 0)[:, None]
    quiet = np.cumprod(1 - fleet.hazards(steps).T, axis=0)
    each = _each(-np.diff(quiet, axis=0, prepend=1.0), fleet.echoes().T)
    single = (which < windows.points)[:, None]
    at = np.where(beyond > 0, rate, each[near])
    something = bounded(np.where(single, at, 1 - quiet[near] * (1 - rate) ** beyond))
    arrivals = (np.cumsum(each, axis=0)[near] + rate * beyond) / something
    return Chances(something, np.where(single, 1.0, np.maximum(arrivals, 1.0)))


def _each(first: FloatArray, echoes: FloatArray) -> FloatArray:
    """m (J, N) of each of the next J steps, from f (J, N) and e (LAGS, N)."""
    result = first.copy()
    for step in range(1, len(first)):
        result[step] += (first[:step] * echoes[:step][::-1]).sum(axis=0)
    return result


@dataclass
class Said(Rows):
    """What was said of windows under way, `something` (S, N) in slots by time, and what came, (R, N): 1, 0 or NaN."""

    something: FloatArray
    came: FloatArray


class WindowTables:
    """The reliability of K windows over a fleet; a window of one step is the hazard fleet's own business."""

    def __init__(self, rows: int, windows: Windows) -> None:
        self._windows = windows
        reach = min(int(windows.ends.max()), LAGS) + 1  # one more than `of_recent` looks at
        self._tabled = (windows.ends > 1) & (windows.ends <= LAGS)
        strides = np.where(windows.ends <= NEAR, 1, STRIDE)
        count = np.where(self._tabled, -(-windows.ends // strides), 0)
        self._schedule = Schedule(1, windows.ends, strides, count, np.cumsum(count) - count)
        self.said = Said(np.full((int(count.sum()), rows), np.nan), np.full((reach, rows), np.nan))
        self.tables = [Reliability.blank() for _ in range(windows.count)]

    def issuing(self, step: int) -> IntArray:
        """Windows (K,) of which something is said for the record at this step."""
        issued = self._schedule.issuing(step)
        return issued[self._tabled[issued]]

    def issue(self, step: int, which: IntArray, something: FloatArray) -> None:
        """Keep what is said (K, N) until it can be tested."""
        self.said.something[self._schedule.slots(which, step)] = something

    def learn(self, step: int, came: FloatArray) -> None:
        """What came (N,) in this step: 1, 0, or NaN where that is not known."""
        ring = self.said.came
        ring[step % len(ring)] = came
        due = self._schedule.due(step)
        due = due[self._tabled[due]]
        if not len(due):
            return
        recent = ring[(step - np.arange(len(ring))) % len(ring)]
        actual = self._windows.of_recent(recent, np.zeros_like(self._windows.ends))[due]
        for window, said, found in zip(due, self.said.something[self._schedule.tested(due, step)], actual, strict=True):
            known = np.isfinite(said) & np.isfinite(found)
            if known.any():
                self.tables[window].learn(said[known], found[known] > 0, MEMORY)

    def skip(self, step: int) -> None:
        """A step in which nothing was known or said."""
        self.learn(step, np.full(self.said.came.shape[1], np.nan))
        which = self.issuing(step)
        self.issue(step, which, np.full((len(which), self.said.came.shape[1]), np.nan))

    def corrected(self, something: FloatArray, next_step: FloatArray) -> FloatArray:
        """P (K, N) of all windows as the tables would have it; `next_step` (N,) is P of a window of one step.

        P of a longer window that begins now is never below that of a shorter one.
        """
        result = np.stack([self._of(window, said, next_step) for window, said in enumerate(something)])
        until = slice(self._windows.points, None)
        result[until] = np.maximum.accumulate(result[until], axis=0)
        return result

    def _of(self, window: int, said: FloatArray, next_step: FloatArray) -> FloatArray:
        if self._windows.ends[window] == 1:
            return next_step
        return self.tables[window].corrected(said) if self._tabled[window] else said

    def shared(self) -> dict[str, NDArray[np.float64]]:
        """The tables' arrays (K, B), by name."""
        return {
            field.name: np.stack([getattr(table, field.name) for table in self.tables]) for field in fields(Reliability)
        }

    def take_shared(self, named: dict[str, NDArray[np.float64]]) -> None:
        """Put arrays by the names of `shared` in place."""
        rows = zip(*(named[field.name] for field in fields(Reliability)), strict=True)
        self.tables = [Reliability(*(part.copy() for part in row)) for row in rows]


def known_arrivals(demand: FloatArray, censored: BoolArray) -> FloatArray:
    """1 where something came, 0 where nothing did, NaN where that is unknown; a censored zero is unknown. All (N,)."""
    return np.where(demand > 0, 1.0, np.where(censored | np.isnan(demand), np.nan, 0.0))
