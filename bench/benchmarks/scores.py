"""How forecasts are scored: pinball loss over levels, coverage, ratios to the better rival, and their uncertainty.

    loss_tau(y, q) = max(tau (y - q), (tau - 1)(y - q))          mean over the levels, divided by the trace's scale
    ratio          = mean loss / mean loss of the better rival   per trace; geometric mean over traces

The interval draws whole days of each trace with replacement, 2.5 % to 97.5 %; the better rival is chosen anew in each
draw. It says how much the answer hangs on which days were seen, not on which traces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray, IntArray
from edgewarm.replay.scores import pinball

LEVELS = (0.5, 0.75, 0.9, 0.95, 0.99)
P90 = LEVELS.index(0.9)
DRAWS = 2000
TINY = 1e-12


def loss_of(actual: float, quantiles: FloatArray) -> FloatArray:
    """Mean loss (M,) over the levels of M forecasts (M, Q), in demand units."""
    result: FloatArray = pinball(np.asarray(actual), quantiles, LEVELS).mean(axis=-1)
    return result


@dataclass(frozen=True)
class Scored:
    """One trace at one horizon: `loss` and `covered` (M, O) of M methods (ours first) at O origins on `days` (O,)."""

    trace: str
    source: str
    loss: FloatArray
    covered: BoolArray
    days: IntArray

    @property
    def origins(self) -> int:
        return len(self.days)

    def ratio(self) -> float:
        return float(_ratios(self.loss.mean(axis=1)[:, None])[0])

    def drawn(self, random: np.random.Generator) -> FloatArray:
        """Ratios (DRAWS,) with days drawn with replacement."""
        days, index = np.unique(self.days, return_inverse=True)
        sums = np.stack([np.bincount(index, weights=row, minlength=len(days)) for row in self.loss])
        counts = np.bincount(index, minlength=len(days))
        picks = random.multinomial(len(days), np.full(len(days), 1 / len(days)), size=DRAWS)
        return _ratios(sums @ picks.T / (counts @ picks.T))


def _ratios(means: FloatArray) -> FloatArray:
    """(M, D) mean losses to (D,) ratios of the first to the best of the others."""
    result: FloatArray = (means[0] + TINY) / (means[1:].min(axis=0) + TINY)
    return result


@dataclass(frozen=True)
class Summary:
    """Several traces at one horizon; `coverage` per method, over all origins."""

    traces: int
    origins: int
    ratio: float
    low: float
    high: float
    worst: float
    worst_trace: str
    coverage: tuple[float, ...]


def summary(items: Sequence[Scored], seed: int = 7) -> Summary:
    """The geometric mean over traces with its interval."""
    random = np.random.default_rng(seed)
    drawn = np.exp(np.mean([np.log(item.drawn(random)) for item in items], axis=0))
    low, high = np.quantile(drawn, [0.025, 0.975])
    ratios = [item.ratio() for item in items]
    worst = int(np.argmax(ratios))
    covered = np.concatenate([item.covered for item in items], axis=1).mean(axis=1)
    return Summary(
        traces=len(items),
        origins=sum(item.origins for item in items),
        ratio=float(np.exp(np.mean(np.log(ratios)))),
        low=float(low),
        high=float(high),
        worst=ratios[worst],
        worst_trace=items[worst].trace,
        coverage=tuple(float(share) for share in covered),
    )
