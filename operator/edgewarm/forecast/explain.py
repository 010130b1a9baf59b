"""Why a forecast is what it is: named contributions, in the unit of the demand, that add up to it.

    on z = sqrt(y)    z = last + sum_e w_e (m_e - last) + sum_e w_e s_e q_e + c       d_i: each term after `last`
    the ridge         m - last = (slow - last) + sum_f beta_f x_f
    in demand         y = last^2 + sum_i d_i (last + z)

The mixture (forecast.mixture) is a sum on the square-root scale, so its terms are its explanation. The square is shared
out along the straight path from the last value to the forecast: d_i times the integral of dy/dz = 2z over it, which is
d_i (last + z), adds up exactly and depends on no order (Aumann & Shapley, "Values of Non-Atomic Games", 1974;
Sundararajan, Taly & Yan, "Axiomatic Attribution for Deep Networks", 2017, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgewarm.forecast.experts import DAY_BEFORE, EXPERTS, LAST, PROFILE, RIDGE, SURGE, WEEK
from edgewarm.forecast.features import NAMES
from edgewarm.forecast.outlook import between, lead_edge
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray

NOW, RECENT, TREND, TIME_OF_DAY, HOUR, YESTERDAY, LAST_WEEK, CYCLE, UNCERTAINTY, BOUNDS = (
    "now",
    "recent minutes",
    "trend",
    "time of day",
    "last hours",
    "yesterday",
    "last week",
    "cycle",
    "uncertainty",
    "bounds",
)
DRIVERS: Mapping[str, str] = {
    NOW: "now",
    RECENT: "from the minutes before",
    TREND: "the trend",
    TIME_OF_DAY: "the usual for this time of day",
    HOUR: "the hours before and the minute of the hour",
    YESTERDAY: "yesterday at this time",
    LAST_WEEK: "last week at this time",
    CYCLE: "a cycle that the data show",
    UNCERTAINTY: "uncertainty",
    BOUNDS: "kept in order and at or above zero",
}
"""What moves a forecast, each with the words for people."""


@dataclass(frozen=True, slots=True)
class Source:
    """One term of the sum: its driver, and the expert and, of the ridge, the feature that it comes from."""

    driver: str
    expert: str
    feature: str = ""


_OF_EXPERT = {
    "day profile": TIME_OF_DAY,
    "week": LAST_WEEK,
    "theta": TREND,
    "day before": YESTERDAY,
    "surge": TREND,
}
_A_DAY_AHEAD = ((LAST_WEEK, "week before"), (RECENT, "average of 3 hours"))
"""What day before and surge speak of, in this order, in windows of a day and more (forecast.experts)."""
_OF_FEATURE = {
    "unrest": RECENT,
    "last value": RECENT,
    "jump": RECENT,
    "average of 7 min": RECENT,
    "day profile then": TIME_OF_DAY,
    "day profile now": TIME_OF_DAY,
    "day before": YESTERDAY,
    "hour before": HOUR,
    "mean of two hours before": HOUR,
    "minute of the hour": HOUR,
    "week before": LAST_WEEK,
    "cycle then": CYCLE,
    "cycle now": CYCLE,
}
_PLAIN = [index for index, name in enumerate(EXPERTS) if index not in (RIDGE, LAST)]
SOURCES = (
    Source(NOW, EXPERTS[LAST]),
    *(Source(_OF_EXPERT[EXPERTS[index]], EXPERTS[index]) for index in _PLAIN),
    *(Source(driver, expert) for driver, expert in _A_DAY_AHEAD),
    Source(RECENT, EXPERTS[RIDGE], "slow average"),
    *(Source(_OF_FEATURE[name], EXPERTS[RIDGE], name) for name in NAMES),
    Source(UNCERTAINTY, "all", "residual quantile"),
    Source(UNCERTAINTY, "all", "correction"),
    Source(BOUNDS, "all"),
)

_PROFILE_THEN = NAMES.index("day profile then")
ROUNDING = 1e-5  # of the terms: what the single precision of the mixture may have lost


@dataclass(frozen=True)
class Ingredients:
    """What the forecasts of one row are mixed from, on the square-root scale but for `values`.

    K windows, the first A of them single steps; E experts, F features, Q levels. `points` (K, E), `features` and `beta`
    (A, F), `share` (K, E, Q) of each expert, `residual` and `correction` (K, Q), `values` (K, Q) as they were told.
    `cycle` is what the data repeats, in steps and as a strength from 0 to 1; None where it repeats nothing.
    """

    step: int
    step_seconds: float
    windows: Windows
    levels: tuple[float, ...]
    last: float
    slow: float
    points: FloatArray
    features: FloatArray
    beta: FloatArray
    share: FloatArray
    residual: FloatArray
    correction: FloatArray
    values: FloatArray
    cycle: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One quantile of one window: (source, demand units) pairs that add up to `total`."""

    level: float
    parts: tuple[tuple[Source, float], ...]

    @property
    def total(self) -> float:
        return sum(amount for _, amount in self.parts)

    @property
    def drivers(self) -> Mapping[str, float]:
        """The same by what moved it: where the demand is now first, then the largest first."""
        sums: dict[str, float] = {}
        for source, amount in self.parts:
            sums[source.driver] = sums.get(source.driver, 0.0) + amount
        now = sums.pop(NOW, 0.0)
        moved = sorted(((name, amount) for name, amount in sums.items() if amount), key=lambda pair: -abs(pair[1]))
        return {NOW: now, **dict(moved)}


