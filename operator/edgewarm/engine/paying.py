"""`decide.paying` for all rows of a rehearsal at once: which pods are worth their start, which are worth keeping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgewarm.forecast.outlook import spacing
from edgewarm.model.demand import BoolArray, FloatArray


@dataclass(frozen=True)
class Ahead:
    """The spells of N rows, K each: steps from the lead window's end `offsets`, `seconds` (0 where a row has fewer)
    and which are `served` by a pod decided now, all (N, K); `start_seconds` (N,)."""

    offsets: FloatArray
    seconds: FloatArray
    served: BoolArray
    start_seconds: FloatArray

    @classmethod
    def of(cls, start_seconds: Sequence[float], step_seconds: float) -> Ahead:
        """For starts that take so long."""
        rows = [spacing(start / step_seconds, step_seconds) for start in start_seconds]
        size = max((len(offsets) for offsets, _, _ in rows), default=0)
        offsets, seconds = np.zeros((2, len(rows), size))
        served = np.zeros((len(rows), size), dtype=np.bool_)
        for row, (apart, lasts, before) in enumerate(rows):
            offsets[row, : len(apart)], seconds[row, : len(apart)] = apart, lasts
            served[row, before : len(apart)] = True
        return cls(offsets, seconds, served, np.array(start_seconds, dtype=np.float64))


@dataclass(frozen=True)
class Paying:
    """Quantiles `demand` (N, K, Q) at the spells, and the terms of each row (N,)."""

    ahead: Ahead
    levels: FloatArray
    demand: FloatArray
    capacity: FloatArray
    kappa: FloatArray

    def started(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """The most pods (N,) within low .. high that are worth a start."""
        return self._most(low, high, np.where(self.ahead.served, self.ahead.seconds, 0.0), self.ahead.start_seconds)

    def kept(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """The most pods (N,) within low .. high that are worth keeping."""
        return self._most(low, high, self.ahead.seconds, np.zeros_like(low))

    def _most(self, low: FloatArray, high: FloatArray, seconds: FloatArray, price: FloatArray) -> FloatArray:
        while (low < high).any():
            middle = np.floor((low + high + 1) / 2)
            pays = self._worth(middle, seconds) > price
            low, high = np.where(pays, middle, low), np.where(pays, high, np.minimum(high, middle - 1))
            high = np.maximum(low, high)
        return low

    def _worth(self, count: FloatArray, seconds: FloatArray) -> FloatArray:
        top = self.levels[-1]
        kappa = np.minimum(self.kappa, top / (1 - top))
        gain = (1 + kappa)[:, None] * self._needed(count) - 1
        best: FloatArray = np.cumsum(seconds * gain, axis=1).max(axis=1)
        return np.maximum(best, 0.0)

    def _needed(self, count: FloatArray) -> FloatArray:
        """P(need >= count) (N, K), as Quantiles.probability_above has it."""
        least = ((count - 1) * self.capacity)[:, None, None]
        right = (self.demand <= least).sum(axis=2)
        inner = right.clip(1, len(self.levels) - 1)
        low, high = (np.take_along_axis(self.demand, at[..., None], axis=2)[..., 0] for at in (inner - 1, inner))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (least[..., 0] - low) / (high - low)
        below = self.levels[inner - 1] + share * (self.levels[inner] - self.levels[inner - 1])
        first = np.where(least[..., 0] > 0, self.levels[0], 0.0)  # demand that is never 0 is above 0
        below = np.where(right == 0, first, np.where(right == len(self.levels), self.levels[-1], below))
        return np.where(count[:, None] <= 0, 1.0, 1 - below)
