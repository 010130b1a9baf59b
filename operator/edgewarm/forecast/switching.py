"""The operator's forecaster: the fleet model for every row, and hazards for the rows that are intermittent just now.

    intermittent   more than a quarter of a row's steps are zero, and zeros lie among arrivals (forecast.intermittent)
    switch         a row changes sides when the other side was right at each of its last 30 known steps; each fifth step

Counts fade over a day, so that a quiet night does not make a busy service intermittent. A row that becomes intermittent
brings its last two hours along; the fleet model goes on learning it, so the way back costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from edgewarm.forecast.explain import Ingredients
from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.intermittent import intermittent
from edgewarm.forecast.protocol import FleetForecast, State
from edgewarm.forecast.rows import Rows
from edgewarm.forecast.sparse import SparseFleet, part
from edgewarm.forecast.windows import GRID, Windows
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

PATIENCE = 30  # known steps
RECENT = 120  # steps that a row brings along
TOGETHER = 5  # rows change sides each so many steps: to replay what one brings along costs half as much as of a hundred
MEMORY_SECONDS = 86400.0


@dataclass
class Habits(Rows):
    """What tells intermittent rows from others, (N,) each unless told.

    Faded `counts` (3, N) of steps that are known, with an arrival, and with one right after a zero; whether the last
    step was `idle`, a zero; the `recent` demand (RECENT, N) and whether it was a lower `bound`, in slots by time; for
    how many known steps the row was on the `wrong` side; which rows are `sparse`.
    """

    counts: FloatArray
    idle: BoolArray
    recent: FloatArray
    bound: BoolArray
    wrong: IntArray
    sparse: BoolArray

    @classmethod
    def blank(cls, rows: int) -> Habits:
        recent, bound = np.full((RECENT, rows), np.nan), np.zeros((RECENT, rows), dtype=np.bool_)
        wrong, sparse = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.bool_)
        return cls(np.zeros((3, rows)), np.zeros(rows, dtype=np.bool_), recent, bound, wrong, sparse)

    def skip(self, steps: range) -> None:
        """Steps of which nothing is known."""
        if len(steps):
            self.recent[np.arange(steps.start, steps.stop)[-RECENT:] % RECENT] = np.nan
            self.idle = np.zeros_like(self.idle)

    def learn(
        self, step: int, demand: FloatArray, censored: BoolArray, step_seconds: float, turning: bool = True
    ) -> bool:
        """Count one step (N,), and if it is time for `turning`, turn `sparse` where the other side has been right for
        long enough; whether any row was turned."""
        arrived, nothing = demand > 0, (demand <= 0) & ~censored
        known, fade = arrived | nothing, max(1 - step_seconds / MEMORY_SECONDS, 0.5)
        news = np.empty_like(self.counts)
        news[0], news[1], news[2] = known, arrived, arrived & self.idle
        news += self.counts * fade
        self.counts = np.where(known, news, self.counts)
        self.idle = nothing
        self.recent[step % RECENT], self.bound[step % RECENT] = demand, censored
        return self._judge(known, turning)

    def _judge(self, known: BoolArray, turning: bool) -> bool:
        other = intermittent(*self.counts) != self.sparse
        if not other.any() and not self.wrong.any():
            return False
        self.wrong = np.where(known, np.where(other, self.wrong + 1, 0), self.wrong)
        turned = (self.wrong >= PATIENCE) & turning
        self.sparse = self.sparse ^ turned
        self.wrong[turned] = 0
        return bool(turned.any())


class SwitchingFleet:
    """N series on one clock; see `forecast.protocol.Forecaster` for the contract.

    Rows that are not intermittent are forecast by the fleet model and by nothing else.
    """

    def __init__(self, rows: int, step_seconds: float = 60.0, windows: Windows = GRID) -> None:
        self._fleet = FleetModel(rows, step_seconds, windows)
        self._habits = Habits.blank(rows)
        self._sparse = SparseFleet(0, step_seconds, windows)  # its rows are those of `_rows`, in that order
        self._rows: IntArray = np.zeros(0, dtype=np.int64)
        self._step: int | None = None

    @property
    def step_seconds(self) -> float:
        return self._fleet.step_seconds

    @property
    def windows(self) -> Windows:
        return self._fleet.windows

    @property
    def size(self) -> int:
        return self._fleet.size

    @property
    def intermittent(self) -> BoolArray:
        """Rows (N,) that are forecast by their hazards."""
        return self._habits.sparse.copy()

    def follow_clocks(self, offset: IntArray) -> None:
        """From now on the local time of each row is so many steps (N,) ahead of UTC."""
        self._fleet.follow_clocks(offset)

    def update(self, step: int, demand: FloatArray, censored: BoolArray) -> None:
        """Learn one step; rows that have become intermittent, or are no more, change sides."""
        self._fleet.update(step, demand, censored)
        turning = self._step is None or step // TOGETHER > self._step // TOGETHER
        if self._step is not None:
            self._habits.skip(range(self._step + 1, step))
        self._step = step
        if len(self._rows):
            self._sparse.update(step, demand[self._rows], censored[self._rows])
        if self._habits.learn(step, demand, censored, self.step_seconds, turning):
            self._switch(step)

    def _switch(self, step: int) -> None:
        members = np.flatnonzero(self._habits.sparse)
        entering = np.setdiff1d(members, self._rows)
        self._sparse.append(self._entrants(step, entering))
        held = np.concatenate([self._rows, entering])
        self._sparse.keep(np.flatnonzero(np.isin(held, members))[np.argsort(held[np.isin(held, members)])])
        self._rows = members

    def _entrants(self, step: int, rows: IntArray) -> SparseFleet:
        """A fleet of these rows that has seen their last steps."""
        fleet = SparseFleet(len(rows), self.step_seconds, self.windows)
        for past in range(step - RECENT + 1, step + 1):
            fleet.update(past, self._habits.recent[past % RECENT, rows], self._habits.bound[past % RECENT, rows])
        return fleet

    def forecast(self) -> FleetForecast:
        """Every window after the last step seen: quantiles, and of intermittent rows P that anything is asked."""
        found = self._fleet.forecast()
        if not len(self._rows):
            return found
        sparse, split = self._sparse.forecast(), self.windows.points
        at_ahead, max_until = found.at_ahead.copy(), found.max_until.copy()
        at_ahead[self._rows], max_until[self._rows] = sparse.quantiles[:, :split], sparse.quantiles[:, split:]
        chance = np.full((self.size, self.windows.count), np.nan)
        chance[self._rows] = sparse.something
        return replace(
            found,
            at_ahead=at_ahead,
            max_until=max_until,
            chance_ahead=chance[:, :split],
            chance_until=chance[:, split:],
        )

    def ingredients(self, row: int) -> Ingredients | None:
        """What the forecast of one row is mixed from; None of an intermittent row. ValueError before it has a value."""
        return None if self._habits.sparse[row] else self._fleet.ingredients(row)

    def append(self, other: Self) -> None:
        """Take over the rows of a fleet that has seen the same last step (an empty fleet takes over its clock)."""
        before = self.size
        self._fleet.append(other._fleet)
        self._sparse.append(other._sparse)
        mine, theirs = self._habits.arrays(), other._habits.arrays()
        self._habits.take({name: np.concatenate([mine[name], theirs[name]], axis=-1) for name in mine})
        self._rows = np.concatenate([self._rows, other._rows + before])
        self._step = other._step if other.size else self._step

    def keep(self, rows: IntArray) -> None:
        """Keep these rows, in this order, and forget the others."""
        self._fleet.keep(rows)
        place = np.full(len(self._habits.sparse), -1)
        place[self._rows] = np.arange(len(self._rows))
        kept = place[rows]
        self._sparse.keep(kept[kept >= 0])
        self._habits.take({name: array[..., rows] for name, array in self._habits.arrays().items()})
        self._rows = np.flatnonzero(self._habits.sparse)

    def state(self) -> State:
        """Everything needed to go on identically, by part."""
        parts = {"fleet": self._fleet.state(), "sparse": self._sparse.state()}
        parts["habits"] = {name: array.copy() for name, array in self._habits.arrays().items()}
        return {f"{name}.{key}": array for name, arrays in parts.items() for key, array in arrays.items()} | {
            "step": np.array(-1 if self._step is None else self._step)
        }

    @classmethod
    def from_state(cls, state: State) -> SwitchingFleet:
        """The fleet that `state()` was taken from."""
        inner = FleetModel.from_state(part(state, "fleet"))
        fleet = cls(0, inner.step_seconds, inner.windows)
        fleet._fleet, fleet._sparse = inner, SparseFleet.from_state(part(state, "sparse"))
        fleet._habits.take({name: array.copy() for name, array in part(state, "habits").items()})
        fleet._rows = np.flatnonzero(fleet._habits.sparse)
        fleet._step = int(state["step"]) if int(state["step"]) >= 0 else None
        return fleet
