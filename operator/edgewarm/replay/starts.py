"""How long a recorded world's pods take to be ready: a fixed time, or one drawn for every start.

    seconds = median x exp(sigma x N(0, 1)),   at most ten medians

The draws depend on the seed, on the moment and on nothing else, so that every policy meets the same luck.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray

LONGEST_MEDIANS = 10.0
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Starts:
    """Start times with this median in seconds; `sigma` is the spread of their logarithm, 0 for a fixed time."""

    median_seconds: float
    sigma: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        if not (math.isfinite(self.median_seconds) and self.median_seconds >= 0):
            raise ValueError(f"the lead time must be finite and >= 0 s, got {self.median_seconds}")
        if not (math.isfinite(self.sigma) and self.sigma >= 0):
            raise ValueError(f"the lead time's sigma must be finite and >= 0, got {self.sigma}")

    @property
    def fixed(self) -> bool:
        return self.sigma == 0 or self.median_seconds == 0

    def seconds(self, at: float, count: int) -> FloatArray:
        """Start times (count,) of the pods that are started at Unix time `at`, in the order of their start."""
        if self.fixed:
            return np.full(count, self.median_seconds)
        draws = np.random.default_rng((self.seed, int(at))).standard_normal(count)
        result: FloatArray = self.median_seconds * np.minimum(np.exp(self.sigma * draws), LONGEST_MEDIANS)
        return result

    def rows(self, at: float, count: int, step_seconds: float) -> IntArray:
        """The same in steps: a pod serves from the first step that begins when it is ready."""
        return np.ceil(self.seconds(at, count) / step_seconds - ROUNDING).astype(np.int64)

    def longest_rows(self, step_seconds: float) -> int:
        """No start takes more steps than this."""
        most = 1.0 if self.fixed else LONGEST_MEDIANS
        return math.ceil(self.median_seconds * most / step_seconds - ROUNDING)
