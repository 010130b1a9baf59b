"""How often something came where it could have come: counts by context, per row and over the whole fleet.

    rate(context) = (hits + s prior) / (visits + s)        s = strength of the prior, in visits
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edgewarm.model.demand import BoolArray, FloatArray, IntArray

Counts = NDArray[np.float32]
CELL_MEMORY = 1 - 1 / 512  # of a row's context, per visit: about its last 512 visits count
POOL_MEMORY = 1 - 1 / 4096  # of the fleet's contexts, per step: about three days of minutes


@dataclass
class Cells:
    """Counts of N rows in B contexts: `hits` and `visits`, both (N, B)."""

    hits: Counts
    visits: Counts

    @classmethod
    def blank(cls, rows: int, contexts: int) -> Self:
        return cls(np.zeros((rows, contexts), np.float32), np.zeros((rows, contexts), np.float32))

    def rate(self, at: IntArray, prior: FloatArray, strength: float) -> FloatArray:
        """Rates (N, J) in the contexts `at` (N, J), each shrunk to its `prior` (N, J)."""
        hits, visits = (np.take_along_axis(array, at, axis=1) for array in (self.hits, self.visits))
        result: FloatArray = (hits + strength * prior) / (visits + strength)
        return result

    def learn(self, at: IntArray, arrived: BoolArray, rows: IntArray) -> None:
        """One visit of context `at` (M,) for each of M `rows`."""
        self.hits[rows, at] = self.hits[rows, at] * CELL_MEMORY + arrived
        self.visits[rows, at] = self.visits[rows, at] * CELL_MEMORY + 1


@dataclass
class Pool:
    """Counts of the whole fleet in B contexts: `hits` and `visits`, both (B,)."""

    hits: FloatArray
    visits: FloatArray

    @classmethod
    def blank(cls, contexts: int) -> Self:
        return cls(np.zeros(contexts), np.zeros(contexts))

    def rates(self, prior: FloatArray | float, strength: float) -> FloatArray:
        """The rate (B,) of every context, shrunk to `prior`."""
        result: FloatArray = (self.hits + strength * prior) / (self.visits + strength)
        return result

    def learn(self, at: IntArray, arrived: BoolArray) -> None:
        """One step of the fleet: context `at` (M,) and what came there; older steps count a little less."""
        size = len(self.hits)
        self.hits = self.hits * POOL_MEMORY + np.bincount(at, weights=arrived, minlength=size)
        self.visits = self.visits * POOL_MEMORY + np.bincount(at, minlength=size)