@dataclass(frozen=True)
class Explained:
    """Every window of one row after `step`: `amounts` (K, Q, P) of the P `SOURCES`, in demand units; its `cycle`."""

    step: int
    step_seconds: float
    windows: Windows
    levels: tuple[float, ...]
    amounts: FloatArray
    cycle: tuple[float, float] | None = None

    @property
    def at_ahead(self) -> FloatArray:
        """Those of single steps, (A, Q, P)."""
        return self.amounts[: self.windows.points]

    @property
    def max_until(self) -> FloatArray:
        """Those of maxima, (B, Q, P)."""
        return self.amounts[self.windows.points :]


def explained(found: Ingredients) -> Explained:
    """Contributions to every window and level of a row, by the formula above."""
    terms = _terms(found)
    z = np.sqrt(found.values)
    rest = z - found.last - terms.sum(axis=-1)
    lost = np.abs(rest) <= ROUNDING * (z + np.abs(terms).sum(axis=-1))
    terms[..., -2] += np.where(lost, rest, 0.0)
    terms = np.concatenate([terms, np.where(lost, 0.0, rest)[..., None]], axis=-1)
    now = np.full((*z.shape, 1), found.last**2)
    amounts = np.concatenate([now, terms * (found.last + z)[..., None]], axis=-1)
    return Explained(found.step, found.step_seconds, found.windows, found.levels, amounts, found.cycle)


def _terms(found: Ingredients) -> FloatArray:
    """The d_i of every source between the first and the last of `SOURCES`, (K, Q, P - 2)."""
    moved = (found.points - found.last)[:, None] * np.swapaxes(found.share, 1, 2)
    far = found.windows.far(found.step_seconds)
    usual = np.where(far, found.points[:, WEEK], found.points[:, PROFILE])[:, None]
    silent = found.points == usual  # they know nothing, and speak through the day profile
    silent[:, [RIDGE, LAST, PROFILE]] = False
    silent[far, WEEK] = silent[far, DAY_BEFORE]  # week is the mean of it and of the profile
    borrowed = np.where(silent[:, None], moved, 0.0)
    moved -= borrowed
    moved[..., PROFILE] += borrowed.sum(axis=-1)
    spare = moved[..., [DAY_BEFORE, SURGE]]
    far = far[:, None, None]
    moved[..., [DAY_BEFORE, SURGE]] = np.where(far, 0.0, spare)
    ridge = found.share[:, RIDGE, :, None] * _of_ridge(found)[:, None]
    end = found.residual[..., None], found.correction[..., None]
    return np.concatenate([moved[..., _PLAIN], np.where(far, spare, 0.0), ridge, *end], axis=-1)


def _of_ridge(found: Ingredients) -> FloatArray:
    """What the slow average and each feature moved the ridge's point away from the last value, (K, 1 + F)."""
    x = found.features
    moved = x * found.beta
    borrowed = (x == x[:, [_PROFILE_THEN]]) & np.isin(NAMES, ("day before", "hour before", "week before"))
    moved[:, _PROFILE_THEN] += np.where(borrowed, moved, 0.0).sum(axis=-1)
    moved = np.where(borrowed, 0.0, moved)
    path = found.points[: found.windows.points, RIDGE]
    highest = [int(path[: index + 1].argmax()) for index in found.windows.until_index]
    moved = np.concatenate([moved, moved[highest]])
    return np.concatenate([np.full((len(moved), 1), found.slow - found.last), moved], axis=-1)


def at_window(found: Explained, index: int, level: float) -> Explanation:
    """Window `index` of the K at `level`, linear between the known levels, as quantiles are (model.quantiles)."""
    return _explanation(found, found.amounts[index], level)


def at_horizon(found: Explained, seconds: float, level: float) -> Explanation:
    """The step `seconds` ahead, which must be one of the grid's; ValueError otherwise."""
    ends = found.windows.ahead.tolist()
    return at_window(found, ends.index(round(seconds / found.step_seconds)), level)


def at_lead(found: Explained, now: float, lead_seconds: float, level: float) -> Explanation:
    """The lead window of a pod that is decided `now`, as forecast.outlook has it."""
    edge = lead_edge(found.step, found.step_seconds, now, lead_seconds)
    near = found.windows.ahead <= found.windows.until[-1]
    first, last = (between(found.windows.ahead[near], found.at_ahead[near], at) for at in (edge - 1.0, edge))
    larger = last.sum(axis=-1, keepdims=True) > first.sum(axis=-1, keepdims=True)
    return _explanation(found, np.where(larger, last, first), level)


def _explanation(found: Explained, amounts: FloatArray, level: float) -> Explanation:
    """Of `amounts` (Q, P)."""
    row = between(np.array(found.levels), amounts, level)
    return Explanation(level, tuple(zip(SOURCES, (float(amount) for amount in row), strict=True)))
