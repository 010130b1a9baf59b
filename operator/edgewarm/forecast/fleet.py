"""The fleet model: every workload's demand as calibrated quantiles, all rows in one set of arrays, one update a step.

    verify    what was forecast for this step teaches the mixture (forecast.mixture) and the regression (forecast.ridge)
    learn     the step itself moves levels, day, hour and week (forecast.levels, forecast.seasons)
    issue     every seventh minute each window is forecast for the record
    forecast  on demand: quantiles of every window after the last step

Everything is on the scale z = sqrt(y), which evens out the variance of counts and stays exact under rescaling (Anscombe
1948 without his constant, which would tie the model to a unit). An unknown step (NaN) changes no estimate, but widens
what is said (forecast.blind).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edgewarm.forecast.blind import recorded_steps, untested, widening
from edgewarm.forecast.clock import Clock
from edgewarm.forecast.cycle import Cycle
from edgewarm.forecast.experts import points
from edgewarm.forecast.explain import Ingredients
from edgewarm.forecast.features import features
from edgewarm.forecast.last_days import of_last_days
from edgewarm.forecast.levels import Levels
from edgewarm.forecast.mixture import LEVELS, MEDIAN, Mixture
from edgewarm.forecast.pending import Pending
from edgewarm.forecast.prior import adopt
from edgewarm.forecast.protocol import FleetForecast, State
from edgewarm.forecast.ridge import Ridge
from edgewarm.forecast.rows import BLOCK, Rows, SingleArray
from edgewarm.forecast.seasons import HOUR_SECONDS, WEEK_DAYS, Seasons
from edgewarm.forecast.windows import GRID, Windows
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

LARGEST = 1e150  # on the square-root scale: a forecast is finite whatever came
ENOUGH = 30  # samples before anything is said
SOLVE_EVERY = 4  # issues: the coefficients of one step ahead are solved anew that often; a whole number in a week


class FleetModel:
    """N series on one clock; see `forecast.protocol.Forecaster` for the contract."""

    def __init__(self, rows: int, step_seconds: float = 60.0, windows: Windows = GRID) -> None:
        self.step_seconds = step_seconds
        self.windows = windows
        self._step: int | None = None
        self._levels = Levels.blank(rows, step_seconds)
        self._seasons = Seasons.blank(rows, step_seconds)
        self._cycle = Cycle.blank(rows, step_seconds)
        self._ridge = Ridge.blank(rows, windows.points)
        self._mixture = Mixture.blank(rows, windows, step_seconds)
        self._clock = Clock.blank(rows, windows, step_seconds)
        self._pending = Pending.blank(rows, windows, step_seconds)
        self._late, self._far = windows.late(step_seconds), windows.far_points(step_seconds)
        self._recorded = recorded_steps(windows, step_seconds)
        self._memory = max(
            WEEK_DAYS * self._seasons.slots, int(windows.ends.max(initial=0))
        )  # steps; older is forgotten
        back = windows.reach + int(self._late.max(initial=0)) + 1
        self._schedule = self._pending.schedule
        solved = (SOLVE_EVERY + 1) * self._schedule.strides.max(initial=0) + back
        self._lively = int(max(solved, self._recorded.max(initial=0)))  # unknown steps that still move anything
        self._offset = np.zeros(rows, dtype=np.int64)  # steps by which local time is ahead of UTC
        self._sure = np.zeros((back, rows), dtype=bool)  # the last steps that taught something
        self._issued: FloatArray | None = (
            None  # quantiles (K, Q, N) after the last step, if they were mixed for the record
        )

    @property
    def size(self) -> int:
        return len(self._levels.last)

    def follow_clocks(self, offset: IntArray) -> None:
        """From now on local time is so many steps (N,) ahead of UTC: where that changes, the day moves along."""
        for row in np.flatnonzero(offset != self._offset).tolist():
            ahead = int(offset[row] - self._offset[row])
            self._seasons.turn(row, ahead)
            self._clock.turn(row, ahead)
        self._offset = offset.copy()

    def update(self, step: int, demand: FloatArray, censored: BoolArray) -> None:
        """Verify what was forecast for this step, learn it, and issue the next forecasts; skipped steps are unknown."""
        if demand.shape != (self.size,):
            raise ValueError(f"demand must have shape ({self.size},), got {demand.shape}")
        if self._step is not None and step <= self._step:
            raise ValueError(f"steps must rise, got {step} after {self._step}")
        self._issued = None
        issued = [part._learn(step, np.sqrt(demand[rows]), censored[rows]) for rows, part in self._blocks()]
        self._step, self._issued = step, _together(issued)

    def _blocks(self) -> Iterator[tuple[slice, FleetModel]]:
        """All rows in blocks: what one step makes of a block stays in the processor's cache."""
        for start in range(0, self.size, BLOCK):
            rows = slice(start, start + BLOCK)
            yield rows, self._part(rows) if self.size > BLOCK else self

    def _part(self, rows: slice) -> FleetModel:
        """These rows, in the same arrays: what it learns is learned here, but for the step."""
        part = copy(self)
        part._levels, part._seasons = self._levels.part(rows), self._seasons.part(rows)
        part._cycle = self._cycle.part(rows)
        part._ridge, part._mixture = self._ridge.part(rows), self._mixture.part(rows)
        part._clock, part._pending = self._clock.part(rows), self._pending.part(rows)
        part._sure = self._sure[:, rows]
        return part

    def _learn(self, step: int, z: FloatArray, censored: BoolArray) -> FloatArray | None:
        """Learn one step on the scale z; the quantiles (K, Q, N) if they were issued for the record."""
        if self._step is not None and step > self._step + 1:
            self._skip(range(max(self._step + 1, step - self._memory), step))
        return self._advance(step, z, censored)

    def _skip(self, steps: range) -> None:
        """Unknown steps; after the first hours of them nothing is tested, solved anew or put on record any more."""
        nothing, free = np.full(self.size, np.nan), np.zeros(self.size, dtype=bool)
        for step in steps[: self._lively]:
            self._advance(step, nothing, free)
        rest = steps[self._lively :]
        if len(rest):
            self._seasons.skip(rest)
            self._levels.age += len(rest)
            self._pending.forget(rest)
            self._sure[np.array(rest[-len(self._sure) :]) % len(self._sure)] = False
            self._step = rest[-1]

    def _advance(self, step: int, z: FloatArray, censored: BoolArray) -> FloatArray | None:
        if censored.any():  # a lower bound below what was expected says nothing; one above it is as good as a value
            z = np.where(censored & (z <= self._expected(step)), np.nan, z)
        self._seasons.learn(step, z, self._levels.slow)
        self._sure[step % len(self._sure)] = np.isfinite(z)
        self._verify(step)
        self._levels.learn(z)
        self._cycle.look(self._seasons, step)
        self._step = step
        return self._issue(step)

    def _expected(self, step: int) -> FloatArray:
        """What the day profile expected of this step, else the last value."""
        usual = self._seasons.usual(np.array([step]))[0] + self._seasons.deviation
        return np.where(np.isfinite(usual), usual, self._levels.last)

    def _recent(self, step: int) -> FloatArray:
        """z of the last steps, newest first; NaN where unknown, or only a lower bound below what was expected."""
        back = step - np.arange(len(self._sure))
        return np.where(self._sure[back % len(self._sure)], self._seasons.past(back), np.nan)

    def _verify(self, step: int) -> None:
        """What came of the forecasts that are tested now; all windows are gone through, those not due as unknown."""
        due = self._schedule.due(step)
        if not len(due):
            return
        slots = self._schedule.tested(np.arange(self.windows.count), step)
        actual = np.full((self.windows.count, self.size), np.nan)
        actual[due] = self.windows.of_recent(self._recent(step), self._late)[due]
        said, issued = self._pending.said(slots)
        spread = self._pending.spread_of(slots[self._far])
        evidence, size = self._mixture.learn(said, spread, issued, actual, self._levels.level)
        self._clock.learn(self._clock.quarter(step - self._late), evidence, size)
        single = self.windows.points
        x, level = self._pending.seen(slots[:single])
        seconds = np.asarray(self._schedule.strides[:single] * self.step_seconds, dtype=np.float64)
        self._ridge.learn(x, actual[:single] - level, seconds)

    def _issue(self, step: int) -> FloatArray | None:
        which = self._schedule.issuing(step)
        if not len(which):
            return None
        single = which[which < self.windows.points]
        turn = step // self._schedule.strides[single] + single
        self._ridge.solve(single[turn % SOLVE_EVERY == 0], self._mixture.seen)
        x, said, spread = self._points(step)
        mixed = self._mixed(said, spread, step)
        slots, forgotten = self._schedule.slots(which, step), untested(self._levels.age, which, self._recorded)
        self._pending.put(slots, said[which], mixed[which], forgotten)
        self._pending.put_features(slots[: len(single)], x[single], self._levels.level)
        far = single[single >= self._far.start]
        self._pending.put_spread(slots[len(single) - len(far) : len(single)], spread[far - self._far.start])
        return mixed

    def _mixed(self, said: FloatArray, spread: FloatArray, step: int) -> FloatArray:
        """Quantiles (K, Q, N) of every window after `step`, not sorted."""
        return self._mixture.issue(said, spread, self._levels.level, *self._moment(step))

    def _moment(self, step: int) -> tuple[SingleArray, FloatArray]:
        """Tilt (K, E, N) of the weights and widening (K, N) of the scale after `step`, by time of day and by age."""
        quarters = self._clock.quarter(step + self.windows.ends)
        tilt, wider = self._clock.tilt(quarters), self._clock.widening(quarters)
        age = self._levels.age
        if age.any():
            sizes = self._mixture.sizes(self._levels.level)
            wider *= widening(age, self.windows.ends, sizes, sizes.max(axis=0))
        return tilt, wider

    def _points(self, step: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Features (A, F, N), what each expert says of each window, (K, E, N), and of windows a day ahead how far the
        quantiles of the last days lie from their median, (F, Q, N)."""
        ahead = self.windows.ahead
        x = features(self._seasons, self._levels, self._cycle, step, ahead)
        days = of_last_days(self._seasons, self._levels.last, step + ahead[self._far], LEVELS)
        median = days[:, MEDIAN]
        said = points(self._seasons, self._levels, step, ahead, self._ridge.predict(x), median)
        spread = days - median[:, None]
        return x, self.windows.of_path(said), np.where(np.isfinite(spread), spread, 0.0)

    def forecast(self) -> FleetForecast:
        """Quantiles of every window after the last step seen."""
        if self._step is None:
            raise ValueError("no step has been seen yet")
        issued = self._mixed(*self._points(self._step)[1:], self._step) if self._issued is None else self._issued.copy()
        issued[..., self._levels.samples == 0] = 0.0
        values, split = np.ascontiguousarray(np.moveaxis(_settled(issued), -1, 0)), self.windows.points
        return FleetForecast(
            self._step,
            LEVELS,
            self.windows.ahead,
            self.windows.until,
            values[:, :split],
            values[:, split:],
            self._levels.samples >= ENOUGH,
        )

    def ingredients(self, row: int) -> Ingredients:
        """What the forecast of one row is mixed from; ValueError before it has seen a value."""
        one = self._part(slice(row, row + 1))
        if one._step is None or not one._levels.samples[0]:
            raise ValueError(f"row {row} has seen nothing yet")
        x, said, spread = one._points(one._step)
        share, residual, correction = one._mixture.parts(spread, one._levels.slow, *one._moment(one._step))
        return Ingredients(
            step=one._step,
            step_seconds=one.step_seconds,
            windows=one.windows,
            levels=LEVELS,
            last=float(one._levels.last[0]),
            slow=float(one._levels.slow[0]),
            points=said[..., 0],
            features=x[..., 0],
            beta=one._ridge.beta[..., 0],
            share=share[..., 0],
            residual=residual[..., 0],
            correction=correction[..., 0],
            values=_settled(one._mixed(said, spread, one._step))[..., 0],
            cycle=one._cycle.of(0),
        )

    def _parts(self) -> Mapping[str, Rows]:
        return {
            "levels": self._levels,
            "seasons": self._seasons,
            "cycle": self._cycle,
            "ridge": self._ridge,
            "mixture": self._mixture,
            "clock": self._clock,
            "pending": self._pending,
        }

    def _rows(self) -> dict[str, NDArray[Any]]:
        """Every array with rows, which are its last axis."""
        named = {
            f"{part}.{name}": array for part, rows in self._parts().items() for name, array in rows.arrays().items()
        }
        return {**named, "sure": self._sure, "offset": self._offset}

    def _take(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._sure, self._offset, self._issued = arrays["sure"], arrays["offset"], None
        for part, rows in self._parts().items():
            rows.take({name: arrays[f"{part}.{name}"] for name in rows.arrays()})

    def append(self, other: Self) -> None:
        """Take over the rows of a fleet that has seen the same last step (an empty fleet takes over its clock).

        Windows that they have never verified begin as our settled rows have them (forecast.prior).
        """
        if self.size and other.size and self._step != other._step:
            raise ValueError(f"fleets must have seen the same step, got {self._step} and {other._step}")
        if not np.array_equal(self.windows.ends, other.windows.ends):
            raise ValueError(f"fleets must have the same windows, got {self.windows.ends} and {other.windows.ends}")
        self._step = other._step if other.size else self._step
        theirs = other._rows()
        self._take({name: np.concatenate([mine, theirs[name]], axis=-1) for name, mine in self._rows().items()})
        adopt(self._mixture, other.size, self.windows.ends * self.step_seconds > HOUR_SECONDS)

    def keep(self, rows: IntArray) -> None:
        """Keep these rows, in this order."""
        self._take({name: array.take(rows, axis=-1) for name, array in self._rows().items()})

    def state(self) -> State:
        """All arrays, copied, with the clock and the windows."""
        clock = {
            "step": np.array(-1 if self._step is None else self._step),
            "step_seconds": np.array(self.step_seconds),
            "ahead": self.windows.ahead,
            "until": self.windows.until,
        }
        return {name: array.copy() for name, array in self._rows().items()} | clock

    @classmethod
    def from_state(cls, state: State) -> FleetModel:
        """The fleet that `state()` was taken from."""
        windows = Windows.of(tuple(state["ahead"].tolist()), tuple(state["until"].tolist()))
        fleet = cls(0, float(state["step_seconds"]), windows)
        fleet._take({name: state[name].copy() for name in fleet._rows()})
        fleet._step = int(state["step"]) if int(state["step"]) >= 0 else None
        return fleet


def _together(blocks: Sequence[FloatArray | None]) -> FloatArray | None:
    """What was issued, of all blocks of rows side by side; None where nothing was."""
    issued = [block for block in blocks if block is not None]
    return np.concatenate(issued, axis=-1) if len(issued) > 1 else next(iter(issued), None)


def _settled(issued: FloatArray) -> FloatArray:
    """Demand (K, Q, N), bounded and in order, of quantiles on the square-root scale, which are used up."""
    crossed = np.nonzero((issued[:, 1:] < issued[:, :-1]).any(axis=1))
    if len(crossed[0]):
        window, row = crossed
        issued[window, :, row] = np.sort(issued[window, :, row], axis=-1)
    issued.clip(0.0, LARGEST, out=issued)
    issued *= issued
    return issued
