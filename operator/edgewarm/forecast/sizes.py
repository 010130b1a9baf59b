"""How large demand is when it comes, and the quantiles of a demand that mostly does not come.

    F(x) = (1 - P) + P S(x)^k      q(tau) = 0 for tau <= 1 - P, else S^-1(((tau - 1 + P) / P)^(1 / k))

of the largest of k sizes, k = 1 in a single step.

S is the row's own last m sizes at plotting positions i / (m + 1), which hold for any exchangeable sizes. Above the
largest an exponential tail goes on: (largest - median) / log2(m) more for each halving of what is left. Where all of
them are whole numbers, so is the quantile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray, IntArray

KEPT = 32


@dataclass
class Sizes:
    """The last KEPT sizes of N rows: `ring` (N, KEPT), NaN where there was none yet; `count` (N,) of all sizes seen."""

    ring: FloatArray
    count: IntArray

    @classmethod
    def blank(cls, rows: int) -> Self:
        return cls(np.full((rows, KEPT), np.nan), np.zeros(rows, dtype=np.int64))

    def learn(self, demand: FloatArray, arrived: BoolArray) -> None:
        """Take the demand (N,) of the rows where it `arrived` (N,)."""
        rows = np.flatnonzero(arrived)
        self.ring[rows, self.count[rows] % KEPT] = demand[rows]
        self.count[rows] += 1

    def quantiles(self, probability: FloatArray, levels: tuple[float, ...]) -> FloatArray:
        """(N, Q) of demand with P(demand > 0) = `probability` (N,): rising `levels` in (0, 1), finite, >= 0.

        A row that was never seen to ask for anything has no size: its quantiles are 0.
        """
        return self.largest(probability[:, None], np.ones((len(probability), 1)), levels)[:, 0]

    def largest(self, probability: FloatArray, arrivals: FloatArray, levels: tuple[float, ...]) -> FloatArray:
        """(N, K, Q) of the largest of so many `arrivals` (N, K) >= 1, which there are with `probability` (N, K)."""
        share = probability[..., None]
        inner = (np.array(levels) - 1 + share) / np.maximum(share, 1e-12)
        each = np.clip(inner, 0.0, 1.0) ** (1 / arrivals[..., None])
        found = self._of_size(each.reshape(len(each), -1)).reshape(each.shape)
        return np.maximum.accumulate(np.where(inner > 0, found, 0.0), axis=-1)

    def _of_size(self, level: FloatArray) -> FloatArray:
        """Quantiles (N, Q) of the size alone at `level` (N, Q)."""
        known = np.minimum(self.count, KEPT)[:, None]
        ordered = np.nan_to_num(np.sort(self.ring, axis=1))  # NaN sorts last
        position = np.clip(level * (known + 1) - 1, 0.0, np.maximum(known - 1, 0))
        low = np.floor(position).astype(np.int64)
        below = np.take_along_axis(ordered, low, axis=1)
        above = np.take_along_axis(ordered, np.minimum(low + 1, np.maximum(known - 1, 0)), axis=1)
        inside = below + (position - low) * (above - below)
        found = inside + self._beyond(ordered, known, level)
        whole = (ordered == np.round(ordered)).all(axis=1)[:, None]
        return np.where(known > 0, np.where(whole, np.round(found), found), 0.0)

    @staticmethod
    def _beyond(ordered: FloatArray, known: IntArray, level: FloatArray) -> FloatArray:
        """What is added above the largest of `known` sizes."""
        largest = np.take_along_axis(ordered, np.maximum(known - 1, 0), axis=1)
        median = np.take_along_axis(ordered, known // 2, axis=1)
        left = np.maximum((1 - level) * (known + 1), 1e-3)
        doublings = np.maximum(np.log2(np.maximum(1 / left, 1.0)), 0.0)
        slope = (largest - median) / np.log2(np.maximum(known, 2))
        result: FloatArray = doublings * slope
        return result
