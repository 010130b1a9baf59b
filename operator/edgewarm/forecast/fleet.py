"""The first honest model: a day profile and the last value compete, per row and window, by their pinball loss.

    y_tau(window) = (m + s q_tau)^2        m = the better expert's window value on the square-root scale,
                                           s q_tau = its tracked residual quantile (forecast.tracker)

The last value is what every forecast must beat; where it wins (short windows, no daily shape) it *is* the forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgewarm.forecast.protocol import FleetForecast, State
from edgewarm.forecast.seasonal import DAY_SECONDS, DayProfile
from edgewarm.forecast.tracker import LEVELS, QUARTERS, Tracker, gains
from edgewarm.forecast.windows import GRID, Windows
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

T = TypeVar("T", int, IntArray)
PROFILE, LAST = 0, 1
EXPERTS = 2
LARGEST = 1e150  # on the square-root scale: a forecast is finite whatever came
ENOUGH = 30  # samples before anything is said


class SeasonalFleet:
    """N series on one clock; see `forecast.protocol.Forecaster` for the contract."""

    def __init__(self, rows: int, step_seconds: float = 60.0, windows: Windows = GRID) -> None:
        self.step_seconds = step_seconds
        self.windows = windows
        self._gains = gains(windows.ends)
        self._path: IntArray = np.arange(1, windows.reach + 1)
        self._offsets: IntArray = np.concatenate([[0], np.cumsum(windows.ends)[:-1]])
        self._step: int | None = None
        self._profile = DayProfile.blank(rows, round(DAY_SECONDS / step_seconds))
        self._tracker = Tracker.blank(rows, EXPERTS, self.windows.count, self._profile.slots / QUARTERS)
        self._last = np.full(rows, np.nan)
        self._samples = np.zeros(rows)
        self._recent = np.full((rows, self.windows.reach), np.nan)  # newest first
        self._issued = np.full((rows, EXPERTS, int(self.windows.ends.sum())), np.nan)

    @property
    def size(self) -> int:
        return len(self._last)

    def update(self, step: int, demand: FloatArray, censored: BoolArray) -> None:
        """Verify what was forecast for this step, learn it, and issue the next forecasts; skipped steps are unknown."""
        if demand.shape != (self.size,):
            raise ValueError(f"demand must have shape ({self.size},), got {demand.shape}")
        if self._step is not None:
            if step <= self._step:
                raise ValueError(f"steps must rise, got {step} after {self._step}")
            for skipped in range(max(self._step + 1, step - int(self.windows.ends.max())), step):
                self._advance(skipped, np.full(self.size, np.nan), np.zeros(self.size, dtype=bool))
        self._advance(step, np.sqrt(demand), censored)

    def _advance(self, step: int, z: FloatArray, censored: BoolArray) -> None:
        expected = self._expected_now(step)
        informative = ~censored | (z > np.where(np.isfinite(expected), expected, -np.inf))
        z = np.where(informative, z, np.nan)  # a lower bound below what was expected says nothing
        self._recent = np.concatenate([np.where(censored, np.nan, z)[:, None], self._recent[:, :-1]], axis=1)
        self._verify(step)
        self._profile.learn(step, z)
        self._last = np.where(np.isfinite(z), z, self._last)
        self._samples += np.isfinite(z)
        self._step = step
        self._issue(step)

    def _expected_now(self, step: int) -> FloatArray:
        """What the day profile expected of this step, else the last value."""
        profile = self._profile.ahead(step - 1, np.array([1]))[:, 0]
        return np.where(np.isfinite(profile), profile, self._last)

    def _verify(self, step: int) -> None:
        """Residuals of all forecasts whose window ends now; censored and unknown steps give none."""
        points = self._issued[:, :, self._offsets + step % self.windows.ends]
        self._tracker.learn(self.windows.of_recent(self._recent)[:, None, :] - points, self._gains, self._quarter(step))

    def _quarter(self, step: T) -> T:
        """The quarter of an hour of the day that a step is in; also of an array of steps."""
        return step % self._profile.slots * QUARTERS // self._profile.slots

    def _issue(self, step: int) -> None:
        self._issued[:, :, self._offsets + step % self.windows.ends] = self._points(step)

    def _points(self, step: int) -> FloatArray:
        """Window values (N, E, K) of both experts on the square-root scale; NaN where an expert knows nothing."""
        path = self._profile.ahead(step, self._path)
        far = self._profile.ahead(step, self.windows.ahead)
        profile = self.windows.of_path(path, far)
        last = np.broadcast_to(self._last[:, None], profile.shape)
        return np.stack([profile, last], axis=1)

    def _winner(self, points: FloatArray, quarters: IntArray) -> IntArray:
        """Which expert speaks (N, K): one that was hardly verified or knows nothing does not."""
        usable = (self._tracker.seen >= ENOUGH) & np.isfinite(points)
        best, known = self._tracker.best(usable, quarters)
        return np.where(known, best, LAST)

    def forecast(self) -> FleetForecast:
        """Quantiles of every window after the last step seen."""
        if self._step is None:
            raise ValueError("no step has been seen yet")
        points = self._points(self._step)
        quarters = self._quarter(self._step + self.windows.ends)
        chosen = self._winner(points, quarters)[:, None, :]
        middle = np.nan_to_num(np.take_along_axis(points, chosen, axis=1)[:, 0])
        spread = np.take_along_axis(self._tracker.spread(quarters), chosen[..., None], axis=1)[:, 0]
        values = np.square(np.clip(np.nan_to_num(middle[..., None] + spread), 0.0, LARGEST))
        split = self.windows.points
        return FleetForecast(
            self._step,
            LEVELS,
            self.windows.ahead,
            self.windows.until,
            values[:, :split],
            values[:, split:],
            self._samples >= ENOUGH,
        )

    def _rows(self) -> Mapping[str, NDArray[Any]]:
        """Every array whose first axis is the row."""
        profile, tracker = self._profile, self._tracker
        return {
            "mean": profile.mean,
            "visits": profile.visits,
            "deviation": profile.deviation,
            "scale": tracker.scale,
            "local_scale": tracker.local_scale,
            "seen": tracker.seen,
            "quantile": tracker.quantile,
            "loss": tracker.loss,
            "local_loss": tracker.local_loss,
            "tracker_visits": tracker.visits,
            "last": self._last,
            "samples": self._samples,
            "recent": self._recent,
            "issued": self._issued,
        }

    def _take(self, rows: Mapping[str, NDArray[Any]]) -> None:
        self._profile = DayProfile(rows["mean"], rows["visits"], rows["deviation"])
        self._tracker = Tracker(
            scale=rows["scale"],
            local_scale=rows["local_scale"],
            seen=rows["seen"],
            quantile=rows["quantile"],
            loss=rows["loss"],
            local_loss=rows["local_loss"],
            visits=rows["tracker_visits"],
            steps_a_quarter=self._profile.slots / QUARTERS,
        )
        self._last, self._samples = rows["last"], rows["samples"]
        self._recent, self._issued = rows["recent"], rows["issued"]

    def append(self, other: Self) -> None:
        """Take over the rows of a fleet that has seen the same last step (an empty fleet takes over its clock)."""
        if self.size and other.size and self._step != other._step:
            raise ValueError(f"fleets must have seen the same step, got {self._step} and {other._step}")
        if not np.array_equal(self.windows.ends, other.windows.ends):
            raise ValueError(f"fleets must have the same windows, got {self.windows.ends} and {other.windows.ends}")
        self._step = other._step if other.size else self._step
        theirs = other._rows()
        self._take({name: np.concatenate([mine, theirs[name]]) for name, mine in self._rows().items()})

    def keep(self, rows: IntArray) -> None:
        """Keep these rows, in this order."""
        self._take({name: array[rows] for name, array in self._rows().items()})

    def state(self) -> State:
        """All arrays, copied, with the clock."""
        clock = {
            "step": np.array(-1 if self._step is None else self._step),
            "step_seconds": np.array(self.step_seconds),
            "ahead": self.windows.ahead,
            "until": self.windows.until,
        }
        return {name: array.copy() for name, array in self._rows().items()} | clock

    @classmethod
    def from_state(cls, state: State) -> SeasonalFleet:
        """The fleet that `state()` was taken from."""
        windows = Windows.of(tuple(state["ahead"].tolist()), tuple(state["until"].tolist()))
        fleet = cls(0, float(state["step_seconds"]), windows)
        fleet._take({name: state[name].copy() for name in fleet._rows()})
        fleet._step = int(state["step"]) if int(state["step"]) >= 0 else None
        return fleet
