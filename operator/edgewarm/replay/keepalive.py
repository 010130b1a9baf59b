"""Who is warm when: keep-alive policies for functions that sleep, over recorded arrivals, and what they cost.

    warm(t) is decided from arrivals before step t only       cold start: an arrival at t while not warm(t)
    cost    = idle steps + kappa x cold starts                idle step: warm(t) without an arrival at t
    hazard  : warm iff P(arrival at t) > 1 / (1 + kappa)      a warm step costs 1 - P, a cold one kappa P

kappa is counted *per cold start* here, in steps of an idle instance; per pod-minute of shortage it would be multiplied
by the cold start's share of a step. Hybrid histogram: Shahrad et al., "Serverless in the Wild",
USENIX ATC 2020, section 4; its ARIMA model, for functions whose gaps are out of bounds, is replaced by a fixed
keep-alive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Score:
    """What a policy did to N rows in T steps: counts of steps, and shares in 0..1.

    `precision` = warm steps that were used / warm steps, `recall` = arrivals that found it warm / arrivals; both are 1
    where there was nothing to judge.
    """

    arrivals: int
    cold: int
    idle: int

    @property
    def used(self) -> int:
        return self.arrivals - self.cold

    @property
    def precision(self) -> float:
        return _share(self.used, self.used + self.idle)

    @property
    def recall(self) -> float:
        return _share(self.used, self.arrivals)

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def cost(self, kappa: float) -> float:
        """In idle steps; `kappa` >= 0 is what one cold start costs."""
        return self.idle + kappa * self.cold


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def score(arrivals: BoolArray, warm: BoolArray) -> Score:
    """Both (N, T), or any slice of them in time: the same cells are judged."""
    if arrivals.shape != warm.shape:
        raise ValueError(f"arrivals and warm must have one shape, got {arrivals.shape} and {warm.shape}")
    return Score(int(arrivals.sum()), int((arrivals & ~warm).sum()), int((warm & ~arrivals).sum()))


def idle_age(arrivals: BoolArray) -> IntArray:
    """Steps since the last arrival before each step, (N, T): 1 right after an arrival; T + 1 where there was none."""
    rows, steps = arrivals.shape
    at = np.where(arrivals, np.arange(steps), -steps - 1)
    last = np.concatenate([np.full((rows, 1), -steps - 1), np.maximum.accumulate(at, axis=1)[:, :-1]], axis=1)
    result: IntArray = np.minimum(np.arange(steps) - last, steps + 1)
    return result


def fixed_keep_alive(arrivals: BoolArray, steps: IntArray) -> BoolArray:
    """Warm for `steps` (K,) after each arrival: (K, N, T) for the whole grid of K lengths."""
    age = np.where(idle_age(arrivals) > arrivals.shape[1], np.iinfo(np.int64).max, idle_age(arrivals))
    result: BoolArray = age[None] <= np.asarray(steps)[:, None, None]
    return result


@dataclass(frozen=True)
class HybridHistogram:
    """The policy's numbers, in bins of one step; the defaults are the paper's at steps of a minute.

    A row is unloaded after an arrival, loaded again at `head` quantile of its gaps less `margin`, and kept until the
    `tail` quantile plus `margin`. Gaps beyond `bins` are out of bounds. Where most are, where there is no gap yet, or
    where the counts of the bins vary too little to mean anything (CV <= `variation`), it is kept for `fallback` steps
    (`bins` unless given). It is loaded `lead` steps earlier.
    """

    bins: int = 240
    head: float = 0.05
    tail: float = 0.99
    margin: float = 0.1
    variation: float = 2.0
    fallback: int | None = None
    lead: int = 0

    def warm(self, arrivals: BoolArray) -> BoolArray:
        """(N, T), each step decided from the arrivals before it."""
        rows, steps = arrivals.shape
        keep = self.bins if self.fallback is None else self.fallback
        age = idle_age(arrivals)
        counts, beyond = np.zeros((rows, self.bins + 1)), np.zeros(rows)
        load, unload = np.zeros(rows), np.full(rows, float(keep))
        result = np.zeros((rows, steps), dtype=bool)
        for step in range(steps):
            now = age[:, step]
            result[:, step] = (now <= steps) & (now >= load) & (now <= unload)
            came = np.flatnonzero(arrivals[:, step])
            self._count(counts, beyond, came, np.where(now[came] > steps, 0, now[came]))
            load[came], unload[came] = self._window(counts[came, 1:], beyond[came], keep)
        return result

    def _count(self, counts: FloatArray, beyond: FloatArray, rows: IntArray, gaps: IntArray) -> None:
        """Add one gap per row, in place; a first arrival (gap 0) ends none."""
        inside = (gaps > 0) & (gaps <= self.bins)
        counts[rows[inside], gaps[inside]] += 1
        beyond[rows[gaps > self.bins]] += 1

    def _window(self, counts: FloatArray, beyond: FloatArray, keep: int) -> tuple[FloatArray, FloatArray]:
        """(first warm age, last warm age) of M rows with gap `counts` (M, bins)."""
        inside = counts.sum(axis=1)
        mean = np.maximum(inside / self.bins, 1e-12)
        typical = (counts.std(axis=1) > self.variation * mean) & (inside > 0) & (beyond <= inside)
        share = counts.cumsum(axis=1) / np.maximum(inside, 1.0)[:, None]
        head, tail = (np.argmax(share >= level - 1e-9, axis=1) + 1 for level in (self.head, self.tail))
        load = np.where(typical, np.maximum(np.floor(head * (1 - self.margin)) - self.lead, 0.0), 0.0)
        return load, np.where(typical, np.ceil(tail * (1 + self.margin)), float(keep))


def hazard_policy(probability: FloatArray, kappa: float, start_cost: float = 0.0) -> BoolArray:
    """Warm (N, T) where the `probability` (N, T) of an arrival in that step pays for it.

    Staying warm asks P > 1 / (1 + kappa); becoming warm asks (1 + `start_cost`) times as much, `start_cost` >= 0 in
    idle steps, so that a start pays for itself in the step it is made for.
    """
    stay = probability > 1 / (1 + kappa)
    enter = probability > (1 + start_cost) / (1 + kappa)
    if not start_cost:
        return np.asarray(stay)
    result = np.zeros(probability.shape, dtype=bool)
    warm = np.zeros(probability.shape[0], dtype=bool)
    for step in range(probability.shape[1]):
        warm = np.where(warm, stay[:, step], enter[:, step])
        result[:, step] = warm
    return result
