"""The parts of a demand by the values of its labels: which of them are rows of the fleet, and what is expected of each.

The first fifty values of a policy's label are rows, the largest first, while all policies together have at most five
hundred; one that was not in an answer for an hour gives its place away. The rest of a label is pooled as "(other)",
which is no name of a node, and of which the last value is the forecast. The parts of each label add up to the whole.
While that is known, a value that its answer does not have is 0: the whole was measured without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import structlog

from edgewarm.engine.alone import alone
from edgewarm.engine.rows import RowName, Samples
from edgewarm.forecast.reconcile import reconciled, shifted, variance
from edgewarm.model.demand import Measured, Reading
from edgewarm.model.identity import Key, Part, SeriesKey, Split
from edgewarm.model.load import Load
from edgewarm.model.numbers import ResourceNumbers
from edgewarm.model.policy import Policy, Resource
from edgewarm.model.quantiles import Outlook, Quantiles

log = structlog.get_logger()
MOST_PARTS = 50
MOST_ROWS = 500  # of all policies: a row is 60 KiB of memory and its share of every step
FORGOTTEN_SECONDS = 3600.0
OTHER = "(other)"
LEVELS = (0.5, 0.9)

Ahead = Callable[[Part], Outlook | None]


def split_series(policy: Policy) -> Resource | None:
    """The series of a policy that is to be split."""
    return next((one for one in policy.series if one.request.split), None)


class Parts:
    """Remembers when each followed part was last seen."""

    def __init__(self) -> None:
        self._seen: dict[Key, dict[Part, float]] = {}
        self._full = False

    def see(self, policies: Mapping[Key, Policy], readings: Mapping[SeriesKey, Reading], now: float) -> None:
        """Follow new parts while there is room, and drop what is long gone."""
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
            log.warning(f"no rows are left for values of demand.labels, they are pooled as {OTHER}", values=pooled)
        self._full = pooled > 0

    def row_names(self, policies: Mapping[Key, Policy]) -> Sequence[RowName]:
        """A row for each followed value."""
        return [
            RowName(
                key,
                replace(series.request, part=part),
                policy.history_window_seconds,
                series.name,
                part,
                policy.time_zone,
            )
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

    def numbers(self, whole: Load, key: Key, ahead: Ahead) -> Mapping[Part, ResourceNumbers]:
        """Demand and forecast at lead time of every part, the medians of each label adding up to that of the whole."""
        if not isinstance(whole.reading, Measured) or not whole.reading.parts:
            return {}
        now = self._pooled(key, dict(whole.reading.parts))
        if whole.outlook is None:
            return {part: ResourceNumbers(value) for part, value in now.items()}
        median = whole.outlook.lead.at(0.5)
        found: dict[Part, ResourceNumbers] = {}
        for by in dict.fromkeys(part.by for part in now):
            mine = {part: value for part, value in now.items() if part.by is by}
            moved = _reconciled(mine, median, {part: _lead(ahead(part)) for part in mine})
            found |= {
                part: ResourceNumbers(now[part], {level: quantiles.at(level) for level in LEVELS})
                for part, quantiles in moved.items()
            }
        return found

    def held(self, whole: Load, key: Key, ahead: Ahead, by: Split = Split.NODE) -> Mapping[str, Quantiles]:
        """The largest demand of every value of a label until the end of the outlooks; {} where none is told."""
        if not isinstance(whole.reading, Measured) or not whole.reading.parts or whole.outlook is None:
            return {}
        now = self._pooled(key, dict(whole.reading.parts))
        mine = {part: value for part, value in now.items() if part.by is by}
        if not mine:
            return {}
        found = _reconciled(mine, whole.outlook.hold.at(0.5), {part: _hold(ahead(part)) for part in mine})
        return {part.value: quantiles for part, quantiles in found.items()}

    def _pooled(self, key: Key, parts: Mapping[Part, float]) -> Mapping[Part, float]:
        followed = self._seen.get(key, {})
        rest: dict[Part, float] = {}
        for part, value in parts.items():
            if part not in followed:
                other = Part(part.by, OTHER)
                rest[other] = rest.get(other, 0.0) + value
        return {part: parts.get(part, 0.0) for part in followed} | rest


def _parts(reading: Reading | None) -> Mapping[Part, float] | None:
    """The values of an answer; None where there is none."""
    return dict(reading.parts) if isinstance(reading, Measured) else None


def _kept(seen: Mapping[Part, float], parts: Mapping[Part, float] | None, now: float) -> dict[Part, float]:
    """Those of before without what is long gone; who does not answer forgets nothing."""
    if parts is None:
        return dict(seen)
    last = {part: now if part in parts else at for part, at in seen.items()}
    return {part: at for part, at in last.items() if now - at < FORGOTTEN_SECONDS}


def _new(kept: Mapping[Part, float], parts: Mapping[Part, float] | None) -> list[Part]:
    """Those that a policy has room for, the largest of each label first."""
    present, room = parts or {}, Counter({by: MOST_PARTS for by in Split})
    room.subtract(part.by for part in kept)
    found = []
    for part in sorted(present.keys() - kept.keys(), key=lambda part: (-present[part], part)):
        if room[part.by] > 0:
            room[part.by] -= 1
            found.append(part)
    return found


def _lead(outlook: Outlook | None) -> Quantiles | None:
    return None if outlook is None else outlook.lead


def _hold(outlook: Outlook | None) -> Quantiles | None:
    return None if outlook is None else outlook.hold


def _reconciled(
    now: Mapping[Part, float], whole: float, ahead: Mapping[Part, Quantiles | None]
) -> Mapping[Part, Quantiles]:
    """Quantiles of the parts of one label, their medians adding up to that of the whole."""
    base = [_base(value, ahead[part]) for part, value in now.items()]
    medians = np.array([quantiles.at(0.5) for quantiles, _ in base])
    parts = reconciled(whole, medians, np.array([spread for _, spread in base]))
    moved = [shifted(quantiles, float(median)) for (quantiles, _), median in zip(base, parts, strict=True)]
    return dict(zip(now, moved, strict=True))


def _base(value: float, found: Quantiles | None) -> tuple[Quantiles, float]:
    """Quantiles and variance of one part; without a row of its own its last value, give or take as much again."""
    if found is None:
        return Quantiles(LEVELS, (value,) * len(LEVELS)), value**2
    return found, variance(found)
