"""The parts of a demand by the value of a label: which of them are rows of the fleet, and what is expected of each.

A policy's first fifty values are rows, the largest first, while all policies together have at most five hundred; one
that was not in an answer for an hour gives its place away. The rest is pooled as "(other)", which is no name of a node,
and of which the last value is the forecast. While the whole is known, a value that its answer does not have is 0: the
whole was measured without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import structlog

from edgewarm.engine.alone import alone
from edgewarm.engine.rows import RowName, Samples
from edgewarm.forecast.reconcile import reconciled, shifted, variance
from edgewarm.model.demand import Measured, Reading
from edgewarm.model.identity import Key, SeriesKey
from edgewarm.model.load import Load
from edgewarm.model.numbers import ResourceNumbers
from edgewarm.model.policy import Policy, Resource
from edgewarm.model.quantiles import Outlook, Quantiles

log = structlog.get_logger()
MOST_PARTS = 50
MOST_ROWS = 500  # of all policies: a row is 80 KiB of memory and its share of every step
FORGOTTEN_SECONDS = 3600.0
OTHER = "(other)"
LEVELS = (0.5, 0.9)

Ahead = Callable[[str], Outlook | None]


def split_series(policy: Policy) -> Resource | None:
    """The series of a policy that is to be split."""
    return next((one for one in policy.series if one.request.split is not None), None)


class Parts:
    """Remembers when each followed value was last seen."""

    def __init__(self) -> None:
        self._seen: dict[Key, dict[str, float]] = {}
        self._full = False

    def see(self, policies: Mapping[Key, Policy], readings: Mapping[SeriesKey, Reading], now: float) -> None:
        """Follow new values while there is room, and drop what is long gone."""
        split = {key: series for key, policy in policies.items() if (series := split_series(policy)) is not None}
        found = {key: _parts(readings.get(SeriesKey(key, series.name))) for key, series in split.items()}
        self._seen = {key: _kept(self._seen.get(key, {}), parts, now) for key, parts in found.items()}
        room, pooled = MOST_ROWS - sum(map(len, self._seen.values())), 0
        for key, parts in found.items():
            wanted = _new(self._seen[key], parts)
            taken = wanted[:room]
            room, pooled = room - len(taken), pooled + len(wanted) - len(taken)
            self._seen[key] |= dict.fromkeys(taken, now)
        if pooled and not self._full:
            log.warning(f"no rows are left for nodes of demand.labels.node, they are pooled as {OTHER}", nodes=pooled)
        self._full = pooled > 0

    def row_names(self, policies: Mapping[Key, Policy]) -> Sequence[RowName]:
        """A row for each followed value."""
        return [
            RowName(key, replace(series.request, part=part), policy.history_window_seconds, series.name, part)
            for key, policy in policies.items()
            if (series := split_series(policy)) is not None
            for part in self._seen.get(key, {})
        ]

    def samples(self, readings: Mapping[SeriesKey, Reading]) -> Samples:
        """(value, not censored) of each; nothing while the whole is unknown."""
        result: dict[SeriesKey, tuple[float, bool]] = {}
        for whole, reading in readings.items():
            if isinstance(reading, Measured) and reading.parts:
                with alone(whole.policy, "the parts of a policy were not learned"):
                    now, mine = dict(reading.parts), self._seen.get(whole.policy, {})
                    result |= {replace(whole, part=part): (now.get(part, 0.0), False) for part in mine}
        return result

    def numbers(self, whole: Load, key: Key, ahead: Ahead) -> Mapping[str, ResourceNumbers]:
        """Demand and forecast at lead time of every part, the medians adding up to that of the whole."""
        if not isinstance(whole.reading, Measured) or not whole.reading.parts:
            return {}
        now = self._pooled(key, dict(whole.reading.parts))
        if whole.outlook is None:
            return {part: ResourceNumbers(value) for part, value in now.items()}
        moved = _reconciled(now, whole.outlook.lead, {part: _lead(ahead(part)) for part in now})
        return {
            part: ResourceNumbers(now[part], {level: quantiles.at(level) for level in LEVELS})
            for part, quantiles in moved.items()
        }

    def held(self, whole: Load, key: Key, ahead: Ahead) -> Mapping[str, Quantiles]:
        """The largest demand of every part from now until the end of the outlooks; {} where none is told."""
        if not isinstance(whole.reading, Measured) or not whole.reading.parts or whole.outlook is None:
            return {}
        now = self._pooled(key, dict(whole.reading.parts))
        return _reconciled(now, whole.outlook.hold, {part: _hold(ahead(part)) for part in now})

    def _pooled(self, key: Key, parts: Mapping[str, float]) -> Mapping[str, float]:
        followed = self._seen.get(key, {})
        rest = [value for part, value in parts.items() if part not in followed]
        return {part: parts.get(part, 0.0) for part in followed} | ({OTHER: sum(rest)} if rest else {})


def _parts(reading: Reading | None) -> Mapping[str, float] | None:
    """The values of an answer; None where there is none."""
    return dict(reading.parts) if isinstance(reading, Measured) else None


def _kept(seen: Mapping[str, float], parts: Mapping[str, float] | None, now: float) -> dict[str, float]:
    """Those of before without what is long gone; who does not answer forgets nothing."""
    if parts is None:
        return dict(seen)
    last = {part: now if part in parts else at for part, at in seen.items()}
    return {part: at for part, at in last.items() if now - at < FORGOTTEN_SECONDS}


def _new(kept: Mapping[str, float], parts: Mapping[str, float] | None) -> list[str]:
    """Those that a policy has room for, the largest first."""
    present = parts or {}
    new = sorted(present.keys() - kept.keys(), key=lambda part: (-present[part], part))
    return new[: MOST_PARTS - len(kept)]


def _lead(outlook: Outlook | None) -> Quantiles | None:
    return None if outlook is None else outlook.lead


def _hold(outlook: Outlook | None) -> Quantiles | None:
    return None if outlook is None else outlook.hold


def _reconciled(
    now: Mapping[str, float], whole: Quantiles, ahead: Mapping[str, Quantiles | None]
) -> Mapping[str, Quantiles]:
    """Quantiles of every part, their medians adding up to that of the whole."""
    base = [_base(value, ahead[part]) for part, value in now.items()]
    medians = np.array([quantiles.at(0.5) for quantiles, _ in base])
    parts = reconciled(whole.at(0.5), medians, np.array([spread for _, spread in base]))
    moved = [shifted(quantiles, float(median)) for (quantiles, _), median in zip(base, parts, strict=True)]
    return dict(zip(now, moved, strict=True))


def _base(value: float, found: Quantiles | None) -> tuple[Quantiles, float]:
    """Quantiles and variance of one part; without a row of its own its last value, give or take as much again."""
    if found is None:
        return Quantiles(LEVELS, (value,) * len(LEVELS)), value**2
    return found, variance(found)
