"""Another model's points for one row, as calibrated quantiles of the same windows that the fleet's model forecasts.

A model says a path: what it expects of each step after its origin, as a point or as quantiles of its own, m_tau. Until
it is asked again, windows are read off that path. On the scale z = sqrt(y), for each window and level tau:

    said       m_tau + s q_tau                        s: local size of |z - m_.5|, half of a day, half of two hours
    tracked    q <- q + g (tau - 1{z - m_tau <= s q})                                 quantile tracker, forecast.mixture
    young      the spread is (1 - v) s q_tau + v f_tau, v = max(0, 1 - tests / 20)

f_tau is how far the fleet's own quantile stands from its median, 0 for a model that has quantiles of its own: nobody's
record is empty on the first day. Ties move nothing; quantiles are sorted at the very end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgewarm.forecast.mixture import LEVELS, MEDIAN, START, YOUNG, Paces
from edgewarm.forecast.pending import Schedule
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.forecast.windows import GRID, Windows
from edgewarm.model.demand import FloatArray, IntArray

LARGEST = 1e150  # on the square-root scale: a forecast is finite whatever was said
LEVEL: FloatArray = np.array(LEVELS)


@dataclass(frozen=True)
class Path:
    """What a model expects of the steps after `origin`, the last one that it knew: (H, 1) points or (H, Q) quantiles.

    Values are in demand units, finite and >= 0; quantiles are at `LEVELS`, non-decreasing.
    """

    origin: int
    values: FloatArray

    @property
    def native(self) -> bool:
        """It has quantiles of its own."""
        return bool(self.values.shape[1] > 1)


def of_means(origin: int, width: int, values: FloatArray) -> Path:
    """A path of steps from one of means over `width` steps each, (H, 1 or Q): linear between their middles."""
    middles = np.arange(len(values)) * width + (width + 1) / 2
    steps = np.arange(1, len(values) * width + 1)
    return Path(origin, np.stack([np.interp(steps, middles, column) for column in values.T], axis=1))


class Guest:
    """One row that another model forecasts: `update` with each step, `bring` what the model says, then `forecast`."""

    def __init__(self, step_seconds: float = 60.0, windows: Windows = GRID) -> None:
        self.windows = windows
        self.path: Path | None = None
        self._step: int | None = None
        self._last = np.nan  # the last known z
        self._schedule = Schedule.of(windows, step_seconds)
        self._paces = Paces.of(windows, step_seconds)
        self._late = windows.late(step_seconds)
        self._recent = np.full(windows.reach + int(self._late.max(initial=0)) + 1, np.nan)  # newest first
        self._issued = np.full((int(self._schedule.count.sum()), len(LEVELS)), np.nan)
        self._begin(native=False)

    def _begin(self, native: bool) -> None:
        """No record yet: normal residuals about points, no correction of quantiles."""
        count = self.windows.count
        self._native = native
        self._long, self._short, self._seen = np.zeros(count), np.zeros(count), np.zeros(count)
        self._quantile = np.tile(np.zeros(len(LEVELS)) if native else START[:, 0], (count, 1))
        self._issued[:] = np.nan

    def update(self, step: int, demand: float, censored: bool = False) -> float:
        """Verify what was said of this step, and say for the record; skipped steps are unknown.

        Returns the demand as the model should learn it: NaN where it is only a lower bound below what was expected.
        """
        if self._step is not None:
            memory = int(self._schedule.waits.max()) + len(self._recent)
            for skipped in range(max(self._step + 1, step - memory), step):
                self._advance(skipped, np.nan)
        z = float(np.sqrt(demand))
        vague = censored and not z > self._expected(step)
        self._advance(step, np.nan if censored else z)
        self._last = self._last if np.isnan(z) or vague else z
        return np.nan if vague else demand

    def _expected(self, step: int) -> float:
        base = None if self.path is None else self._base(step - 1)
        found = np.nan if base is None else float(base[0, MEDIAN])
        return self._last if np.isnan(found) else found

    def _advance(self, step: int, z: float) -> None:
        self._step = step
        self._recent = np.concatenate([[z], self._recent[:-1]])
        due = self._schedule.due(step)
        if len(due):
            actual = self.windows.of_recent(self._recent[:, None], self._late)[due, 0]
            self._learn(due, self._issued[self._schedule.tested(due, step)], actual)
        which = self._schedule.issuing(step)
        if len(which):
            base = self._base(step)
            self._issued[self._schedule.slots(which, step)] = np.nan if base is None else base[which]

    def bring(self, path: Path) -> None:
        """What the model says now, instead of what it said before."""
        if path.native is not self._native:
            self._begin(path.native)
        self.path = path

    def _base(self, step: int) -> FloatArray | None:
        """What the path says on the z scale of each window after `step`, (K, Q); None where it ends too soon."""
        if self.path is None:
            return None
        first, ends = step - self.path.origin, self.windows.ends - 1
        if first < 0 or first + ends.max() >= len(self.path.values):
            return None
        z = np.sqrt(self.path.values[first : first + int(ends.max()) + 1])
        highest = np.maximum.accumulate(z[: self.windows.reach], axis=0)
        points = self.windows.points
        said = np.concatenate([z[ends[:points]], highest[ends[points:]]])
        return said if self._native else np.repeat(said, len(LEVELS), axis=1)

    def _learn(self, due: IntArray, said: FloatArray, actual: FloatArray) -> None:
        """Take what came, (D,), NaN for none, of windows of which this was said, (D, Q)."""
        known = np.isfinite(actual) & np.isfinite(said[:, MEDIAN])
        residual = np.where(known[:, None], actual[:, None] - said, 0.0)
        error = residual - self._spread()[due] * known[:, None]
        self._seen[due] += known
        first = known / np.maximum(self._seen[due], 1)
        size = np.abs(residual[:, MEDIAN])
        for mean, pace in ((self._long, self._paces.slow), (self._short, self._paces.recent)):
            mean[due] += np.maximum(first, pace[due] * known) * (size - mean[due])
        gain = np.maximum(self._paces.gain[due] * known, np.minimum(0.25, first))
        self._quantile[due] += gain[:, None] * (LEVEL - (error < 0.0)) * (error != 0.0)

    def _spread(self) -> FloatArray:
        found: FloatArray = self._quantile * ((self._long + self._short) / 2)[:, None]
        return found

    def forecast(self, fleet: FleetForecast) -> FleetForecast | None:
        """The windows after the last step; None where nothing was said of them.

        `fleet` is the fleet's own forecast of this one row; its quantiles stand in for a record that is still young.
        """
        base = None if self._step is None else self._base(self._step)
        if base is None:
            return None
        theirs = np.sqrt(np.concatenate([fleet.at_ahead[0], fleet.max_until[0]]))
        prior = np.zeros_like(base) if self._native else theirs - theirs[:, [MEDIAN]]
        young = np.maximum(1 - self._seen / YOUNG, 0.0)[:, None]
        z = np.sort(base + (1 - young) * self._spread() + young * prior, axis=1)
        values = np.square(np.clip(z, 0.0, LARGEST))[None]
        split = self.windows.points
        return replace(
            fleet, at_ahead=values[:, :split], max_until=values[:, split:], chance_ahead=None, chance_until=None
        )
