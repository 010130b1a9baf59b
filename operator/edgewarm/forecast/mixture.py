"""From the experts' points to one calibrated distribution: residual quantiles, weights by fixed share, conformal end.

    expert e, level tau        m_e + s_e q_e,tau              s_e: local scale of its residuals r = z - m_e
    its residual quantile      q <- q + g (tau - 1{r <= s q})                          quantile tracker
    its weight                 w <- (1 - a) w exp(-eta loss / usual loss) / sum + a / E       fixed share, per level
    mixture                    sum_e w_e (m_e + s_e q_e) + s c_tau
    its correction             c <- c + g (tau - 1{z <= what was issued})              conformal, once, after mixing

Trackers: Angelopoulos, Candes & Tibshirani, "Conformal PID Control for Time Series Prediction" (2023). Fixed share:
Herbster & Warmuth, "Tracking the Best Expert" (1998). The gain shrinks with the window's end, because labels come that
much later. Ties move nothing, or a constant series would drift for ever. Quantiles are sorted at the very end only: a
level that learned from the error of another one would drift for ever too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from edgewarm.forecast.experts import EXPERTS, LAST, RIDGE
from edgewarm.forecast.rows import Rows, SingleArray, ordered_sum
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

Floats = NDArray[np.floating]
LEVELS = (0.025, 0.05, 0.1, 0.16, 0.25, 0.5, 0.75, 0.84, 0.9, 0.95, 0.975, 0.99)
TAU: FloatArray = np.array(LEVELS)[:, None]
MEDIAN = LEVELS.index(0.5)
TAU_SINGLE: SingleArray = TAU.astype(np.float32)
MEAN_ABSOLUTE_TO_SD = 1.2533  # sqrt(pi / 2): sd of a normal residual whose mean absolute value is 1
START = np.array([NormalDist().inv_cdf(level) for level in LEVELS])[:, None] * MEAN_ABSOLUTE_TO_SD
PACED_SECONDS = 300.0
GAIN, CORRECTION_GAIN, GAIN_A_WINDOW = 0.05, 0.02, 0.2
RATE, SHARE = 0.1, 0.002  # of fixed share
LEAST = -2.0  # of the exponent: one bad forecast does not end an expert
SLOW, USUAL = 0.003, 0.007  # of the long scale and of the usual loss, per five minutes
WINDOWS_REMEMBERED = 5  # by the long scale, at least: a day ahead, each day is little more than one lesson
RECENT_SECONDS = 7200.0  # of the short scale, or half the window if that is longer
CORRECTIONS = 3.0  # scales: the correction mends, it does not forecast
YOUNG = 20.0  # verified forecasts after which the prior scale is forgotten
PRIOR_SCALE = 0.05  # of the level: 10 % of the demand
TRUSTED_SECONDS = 3600.0  # until when the last value is believed by default
TINY = 1e-12
BLOCK = 128  # rows at a time


@dataclass(frozen=True)
class Paces:
    """What depends on the windows alone, each (K,): gains and the paces of running means."""

    gain: FloatArray
    correction: FloatArray
    slow: FloatArray
    recent: FloatArray
    usual: FloatArray
    rate: FloatArray

    @classmethod
    def of(cls, windows: Windows, step_seconds: float) -> Paces:
        strides = windows.strides(step_seconds)
        late = np.where(windows.ends > 4 * strides, GAIN_A_WINDOW * strides / windows.ends, np.inf)
        issues = strides * step_seconds / PACED_SECONDS
        memory = np.maximum(RECENT_SECONDS, windows.ends * step_seconds / 2) / (strides * step_seconds)
        return cls(
            gain=np.minimum(GAIN, late),
            correction=np.minimum(CORRECTION_GAIN, late),
            slow=np.minimum(np.minimum(SLOW * issues, strides / (WINDOWS_REMEMBERED * windows.ends)), 0.5),
            recent=np.minimum(2 / (memory + 1), 0.5),
            usual=np.minimum(USUAL * np.sqrt(issues), 0.5),
            rate=RATE / np.maximum(windows.ends / (4 * strides), 1.0) ** 0.5,
        )


@dataclass
class Mixture(Rows):
    """K windows, E experts, Q levels: `long` and `short` (K, E, N) mean |residual|, `seen` (K, N) verified forecasts,
    `quantile` and `weight` (K, E, Q, N), `usual` loss and `correction` (K, Q, N).

    The large arrays are pure numbers in single precision; what has the unit of the series stays in double.
    """

    paces: Paces
    long: FloatArray
    short: FloatArray
    seen: FloatArray
    quantile: SingleArray
    weight: SingleArray
    usual: FloatArray
    correction: FloatArray

    @classmethod
    def blank(cls, rows: int, windows: Windows, step_seconds: float) -> Mixture:
        count, experts, levels = windows.count, len(EXPERTS), len(LEVELS)
        full = (count, experts, levels, rows)
        return cls(
            paces=Paces.of(windows, step_seconds),
            long=np.zeros((count, experts, rows)),
            short=np.zeros((count, experts, rows)),
            seen=np.zeros((count, rows)),
            quantile=np.broadcast_to(START.astype(np.float32), full).copy(),
            weight=np.broadcast_to(first_weights(windows, step_seconds).astype(np.float32), full).copy(),
            usual=np.zeros((count, levels, rows)),
            correction=np.zeros((count, levels, rows)),
        )

    def issue(
        self, which: IntArray | slice, points: FloatArray, level: FloatArray, tilt: SingleArray, widening: FloatArray
    ) -> FloatArray:
        """Quantiles (D, Q, N) of the mixture, not sorted; `points` (D, E, N); `level` (N,) is where the series is.

        `tilt` (D, E, N) of the weights and `widening` (D, N) of the scale are the time of day's (forecast.clock).
        """
        anchor, unit = points[:, LAST], np.where(level > 0, level, 1.0)
        scale = self._scale(which, level)
        apart = ((points - anchor[:, None]) / unit).astype(np.float32)
        relative = (scale * widening[:, None] / unit).astype(np.float32)
        result = np.empty((len(points), len(LEVELS), points.shape[-1]))
        for rows in blocks(points.shape[-1]):
            said = self.quantile[..., rows][which] * relative[:, :, None, rows]
            said += apart[:, :, None, rows]
            weight = self.weight[..., rows][which] * tilt[:, :, None, rows]
            said *= weight
            result[..., rows] = said.sum(axis=1) / weight.sum(axis=1)
        result *= unit
        result += anchor[:, None]
        result += self.correction[which] * scale.min(axis=1)[:, None]
        return result

    def learn(
        self, which: IntArray, points: FloatArray, issued: FloatArray, actual: FloatArray, level: FloatArray
    ) -> tuple[SingleArray, FloatArray]:
        """Take what came, `actual` (D, N), NaN for none, of windows with these `points` and `issued` quantiles.

        The evidence (D, E, N) for each expert, and the size (D, N) of the median's error in scales, NaN for none.
        """
        known: BoolArray = np.isfinite(actual) & np.isfinite(points[:, LAST])
        residual = np.where(known[:, None], actual[:, None] - points, 0.0)
        before = self._scale(which, level)
        self.seen[which] += known
        first = np.where(known, 1 / np.maximum(self.seen[which], 1), 0.0)
        self._rescale(which, np.abs(residual), known, first)
        error = np.where(known[:, None], actual[:, None] - issued, 0.0)
        self._correct(which, error)
        lesson = Lesson(which, (residual / before).astype(np.float32), before, known, first)
        evidence = np.empty(residual.shape, dtype=np.float32)
        for rows in blocks(actual.shape[-1]):
            evidence[..., rows] = self._learn_block(lesson, rows)
        return evidence, np.where(known, np.abs(error[:, MEDIAN]) / before.min(axis=1), np.nan)

    def _scale(self, which: IntArray | slice, level: FloatArray) -> FloatArray:
        """Local scale of residuals (D, E, N) of these windows; `level` (N,) stands in where hardly one was seen."""
        own = (self.long[which] + self.short[which]) / 2
        prior = np.maximum(1 - self.seen[which, None] / YOUNG, 0.0)
        if prior.any():
            own += prior * (self._borrowed(level) - own)
        return np.asarray(own + TINY * np.where(level > 0, level, 1.0))

    def _borrowed(self, level: FloatArray) -> FloatArray:
        """The scale (E, N) of windows hardly tested: the largest of the others, else a share of the level."""
        settled = self.seen[:, None] >= YOUNG
        largest = np.where(settled, (self.long + self.short) / 2, 0.0).max(axis=0)
        return np.where(settled.any(axis=0), largest, PRIOR_SCALE * level)

    def _rescale(self, which: IntArray, size: FloatArray, known: BoolArray, first: FloatArray) -> None:
        for mean, pace in ((self.long, self.paces.slow), (self.short, self.paces.recent)):
            gain = np.where(known, np.maximum(first, pace[which, None]), 0.0)
            mean[which] += gain[:, None] * (size - mean[which])

    def _correct(self, which: IntArray, error: FloatArray) -> None:
        """`error` (D, Q, N) is 0 where nothing is known: a tie, which moves nothing."""
        moved = self.correction[which] + self.paces.correction[which, None, None] * _pull(error, TAU)
        self.correction[which] = np.minimum(np.maximum(moved, -CORRECTIONS), CORRECTIONS)

    def _learn_block(self, lesson: Lesson, rows: slice) -> SingleArray:
        which, known = lesson.which, lesson.known[:, rows]
        quantile = self.quantile[..., rows][which]
        error = lesson.residual[..., rows][:, :, None] - quantile
        gain = np.maximum(self.paces.gain[which, None], np.minimum(0.25, lesson.first[:, rows])) * known
        self.quantile[which, :, :, rows] = quantile + gain.astype(np.float32)[:, None, None] * _pull(error, TAU_SINGLE)
        return self._weigh(lesson, error, rows)

    def _weigh(self, lesson: Lesson, error: SingleArray, rows: slice) -> SingleArray:
        """Move the weights by the losses of these errors, which are in units of each expert's scale.

        The mean exponent of each expert, (D, E, B): what fixed share made of it.
        """
        which, known, before = lesson.which, lesson.known[:, rows], lesson.before[..., rows]
        mean = ordered_sum(before) / len(EXPERTS)
        loss = np.maximum(TAU_SINGLE * error, (TAU_SINGLE - 1) * error)
        loss *= (before / mean[:, None]).astype(np.float32)[:, :, None]
        pace = np.where(known, np.maximum(lesson.first[:, rows], self.paces.usual[which, None]), 0.0)
        usual = self.usual[..., rows][which]
        usual += pace[:, None] * (loss.mean(axis=1) * mean[:, None] - usual)
        self.usual[which, :, rows] = usual
        rate = -self.paces.rate[which, None, None] * (
            known[:, None] * mean[:, None] / np.maximum(usual, TINY * mean[:, None])
        )
        loss *= rate.astype(np.float32)[:, None]
        evidence = ordered_sum(np.maximum(loss, LEAST, out=loss), axis=2) / np.float32(len(LEVELS))
        weight = np.exp(loss, out=loss)
        weight *= self.weight[..., rows][which]
        share = (SHARE * known).astype(np.float32)[:, None, None]
        weight *= (1 - share) / weight.sum(axis=1, keepdims=True)
        self.weight[which, :, :, rows] = weight + share / len(EXPERTS)
        return np.asarray(evidence)


@dataclass(frozen=True)
class Lesson:
    """One verification of D windows: `residual` (D, E, N) in units of the scale `before`, `known` (D, N), and `first`
    (D, N), one over the verified forecasts so far."""

    which: IntArray
    residual: SingleArray
    before: FloatArray
    known: BoolArray
    first: FloatArray


def first_weights(windows: Windows, step_seconds: float) -> FloatArray:
    """Weights (K, E, 1, 1) before anything is learned: soon, the last value and the ridge's prior; later, anyone."""
    soon = 1 / (1 + windows.ends * step_seconds / TRUSTED_SECONDS)
    result = np.repeat(((1 - soon) / len(EXPERTS))[:, None], len(EXPERTS), axis=1)
    result[:, LAST] += 0.6 * soon
    result[:, RIDGE] += 0.4 * soon
    return np.asarray(result[:, :, None, None])


def _pull(error: Floats, tau: Floats) -> Floats:
    """tau - 1{actual below the quantile}, 0 where they are equal; `error` (..., Q, N)."""
    return np.asarray((tau - (error < 0.0).astype(tau.dtype)) * (error != 0.0).astype(tau.dtype))


def blocks(rows: int) -> Iterator[slice]:
    """Rows in slices that keep what is computed on the way inside the processor's cache."""
    for start in range(0, rows, BLOCK):
        yield slice(start, min(start + BLOCK, rows))
