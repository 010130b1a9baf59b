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
CELL_MEMORY = np.float32(1 - 1 / 512)  # of a row's context, per visit: about its last 512 visits count
POOL_MEMORY = 1 - 1 / 4096  # of the fleet's contexts, per step: about three days of minutes


@dataclass
class Cells:
    """Counts of N rows in B contexts: `hits` and `visits`, both (N, B), contiguous."""

    hits: Counts
    visits: Counts

    @classmethod
    def blank(cls, rows: int, contexts: int) -> Self:
        return cls(np.zeros((rows, contexts), np.float32), np.zeros((rows, contexts), np.float32))

    def learn(self, flat: IntArray, arrived: BoolArray) -> None:
        """One visit of each of the M different cells `flat` (M,), and whether something came."""
        for array, new in ((self.hits, arrived), (self.visits, 1)):
            cells = array.reshape(-1)
            cells[flat] = cells[flat] * CELL_MEMORY + new


@dataclass
class Pool:
    """Counts of the whole fleet in B contexts: `hits` and `visits`, both (B,)."""

    hits: FloatArray
    visits: FloatArray

    @classmethod
    def blank(cls, contexts: int) -> Self:
        return cls(np.zeros(contexts), np.zeros(contexts))

    def rates(self, prior: FloatArray, strength: FloatArray) -> FloatArray:
        """The rate (B,) of every context, shrunk to its `prior` (B,)."""
        result: FloatArray = (self.hits + strength * prior) / (self.visits + strength)
        return result

    def learn(self, at: IntArray, arrived: BoolArray) -> None:
        """One step of the fleet: contexts `at` (M,) and what came there; older steps count a little less."""
        size = len(self.hits)
        self.hits = self.hits * POOL_MEMORY + np.bincount(at, weights=arrived, minlength=size)
        self.visits = self.visits * POOL_MEMORY + np.bincount(at, minlength=size)
