"""How sure it is that following the forecast costs less than reacting: the posterior of the *mean* gain per block.

Of each block of six hours, from two simulated plans on the same demand (one follows the forecast, one reacts):

    d_b   = (C_reactive - C_forecast) / (C_reactive + C_forecast)       blocks in which both did the same are left out
    w_b   = 2^(-age / 7 d), half of that for a backtest                 dbar, v = weighted mean and variance of d
    n     = (sum w)^2 / sum w^2 x (1 - rho) / (1 + rho)                 rho = lag-1 autocorrelation within 0 .. .9
    m     = (k0 m0 + n dbar) / (k0 + n)                                 k0 = 4, m0 = the other policies' mean, shrunk
    nu    = k0 + n
    s^2   = (k0 s0^2 + n v + k0 n / (k0 + n) (dbar - m0)^2) / nu        s0 = .3
    confidence = P(mean > 0) = T_nu(m sqrt(k0 + n) / s)

That is the conjugate posterior of a normal mean with unknown variance (Gelman et al., Bayesian Data Analysis, 3rd ed.,
§3.3) with the effective number of blocks for n. The cost saved in all must be above 0 too, else it is at most .5.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from edgewarm.learn.student import student_cdf

BLOCK_SECONDS = 6 * 3600.0
LEAST_SECONDS = BLOCK_SECONDS / 2  # of a block that must have been seen
HALF_LIFE_SECONDS = 7 * 86400.0
KEPT = 28  # blocks: one week
PRIOR_BLOCKS, PRIOR_SPREAD = 4.0, 0.3
MOST_CORRELATED = 0.9


@dataclass(frozen=True, slots=True)
class Block:
    """Six hours from `start`: the gain d_b, and what following the forecast saved, in idle pod-minutes."""

    start: float
    gain: float
    saved: float
    backtest: bool = False

    def weight(self, now: float) -> float:
        age = max(0.0, now - self.start - BLOCK_SECONDS)
        return float(2 ** (-age / HALF_LIFE_SECONDS)) * (0.5 if self.backtest else 1.0)


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """The block under way: both costs so far, how long was seen, and whether the two plans ever differed."""

    start: float
    forecast_cost: float = 0.0
    reactive_cost: float = 0.0
    seconds: float = 0.0
    differed: bool = False

    def closed(self, backtest: bool = False) -> Block | None:
        """None where too little was seen, or both plans were the same."""
        whole = self.forecast_cost + self.reactive_cost
        if self.seconds < LEAST_SECONDS or not self.differed or whole <= 0:
            return None
        saved = self.reactive_cost - self.forecast_cost
        return Block(self.start, saved / whole, saved, backtest)


def block_start(at: float) -> float:
    """The beginning of the block that a time is in: 00, 06, 12 or 18 o'clock UTC."""
    return at - at % BLOCK_SECONDS


@dataclass(frozen=True, slots=True)
class Blocks:
    """The closed blocks of the last week, oldest first, and the one under way."""

    closed: tuple[Block, ...] = ()
    open: OpenBlock | None = None

    def see(self, at: float, seconds: float, costs: tuple[float, float], differ: bool) -> Blocks:
        """Take a step that ended at `at`: what it cost to follow the forecast, and to react; `differ`: not the same."""
        start = block_start(at - seconds / 2)
        if self.open is not None and self.open.start != start:
            return self._closing().see(at, seconds, costs, differ)
        so_far = self.open or OpenBlock(start)
        grown = OpenBlock(
            start,
            so_far.forecast_cost + costs[0],
            so_far.reactive_cost + costs[1],
            so_far.seconds + seconds,
            so_far.differed or differ,
        )
        return replace(self, open=grown)

    def _closing(self) -> Blocks:
        block = None if self.open is None else self.open.closed()
        return Blocks(_kept([*self.closed, *([] if block is None else [block])]))

    def rehearsed(self, blocks: Iterable[Block]) -> Blocks:
        """A new backtest replaces the one before, and fills the time that was not lived through."""
        lived = [block for block in self.closed if not block.backtest]
        return replace(self, closed=_kept([*lived, *blocks]))


def _kept(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """One for each time, the live one of two; the newest."""
    one = {block.start: block for block in sorted(blocks, key=lambda b: not b.backtest)}
    return tuple(one[start] for start in sorted(one))[-KEPT:]


@dataclass(frozen=True, slots=True)
class Belief:
    """The posterior: P(mean gain > 0), and what it comes from; `saved` in idle pod-minutes.

    `gain` is the weighted mean of the blocks themselves, `mean` that of the posterior, `blocks` their effective number.
    """

    mean: float
    gain: float
    blocks: float
    probability: float
    saved: float

    @property
    def confidence(self) -> float:
        return self.probability if self.saved > 0 else min(self.probability, 0.5)


def belief(blocks: Sequence[Block], now: float, prior_mean: float = 0.0) -> Belief:
    """What the blocks say of the mean gain; without any it is what the prior says."""
    n, mean, variance = _moments(blocks, now)
    trust = PRIOR_BLOCKS + n
    centre = (PRIOR_BLOCKS * prior_mean + n * mean) / trust
    between = PRIOR_BLOCKS * n / trust * (mean - prior_mean) ** 2
    scale = math.sqrt((PRIOR_BLOCKS * PRIOR_SPREAD**2 + n * variance + between) / trust)
    probability = student_cdf(centre * math.sqrt(trust) / scale, trust)
    return Belief(centre, mean, n, probability, sum(block.saved for block in blocks))


def _moments(blocks: Sequence[Block], now: float) -> tuple[float, float, float]:
    """Effective number, weighted mean and weighted variance of the gains."""
    if not blocks:
        return 0.0, 0.0, 0.0
    weights = [block.weight(now) for block in blocks]
    total = sum(weights)
    mean = sum(w * block.gain for w, block in zip(weights, blocks, strict=True)) / total
    variance = sum(w * (block.gain - mean) ** 2 for w, block in zip(weights, blocks, strict=True)) / total
    rho = autocorrelation([block.gain for block in blocks])
    return total**2 / sum(w * w for w in weights) * (1 - rho) / (1 + rho), mean, variance


def autocorrelation(values: Sequence[float]) -> float:
    """Lag 1, clipped to 0 .. .9: neighbours that agree are worth less than as many strangers."""
    mean = sum(values) / len(values)
    off = [value - mean for value in values]
    whole = sum(o * o for o in off)
    if whole <= 1e-18 * len(values):  # all the same, but for rounding
        return 0.0
    return min(MOST_CORRELATED, max(0.0, sum(a * b for a, b in pairwise(off)) / whole))


def fleet_prior(gains: float, policies: int) -> float:
    """m0 from the sum of the mean gains of other policies, shrunk to 0 while they are few.

    >>> fleet_prior(0.0, 0), fleet_prior(0.4, 1), fleet_prior(14.4, 36)  # 36 of .4 each
    (0.0, 0.08, 0.36)
    """
    return gains / (policies + PRIOR_BLOCKS)
