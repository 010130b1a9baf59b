"""Is what was said what came: reliability of probabilities, and the randomised PIT of quantiles.

PIT    u = F(y-) + v (F(y) - F(y-)), v uniform        uniform where F is right (Czado, Gneiting & Held, 2009)
F(y)   the share of a fine grid of levels whose quantile is at most y
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray

EDGES: FloatArray = np.array([0.0, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
LEVELS = tuple(np.round(np.arange(0.005, 1.0, 0.01), 3).tolist())
PIT_BINS = 10
ENOUGH = 500  # predictions of a bin; with fewer, two standard errors exceed three points


@dataclass(frozen=True)
class Bin:
    """`count` predictions between two edges: the mean of what was said, the share that came, and its standard error."""

    count: int
    said: float
    came: float
    error: float


def reliability(said: FloatArray, came: BoolArray) -> list[Bin]:
    """The table, one line per bin that is not empty."""
    at = np.clip(np.digitize(said, EDGES) - 1, 0, len(EDGES) - 2)
    bins = []
    for index in np.unique(at):
        p, y = said[at == index], came[at == index]
        bins.append(Bin(len(p), float(p.mean()), float(y.mean()), float(np.sqrt((p * (1 - p)).sum()) / len(p))))
    return bins


def worst_bin(bins: list[Bin]) -> float:
    """The largest distance between said and came, in points, among bins of at least ENOUGH predictions."""
    return max((100 * abs(item.said - item.came) for item in bins if item.count >= ENOUGH), default=0.0)


def pit(actual: FloatArray, quantiles: FloatArray, random: np.random.Generator) -> FloatArray:
    """u (M,) of `actual` (M,) given `quantiles` (M, Q) at LEVELS."""
    below = (quantiles < actual[:, None]).mean(axis=1)
    at_most = (quantiles <= actual[:, None]).mean(axis=1)
    half = 0.5 / len(LEVELS)
    low, high = np.where(at_most > below, below, below - half), np.where(at_most > below, at_most, below + half)
    result: FloatArray = np.clip(low + random.random(len(actual)) * (high - low), 0.0, 1.0 - 1e-12)
    return result


def pit_shares(u: FloatArray) -> FloatArray:
    """The share of u in each tenth; .1 is right."""
    result: FloatArray = np.bincount((u * PIT_BINS).astype(np.int64), minlength=PIT_BINS) / len(u)
    return result


def described(bins: list[Bin]) -> dict[str, Any]:
    """The table and its worst line, as JSON."""
    return {"bins": [asdict(item) for item in bins], "worst_points": worst_bin(bins)}
