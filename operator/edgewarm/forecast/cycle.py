"""What a series repeats beside hour, day and week: a cycle of ten minutes to four hours, or none.

    x     means of five minutes of z over the last day, less their mean over four hours around
    r(l)  autocorrelation of x at lag l, over the pairs that are known
    s(l)  = min(r(l), r(2 l)) where r has a local peak
    P     the shortest lag with s >= .85 of the best, where s >= .4 and s - min(r(1..P)) >= .6; none elsewhere
    said  mean of z at the same place of the last three cycles

A cycle shows as a peak of the autocorrelation that comes again at the double lag; Vlachos, Yu & Castelli verify their
candidates so ("On Periodicity Detection and Structural Periodic Similarity", SDM 2005), and 48 lags need no periodogram
to choose some. All rows are looked at each three hours. What is unknown just then keeps what it had.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.forecast.rows import Rows
from edgewarm.forecast.seasons import Seasons
from edgewarm.model.demand import FloatArray, IntArray

LOOK_SECONDS = 10800.0  # divides the week: whole weeks later all is the same
MEAN_SECONDS, LONGEST_SECONDS = 300.0, 14400.0
LEAST_BINS = 16  # in the longest cycle: of longer steps nothing is asked
KNOWN = 0.75  # of the day
CYCLES = 3
LEAST, CONTRAST, NEAR = 0.4, 0.6, 0.85
DIGITS = 9  # by which peaks are compared: rounding in the transform must not choose
TOGETHER = 256  # rows of one transform


@dataclass
class Cycle(Rows):
    """`period` (N,) in steps, 0 where nothing repeats, and `strength` (N,), the s of it."""

    step_seconds: float
    period: FloatArray
    strength: FloatArray

    @classmethod
    def blank(cls, rows: int, step_seconds: float) -> Cycle:
        return cls(step_seconds, np.zeros(rows), np.zeros(rows))

    def of(self, row: int) -> tuple[float, float] | None:
        """Period in steps and strength, at most 1, of one row; None where nothing repeats.

        A mean over fewer pairs may come out above that over all: an r a little over 1 says no more than 1.
        """
        return (float(self.period[row]), min(1.0, float(self.strength[row]))) if self.period[row] else None

    def look(self, seasons: Seasons, step: int) -> None:
        """Look for cycles if it is time; `step` is the last one learned."""
        width = max(1, round(MEAN_SECONDS / self.step_seconds))
        longest = round(LONGEST_SECONDS / (width * self.step_seconds))
        if longest < LEAST_BINS or (step + 1) % round(LOOK_SECONDS / self.step_seconds):
            return
        day = seasons.slots // width * width
        for start in range(0, len(self.period), TOGETHER):
            z = seasons.past(np.arange(step - day + 1, step + 1))[:, start : start + TOGETHER]
            asked = np.isfinite(z[-width:]).any(axis=0) & (np.isfinite(z).mean(axis=0) >= KNOWN)
            rows = start + np.flatnonzero(asked)
            if len(rows):
                self.period[rows], self.strength[rows] = _cycles(z[:, asked], width, longest)

    def before(self, seasons: Seasons, steps: IntArray, step: int) -> FloatArray:
        """Mean of z at the same place of the last cycles, (len(steps), N); NaN where nothing repeats or is known.

        `step` is the last one learned.
        """
        result = np.full((len(steps), len(self.period)), np.nan)
        rows = np.flatnonzero(self.period)
        if len(rows):
            period, kept = self.period[rows], len(seasons.ring)
            first = np.maximum(np.ceil((steps - step)[:, None] / period), 1)
            back = np.rint(steps[:, None] - (first + np.arange(CYCLES)[:, None, None]) * period).astype(np.int64)
            z = np.where(back > step - kept, seasons.ring[back % kept, rows] * seasons.unit[rows], np.nan)
            known = np.isfinite(z)
            count = known.sum(axis=0)
            total = np.where(known, z, 0.0).sum(axis=0)
            result[:, rows] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        return result


def _cycles(z: FloatArray, width: int, longest: int) -> tuple[FloatArray, FloatArray]:
    """Period in steps, 0 for none, and strength, (N,), of a day z (T, N), by means of `width` steps."""
    period, strength = found(_means(z, width), longest)
    repeats = np.flatnonzero(period)
    if width > 1 and len(repeats):
        period[repeats] = _refined(z[:, repeats], period[repeats] * width, width, longest)
    return period, strength


def found(x: FloatArray, longest: int) -> tuple[FloatArray, FloatArray]:
    """Period in places of x (T, N), 0 for none, and strength, (N,)."""
    r = autocorrelation(x - _around(x, longest), 2 * longest + 1).round(DIGITS)
    lag = np.arange(2, longest + 1)
    peak = (r[lag] >= r[lag - 1]) & (r[lag] >= r[lag + 1])
    double = np.maximum(np.maximum(r[2 * lag - 1], r[2 * lag]), r[2 * lag + 1])
    score = np.where(peak, np.minimum(r[lag], double), -1.0)
    first = (score >= NEAR * score.max(axis=0)).argmax(axis=0)
    rows = np.arange(x.shape[1])
    strength = score[first, rows]
    lowest = np.minimum.accumulate(r[: longest + 1], axis=0)[lag[first], rows]
    repeats = (strength >= LEAST) & (strength - lowest >= CONTRAST)
    return np.where(repeats, lag[first], 0).astype(np.float64), np.where(repeats, strength, 0.0)


def _refined(z: FloatArray, period: FloatArray, width: int, longest: int) -> FloatArray:
    """The period to a quarter of a step: the one nearby whose first multiples correlate best in z (T, N) itself."""
    r = autocorrelation(z - _around(z, longest * width), CYCLES * (longest + 1) * width)
    nearby = np.arange(-width, width + 0.25, 0.25)[:, None] + period
    times = np.arange(1, CYCLES + 1)[:, None, None]
    score = r[np.rint(times * nearby).astype(np.int64), np.arange(z.shape[1])].mean(axis=0)
    return np.asarray(nearby[score.round(DIGITS).argmax(axis=0), np.arange(z.shape[1])])


def autocorrelation(x: FloatArray, lags: int) -> FloatArray:
    """r (lags + 1, N) of x (T, N), over the pairs that are known; 0 where these are few or nothing changes."""
    known = np.isfinite(x)
    total, lag = _products(np.where(known, x, 0.0), lags), np.arange(lags + 1)[:, None]
    count = len(x) - lag if known.all() else _products(known.astype(np.float64), lags)
    mean = total / np.maximum(count, 1)
    changes = mean[0] > 0
    return np.where((count > len(x) / 8) & changes, mean / np.where(changes, mean[0], 1.0), 0.0)


def _products(x: FloatArray, lags: int) -> FloatArray:
    """Sums (lags + 1, N) of x (T, N) times itself so many places later."""
    size = -(-(len(x) + lags) // 16) * 16  # no shorter, or the end would meet the beginning
    return np.asarray(np.fft.irfft(np.abs(np.fft.rfft(x, size, axis=0)) ** 2, size, axis=0)[: lags + 1])


def _means(z: FloatArray, width: int) -> FloatArray:
    """Means (T / width, N) of what is known of z (T, N), NaN of nothing."""
    known = np.isfinite(z)
    shape = (len(z) // width, width, z.shape[1])
    count, total = known.reshape(shape).sum(axis=1), np.where(known, z, 0.0).reshape(shape).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _around(x: FloatArray, width: int) -> FloatArray:
    """Mean (T, N) of what is known within `width` around each place, fewer at the ends."""
    known = np.isfinite(x)
    nothing = np.zeros((1, x.shape[1]))
    total, count = (
        np.concatenate([nothing, each.cumsum(axis=0)]) for each in (np.where(known, x, 0.0), known.astype(np.float64))
    )
    at = np.arange(len(x))
    low, high = np.maximum(at - width // 2, 0), np.minimum(at + width // 2 + 1, len(x))
    return np.asarray((total[high] - total[low]) / np.maximum(count[high] - count[low], 1))
