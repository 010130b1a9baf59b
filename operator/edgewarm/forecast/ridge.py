"""Ridge regression with exponential forgetting, one per row and step ahead, kept as its normal equations.

    A <- g A + x x',   b <- g b + x (z - level)          at each verified forecast; half-life three days
    beta = (A + L)^-1 (b + L prior)                      L = max(.02, 16 / n) (diag(A) + .1 trace(A) / F)

A penalty in proportion to A itself leaves the fit unchanged under rescaling (Hoerl & Kennard, "Ridge regression",
Technometrics 1970; exponentially weighted least squares: Haykin, "Adaptive Filter Theory", ch. 10). While it has
learned of few forecasts, n, the prior counts as much as sixteen of them (the g-prior: Zellner 1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.forecast.features import NAMES, PRIOR
from edgewarm.forecast.rows import Rows, ordered_sum, patches
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

HALF_LIFE_SECONDS = 3 * 86400.0
PENALTY = 0.02
BELIEVED = 16.0  # forecasts that the prior counts for
FLOOR = 0.1  # of the penalty, spread evenly: a feature that never moved must not make A singular


ONE, OTHER = np.tril_indices(len(NAMES))  # the pairs of features (P,), each once: A is symmetric
ITSELF = np.flatnonzero(ONE == OTHER)
PAIR = np.zeros((len(NAMES), len(NAMES)), dtype=np.int64)
PAIR[ONE, OTHER] = PAIR[OTHER, ONE] = np.arange(len(ONE))


@dataclass
class Ridge(Rows):
    """`products` (A, P, N) of pairs of features, `targets` (A, F, N), `beta` (A, F, N) as it was solved last."""

    products: FloatArray
    targets: FloatArray
    beta: FloatArray

    @classmethod
    def blank(cls, rows: int, ahead: int) -> Ridge:
        size = len(NAMES)
        beta = np.repeat(np.repeat(PRIOR[None, :, None], ahead, axis=0), rows, axis=2)
        return cls(np.zeros((ahead, len(ONE), rows)), np.zeros((ahead, size, rows)), beta)

    def learn(self, x: FloatArray, target: FloatArray, seconds: FloatArray) -> None:
        """Take features x (A, F, N) and what came, `target` (A, N) above the level, NaN for none; `seconds` (A,) since
        the last."""
        known: BoolArray = np.isfinite(target)
        keep = np.where(known, 0.5 ** (seconds / HALF_LIFE_SECONDS)[:, None], 1.0)
        y = target
        if not known.all():
            x, y = np.where(known[:, None], x, 0.0), np.where(known, target, 0.0)
        self.targets *= keep[:, None]
        self.targets += x * y[:, None]
        for windows in patches(len(x), target.shape[-1], len(ONE)):
            seen = x[windows]
            product = seen.take(ONE, axis=1)
            product *= seen.take(OTHER, axis=1)
            kept = self.products[windows]
            kept *= keep[windows, None]
            kept += product

    def solve(self, which: IntArray, seen: FloatArray) -> None:
        """Bring the coefficients of these steps ahead up to date; `seen` (A, N) forecasts were learned of."""
        size = len(NAMES)
        for part in patches(len(which), self.beta.shape[-1], PAIR.size):
            windows = which[part]
            products = self.products[windows].transpose(0, 2, 1)
            diagonal = products[..., ITSELF]
            even = FLOOR / size * np.add.accumulate(diagonal, axis=-1)[..., -1:]  # in order, whoever stands beside
            share = np.maximum(PENALTY, BELIEVED / np.maximum(seen[windows], 1.0))
            penalty = share[..., None] * np.where(even > 0, diagonal + even, 1.0)
            system = products[..., PAIR]
            system.reshape(*penalty.shape[:2], PAIR.size)[..., :: size + 1] += penalty
            wanted = self.targets[windows].transpose(0, 2, 1) + penalty * PRIOR
            self.beta[windows] = np.linalg.solve(system, wanted[..., None])[..., 0].transpose(0, 2, 1)

    def predict(self, x: FloatArray) -> FloatArray:
        """Expected difference from the level, (A, N)."""
        return ordered_sum(x * self.beta)
