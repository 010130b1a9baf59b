"""From the experts' points to one calibrated distribution: residual quantiles, weights by fixed share, conformal end.

    expert e, level tau        m_e + s_e q_e,tau              s_e: local scale of its residuals r = z - m_e
    its residual quantile      q <- q + g (tau - 1{r <= s q})                          quantile tracker
    its weight                 w <- (1 - a) w exp(-eta loss / usual loss) / sum + a / E       fixed share, per level
    mixture                    sum_e w_e (m_e + s_e q_e) + s c_tau
    a day ahead                one expert adds quantiles of its own: m_e + d_tau + s_e q_e      d: forecast.last_days
    its correction             c <- c + g (tau - 1{z <= what was issued})              conformal, once, after mixing

Trackers: Angelopoulos, Candes & Tibshirani, "Conformal PID Control for Time Series Prediction" (2023). Fixed share:
Herbster & Warmuth, "Tracking the Best Expert" (1998). The gain shrinks with the window's end, because labels come that
much later. Ties move nothing, or a constant series would drift for ever. Quantiles are sorted at the very end only: a
level that learned from the error of another one would drift for ever too.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from edgewarm.forecast.experts import DAY_BEFORE, EXPERTS, LAST, PROFILE, RIDGE
from edgewarm.forecast.rows import Rows, SingleArray, ordered_sum, patches
from edgewarm.forecast.tails import heavy_tailed
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import BoolArray, FloatArray

Floats = NDArray[np.floating]
LEVELS = (0.025, 0.05, 0.1, 0.16, 0.25, 0.5, 0.75, 0.84, 0.9, 0.95, 0.975, 0.99)
TAU: FloatArray = np.array(LEVELS)[:, None]
MEDIAN = LEVELS.index(0.5)
TAU_SINGLE: SingleArray = TAU.astype(np.float32)
MEAN_ABSOLUTE_TO_SD = 1.2533  # sqrt(pi / 2): sd of a normal residual whose mean absolute value is 1
START = np.array([NormalDist().inv_cdf(level) for level in LEVELS])[:, None] * MEAN_ABSOLUTE_TO_SD
FAR_START = np.array([heavy_tailed(level) for level in LEVELS])[:, None]
PACED_SECONDS = 300.0
GAIN, CORRECTION_GAIN, GAIN_A_WINDOW = 0.05, 0.02, 0.2
RATE, SHARE = 0.1, 0.002  # of fixed share
LEAST = -2.0  # of the exponent: one bad forecast does not end an expert
SLOW, USUAL = 0.003, 0.007  # of the long scale and of the usual loss, per five minutes
WINDOWS_REMEMBERED = 5  # by the long scale, at least: a day ahead, each day is little more than one lesson
RECENT_SECONDS = 7200.0  # of the short scale
FIRST_GAIN = 0.25  # of the first lessons, at most; none after an hour: those of a long window are one and the same day
CORRECTIONS = 3.0  # scales: the correction mends, it does not forecast
YOUNG = 20.0  # verified forecasts after which the prior scale is forgotten
PRIOR_SCALE = 0.05  # of the level: 10 % of the demand
TRUSTED_SECONDS = 3600.0  # until when the last value is believed by default
LEFT_TO_LEARN = 0.15  # of the usual residual quantiles: what the spread of the last days leaves to them at first
LAST_WEEK_TRUSTED = 3.0  # times as much as any other expert, a day ahead
TINY = 1e-12
WIDTH = len(EXPERTS) * len(LEVELS)  # numbers of one window and row in the large arrays


@dataclass(frozen=True)
class Paces:
    """What depends on the windows alone: gains and the paces of running means, each (K,), and which end a day ahead."""

    gain: FloatArray
    first: FloatArray
    correction: FloatArray
    slow: FloatArray
    recent: FloatArray
    usual: FloatArray
    rate: FloatArray
    far: slice

    @classmethod
    def of(cls, windows: Windows, step_seconds: float) -> Paces:
        strides = windows.strides(step_seconds)
        late = np.where(windows.ends > 4 * strides, GAIN_A_WINDOW * strides / windows.ends, np.inf)
        issues = strides * step_seconds / PACED_SECONDS
        memory = RECENT_SECONDS / (strides * step_seconds)
        return cls(
            gain=np.minimum(GAIN, late),
            first=np.where(windows.ends * step_seconds > TRUSTED_SECONDS, 0.0, FIRST_GAIN),
            correction=np.minimum(CORRECTION_GAIN, late),
            slow=np.minimum(np.minimum(SLOW * issues, strides / (WINDOWS_REMEMBERED * windows.ends)), 0.5),
            recent=np.minimum(2 / (memory + 1), 0.5),
            usual=np.minimum(USUAL * np.sqrt(issues), 0.5),
            rate=RATE / np.maximum(windows.ends / (4 * strides), 1.0) ** 0.5,
            far=windows.far_points(step_seconds),
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
    correction: SingleArray

    @classmethod
    def blank(cls, rows: int, windows: Windows, step_seconds: float) -> Mixture:
        count, experts, levels = windows.count, len(EXPERTS), len(LEVELS)
        full = (count, experts, levels, rows)
        return cls(
            paces=Paces.of(windows, step_seconds),
            long=np.zeros((count, experts, rows)),
            short=np.zeros((count, experts, rows)),
            seen=np.zeros((count, rows)),
            quantile=first_quantiles(full, windows.far_points(step_seconds)),
            weight=np.broadcast_to(first_weights(windows, step_seconds).astype(np.float32), full).copy(),
            usual=np.zeros((count, levels, rows)),
            correction=np.zeros((count, levels, rows), dtype=np.float32),
        )

    def issue(
        self, points: FloatArray, spread: FloatArray, level: FloatArray, tilt: SingleArray, widening: FloatArray
    ) -> FloatArray:
        """Quantiles (K, Q, N) of the mixture, not sorted; `points` (K, E, N); `spread` (F, Q, N) of the last days, in
        windows a day ahead; `level` (N,) is where the series is.

        `tilt` (K, E, N) of the weights and `widening` (K, N) of the scale are of the moment (forecast.clock, .blind).
        """
        unit = np.where(level > 0, level, 1.0)
        result = np.empty((len(points), len(LEVELS), points.shape[-1]))
        for at in patches(len(points), points.shape[-1], WIDTH):
            quantile, weight = self.quantile[at], self.weight[at]
            ones, anchor, scale = tilt[at], points[at, LAST, None], self._scale(at, level)
            apart = ((points[at] - anchor) / unit).astype(np.float32)
            relative = (scale * widening[at, None] / unit).astype(np.float32)
            said = np.einsum("deqn,den->dqn", weight, apart * ones)
            said += np.einsum("deqn,deqn,den->dqn", weight, quantile, relative * ones)
            said /= np.einsum("deqn,den->dqn", weight, ones)
            mixed = said.astype(np.float64)
            mixed *= unit
            mixed += anchor
            mixed += self.correction[at] * scale.min(axis=1)[:, None]
            result[at] = mixed
        far = self.paces.far
        weight, ones = self.weight[far], tilt[far]
        share = weight[:, PROFILE] * ones[:, PROFILE, None] / np.einsum("deqn,den->dqn", weight, ones)
        result[far] += share * (spread * widening[far, None])
        return result

    def parts(
        self, spread: FloatArray, level: FloatArray, tilt: SingleArray, widening: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """What `issue` adds up, in double precision: the share (K, E, Q, N) of each expert's point, the mean of the
        residual quantiles and the correction, both (K, Q, N)."""
        scale, far = self._scale(slice(None), level), self.paces.far
        weight = self.weight.astype(np.float64) * tilt[:, :, None]
        share = weight / weight.sum(axis=1, keepdims=True)
        residual = (share * self.quantile * (scale * widening[:, None])[:, :, None]).sum(axis=1)
        residual[far] += share[far, PROFILE] * spread * widening[far, None]
        return share, residual, self.correction * scale.min(axis=1)[:, None]

    def learn(
        self, points: FloatArray, spread: FloatArray, issued: FloatArray, actual: FloatArray, level: FloatArray
    ) -> tuple[SingleArray, FloatArray]:
        """Take what came, `actual` (K, N), NaN for none, of windows with these `points`, `spread` and `issued`
        quantiles.

        The evidence (K, E, N) for each expert, and the size (K, N) of the median's error in scales, NaN for none.
        """
        known: BoolArray = np.isfinite(actual) & np.isfinite(points[:, LAST])
        before = self._scale(slice(None), level)
        self.seen += known
        first = np.where(known, 1 / np.maximum(self.seen, 1), 0.0)
        evidence, size = np.empty(points.shape, dtype=np.float32), np.empty(actual.shape)
        for at in patches(len(actual), actual.shape[-1], WIDTH):
            lesson = Lesson(at, before[at], known[at], first[at])
            residual = lesson.missed(actual[at], points[at])
            self._rescale(lesson, np.abs(residual))
            error = lesson.missed(actual[at], issued[at])
            size[at] = np.abs(error[:, MEDIAN]) / lesson.before.min(axis=1)
            self._correct(lesson, error)
            residual /= lesson.before
            inside, far = overlap(at, self.paces.far)
            apart = spread[far] / lesson.before[inside, PROFILE, None]
            loss = self._track(lesson, residual.astype(np.float32), inside, apart)
            evidence[at] = self._weigh(lesson, loss)
        return evidence, np.where(known, size, np.nan)

    def sizes(self, level: FloatArray) -> FloatArray:
        """Local scale (K, N) of the best expert of each window."""
        return np.asarray(self._scale(slice(None), level).min(axis=1))

    def _scale(self, which: slice, level: FloatArray) -> FloatArray:
        """Local scale of residuals (D, E, B) of these windows; `level` (N,) stands in where hardly one was seen."""
        own = self.long[which] + self.short[which]
        own *= 0.5
        seen = self.seen[which, None]
        if seen.size and seen.min() < YOUNG:
            own += np.maximum(1 - seen / YOUNG, 0.0) * (self._borrowed(level) - own)
        own += TINY * np.where(level > 0, level, 1.0)
        return np.asarray(own)

    def _borrowed(self, level: FloatArray) -> FloatArray:
        """The scale (E, B) of windows hardly tested: the largest of the others, else a share of the level."""
        settled = self.seen[:, None] >= YOUNG
        largest = ((self.long + self.short) * (settled / 2)).max(axis=0)
        return np.where(settled.any(axis=0), largest, PRIOR_SCALE * level)

    def _rescale(self, lesson: Lesson, size: FloatArray) -> None:
        windows = lesson.windows
        for scale, pace in ((self.long, self.paces.slow), (self.short, self.paces.recent)):
            mean = scale[windows]
            gain = np.maximum(lesson.first, pace[windows, None]) * lesson.known
            scale[windows] = mean + gain[:, None] * (size - mean)

    def _correct(self, lesson: Lesson, error: FloatArray) -> None:
        windows = lesson.windows
        moved = _pull(error, TAU)
        moved *= self.paces.correction[windows, None, None]
        moved += self.correction[windows]
        self.correction[windows] = moved.clip(-CORRECTIONS, CORRECTIONS, out=moved)

    def _track(self, lesson: Lesson, residual: SingleArray, inside: slice, apart: FloatArray) -> SingleArray:
        """Move the residual quantiles; their losses (D, E, Q, B), in units of each expert's scale.

        The windows `inside` end a day ahead: one expert told its quantiles `apart` (F, Q, B) from its point, in scales.
        """
        windows = lesson.windows
        quantile = self.quantile[windows]
        error = residual[:, :, None] - quantile
        error[inside, PROFILE] -= apart.astype(np.float32)
        moved = _pull(error, TAU_SINGLE)
        error *= moved
        first = np.minimum(self.paces.first[windows, None], lesson.first)
        gain = np.maximum(self.paces.gain[windows, None], first) * lesson.known
        moved *= gain.astype(np.float32)[:, None, None]
        quantile += moved
        self.quantile[windows] = quantile
        return error

    def _weigh(self, lesson: Lesson, loss: SingleArray) -> SingleArray:
        """Move the weights by these losses, which are used up.

        The mean exponent of each expert, (D, E, B): what fixed share made of it.
        """
        windows, known = lesson.windows, lesson.known
        mean = ordered_sum(lesson.before) / len(EXPERTS)
        loss *= (lesson.before / mean[:, None]).astype(np.float32)[:, :, None]
        pace = np.maximum(lesson.first, self.paces.usual[windows, None]) * known
        before = self.usual[windows]
        usual = (loss.sum(axis=1) / np.float32(len(EXPERTS))).astype(np.float64)
        usual *= mean[:, None]
        usual -= before
        usual *= pace[:, None]
        usual += before
        self.usual[windows] = usual
        rate = (-self.paces.rate[windows, None] * known * mean)[:, None] / np.maximum(usual, TINY * mean[:, None])
        loss *= rate.astype(np.float32)[:, None]
        loss.clip(LEAST, 0.0, out=loss)
        evidence = ordered_sum(loss, axis=2) / np.float32(len(LEVELS))
        weight = np.exp(loss, out=loss)
        weight *= self.weight[windows]
        share = (SHARE * known).astype(np.float32)[:, None, None]
        factor = (1 - share) / weight.sum(axis=1, keepdims=True)
        weight *= np.where(known[:, None, None], factor, np.float32(1.0))  # rounding must not count unknown steps
        weight += share / len(EXPERTS)
        self.weight[windows] = weight
        return evidence


@dataclass(frozen=True)
class Lesson:
    """One verification of D windows and B rows: their scale `before` (D, E, B), which were `known` (D, B), and `first`
    (D, B), one over the verified forecasts so far, 0 where unknown."""

    windows: slice
    before: FloatArray
    known: BoolArray
    first: FloatArray

    def missed(self, actual: FloatArray, said: FloatArray) -> FloatArray:
        """How far `actual` (D, B) lies above what was `said` (D, X, B); 0 where unknown: a tie, which moves nothing."""
        result = actual[:, None] - said
        if not self.known.all():
            np.copyto(result, 0.0, where=~self.known[:, None])
        return result


def overlap(at: slice, far: slice) -> tuple[slice, slice]:
    """The windows of both: where they stand in `at`, and where in `far`."""
    first = max(at.start, far.start)
    last = max(first, min(at.stop, far.stop))
    return slice(first - at.start, last - at.start), slice(first - far.start, last - far.start)


def first_quantiles(shape: tuple[int, ...], far: slice) -> SingleArray:
    """Residual quantiles (K, E, Q, N) before anything is learned; those of the `far` windows have heavier tails, since
    errors of a day come together, and stand apart already where the last days do (forecast.last_days)."""
    result = np.broadcast_to(START.astype(np.float32), shape).copy()
    result[far] = FAR_START.astype(np.float32)
    result[far, PROFILE] *= np.float32(LEFT_TO_LEARN)
    return result


def first_weights(windows: Windows, step_seconds: float) -> FloatArray:
    """Weights (K, E, 1, 1) before anything is learned: soon, the last value and the ridge's prior; later, anyone, and
    a day ahead above all last week, which cannot prove itself before the ninth day (forecast.experts)."""
    soon = 1 / (1 + windows.ends * step_seconds / TRUSTED_SECONDS)
    anyone = np.ones((windows.count, len(EXPERTS)))
    anyone[windows.far(step_seconds), DAY_BEFORE] = LAST_WEEK_TRUSTED
    result = (1 - soon)[:, None] * anyone / anyone.sum(axis=1, keepdims=True)
    result[:, LAST] += 0.6 * soon
    result[:, RIDGE] += 0.4 * soon
    return np.asarray(result[:, :, None, None])


def _pull(error: Floats, tau: Floats) -> Floats:
    """tau - 1{actual below the quantile}, 0 where they are equal; `error` (..., Q, N), `tau` (Q, 1)."""
    pull = (error < 0.0).astype(error.dtype)
    np.subtract(tau.repeat(error.shape[-1], axis=1), pull, out=pull)
    tie = error == 0.0
    if np.count_nonzero(tie):
        pull[tie] = 0.0
    return pull
