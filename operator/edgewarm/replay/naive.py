"""Last value and seasonal naive with quantiles: of their own trailing residuals, or the normal ones of the textbook.

    last value       y(o)                             residuals y(s) - y(s - h)      sigma_h = sigma_1 sqrt(h)
    seasonal naive   y(o + h - k m), k = ceil(h / m)  residuals y(s) - y(s - k m)    sigma_h = sigma_m sqrt(k)

o: origin, h: steps ahead, m: steps of a season. Trailing: the residuals of the two days up to o. Native: a normal
distribution about the point, sigma_1 and sigma_m the root mean square of all one-step and one-season errors up to o
(Hyndman & Athanasopoulos, "Forecasting: Principles and Practice", 3rd ed., 5.5). Nothing after o is used. An unknown
value is replaced by the last known one as a point, and gives no residual; a season ago of which nothing is known, by
the last value.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray

RESIDUAL_DAYS = 2


@dataclass(frozen=True)
class Past:
    """A series (T,) with its holes as they are, and with the last known value in them; `day` in steps."""

    values: FloatArray
    held: FloatArray
    day: int

    @classmethod
    def of(cls, values: FloatArray, day: int) -> Past:
        known = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values)), -1))
        return cls(values, np.where(known >= 0, values[known], np.nan), day)


@dataclass(frozen=True)
class Naive:
    """A rule that repeats what was: `season` in steps, None for the last value."""

    name: str
    season: int | None = None

    def lag(self, ahead: int) -> int:
        """Steps between a target `ahead` steps on and the value that is repeated."""
        return ahead if self.season is None else -(-ahead // self.season) * self.season

    def points(self, past: Past, origins: IntArray, ahead: int) -> FloatArray:
        """What it says (O,) at `origins` (O,) of the value `ahead` steps on."""
        source = origins + ahead - self.lag(ahead)
        repeated = np.where(source >= 0, past.held[np.maximum(source, 0)], np.nan)
        result: FloatArray = np.where(np.isfinite(repeated), repeated, past.held[origins])
        return result

    def trailing(self, past: Past, origins: IntArray, ahead: int, levels: Sequence[float]) -> FloatArray:
        """Quantiles (O, Q): the point and the residual quantiles of the last two days."""
        lag = self.lag(ahead)
        spread = trailing_quantiles(past.values - _before(past.held, lag), origins, RESIDUAL_DAYS * past.day, levels)
        result: FloatArray = np.maximum(self.points(past, origins, ahead)[:, None] + spread, 0.0)
        return result

    def native(self, past: Past, origins: IntArray, ahead: int, levels: Sequence[float]) -> FloatArray:
        """Quantiles (O, Q) of the normal distribution about the point."""
        base = 1 if self.season is None else self.season
        sigma = _root_mean_square(past.values - _before(past.values, base))[origins] * np.sqrt(self.lag(ahead) / base)
        spread = sigma[:, None] * np.array([NormalDist().inv_cdf(level) for level in levels])
        result: FloatArray = np.maximum(self.points(past, origins, ahead)[:, None] + spread, 0.0)
        return result


def _before(values: FloatArray, lag: int) -> FloatArray:
    """The series `lag` steps earlier, NaN before its beginning."""
    result: FloatArray = np.concatenate([np.full(min(lag, len(values)), np.nan), values[: max(len(values) - lag, 0)]])
    return result


def _root_mean_square(errors: FloatArray) -> FloatArray:
    """Of all errors (T,) up to and with each step; 0 where there is none."""
    known = np.isfinite(errors)
    total = np.cumsum(np.where(known, np.square(errors), 0.0))
    result: FloatArray = np.sqrt(total / np.maximum(np.cumsum(known), 1))
    return result


def trailing_quantiles(residuals: FloatArray, origins: IntArray, width: int, levels: Sequence[float]) -> FloatArray:
    """Quantiles (O, Q) of the known residuals (T,) in the `width` steps up to each of the rising origins; 0 if none.

    The window is kept sorted while it slides: one insertion and one removal a step.
    """
    result = np.zeros((len(origins), len(levels)))
    tau = np.asarray(levels)
    window: list[float] = []
    begin = end = 0
    for row, origin in enumerate(origins):
        begin, end = _slide(window, residuals, (begin, end), (max(int(origin) - width + 1, 0), int(origin) + 1))
        if window:
            result[row] = _of_sorted(window, tau)
    return result


def _slide(window: list[float], residuals: FloatArray, old: tuple[int, int], new: tuple[int, int]) -> tuple[int, int]:
    if new[0] >= old[1]:  # nothing in common
        window[:] = sorted(_known(residuals[slice(*new)]))
        return new
    for value in _known(residuals[old[1] : new[1]]):
        insort(window, value)
    for value in _known(residuals[old[0] : new[0]]):
        del window[bisect_left(window, value)]
    return new


def _known(values: FloatArray) -> list[float]:
    found: list[float] = values[np.isfinite(values)].tolist()
    return found


def _of_sorted(window: list[float], tau: FloatArray) -> list[float]:
    """numpy's default: linear between order statistics."""
    last = len(window) - 1
    found = []
    for level in tau.tolist():
        place = level * last
        low = int(place)
        high = min(low + 1, last)
        found.append(window[low] + (place - low) * (window[high] - window[low]))
    return found
