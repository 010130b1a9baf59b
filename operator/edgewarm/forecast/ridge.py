"""Ridge regression with exponential forgetting, one per row and step ahead, kept as its normal equations.

    A <- g A + x x',   b <- g b + x (z - level)          at each verified forecast; half-life three days
    beta = (A + L)^-1 (b + L prior)                      L = .02 diag(A) + .002 trace(A) / F

A penalty in proportion to A itself leaves the fit unchanged under rescaling (Hoerl & Kennard, "Ridge regression",
Technometrics 1970; exponentially weighted least squares: Haykin, "Adaptive Filter Theory", ch. 10).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.forecast.features import NAMES, PRIOR
from edgewarm.forecast.rows import Rows, ordered_sum
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

HALF_LIFE_SECONDS = 3 * 86400.0
PENALTY = 0.02
FLOOR = 0.1  # of the penalty, spread evenly: a feature that never moved must not make A singular


@dataclass
class Ridge(Rows):
    """`products` (A, F, F, N), `targets` (A, F, N), `beta` (A, F, N) as it was solved last."""

    products: FloatArray
    targets: FloatArray
    beta: FloatArray

    @classmethod
    def blank(cls, rows: int, ahead: int) -> Ridge:
        size = len(NAMES)
        beta = np.repeat(np.repeat(PRIOR[None, :, None], ahead, axis=0), rows, axis=2)
        return cls(np.zeros((ahead, size, size, rows)), np.zeros((ahead, size, rows)), beta)

    def learn(self, which: IntArray, x: FloatArray, target: FloatArray, seconds: FloatArray) -> None:
        """Take features x (D, F, N) and what came, (D, N) above the level; NaN is none. `seconds` (D,) since the last.

        `which` (D,) are indices of the steps ahead.
        """
        known: BoolArray = np.isfinite(target)
        keep = np.where(known, 0.5 ** (seconds / HALF_LIFE_SECONDS)[:, None], 1.0)
        x = np.where(known[:, None], x, 0.0)
        y = np.where(known, target, 0.0)
        self.products[which] = self.products[which] * keep[:, None, None] + x[:, :, None] * x[:, None]
        self.targets[which] = self.targets[which] * keep[:, None] + x * y[:, None]

    def solve(self, which: IntArray) -> None:
        """Bring the coefficients of these steps ahead up to date."""
        products, size = self.products[which], len(NAMES)
        diagonal = products[:, range(size), range(size)]
        even = FLOOR / size * ordered_sum(diagonal)[:, None]
        penalty = PENALTY * np.where(even > 0, diagonal + even, 1.0)
        system = np.moveaxis(products, -1, 1) + np.moveaxis(penalty, -1, 1)[..., None] * np.eye(size)
        wanted = np.moveaxis(self.targets[which] + penalty * PRIOR[:, None], -1, 1)
        self.beta[which] = np.moveaxis(np.linalg.solve(system, wanted[..., None])[..., 0], 1, -1)

    def predict(self, x: FloatArray) -> FloatArray:
        """Expected difference from the level, (A, N)."""
        return ordered_sum(x * self.beta)
