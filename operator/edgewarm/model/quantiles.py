"""A forecast of one number as calibrated quantiles: of all the times we say 90 %, it holds 90 %."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import lru_cache
from operator import lt


@lru_cache
def _rising(levels: tuple[float, ...]) -> bool:
    """Whether they rise within (0, 1); nearly every call asks about the same ones."""
    within = (1e-9, *levels, 1 - 1e-9)
    return all(map(lt, within, within[1:]))


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Values (demand units) at rising levels in (0, 1); values never fall, are finite and >= 0."""

    levels: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.levels) != len(self.values) or not self.levels:
            raise ValueError(f"levels and values must pair up, got {len(self.levels)} and {len(self.values)}")
        if not _rising(self.levels):
            raise ValueError(f"levels must rise within 0..1, got {self.levels}")
        if not all(map(math.isfinite, self.values)) or min(self.values) < 0:
            raise ValueError(f"quantiles must be finite and >= 0, got {self.values}")
        if any(map(lt, self.values[1:], self.values)):
            raise ValueError(f"quantiles must not cross, got {self.values}")

    def at(self, level: float) -> float:
        """The quantile at `level`, linear between the known levels and capped at the outermost ones."""
        right = bisect_left(self.levels, level)
        if right == 0:
            return self.values[0]
        if right == len(self.levels):
            return self.values[-1]
        low, high = self.levels[right - 1], self.levels[right]
        share = (level - low) / (high - low)
        return self.values[right - 1] + share * (self.values[right] - self.values[right - 1])

    def probability_above(self, demand: float) -> float:
        """P(value > demand), linear between known quantiles; outside them, the outermost level is the answer."""
        if demand < self.values[0]:
            return 1 - self.levels[0] if demand > 0 or self.values[0] == 0 else 1.0
        if demand >= self.values[-1]:
            return 1 - self.levels[-1]
        right = next(i for i, value in enumerate(self.values) if value > demand)
        low, high = self.values[right - 1], self.values[right]
        share = (demand - low) / (high - low)
        return 1 - (self.levels[right - 1] + share * (self.levels[right] - self.levels[right - 1]))


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Whether anything is asked at all, of a workload that is mostly idle and has nothing to do now.

    `lead` is P of demand in the window of one step that begins when a pod decided now could be ready, `soon` in the
    model's step in which that window begins; `back` has
    (steps from now, P that demand has come by then), rising, whole steps apart, up to the end of that window.
    """

    step_seconds: float
    soon: float
    lead: float
    back: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Spell:
    """Demand in a spell of so many `seconds`, one value for all of it; `served`: a pod decided now could be there."""

    seconds: float
    demand: Quantiles
    served: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of one workload.

    `lead` is the largest demand in the window that begins when a pod decided now could be ready; `hold` the largest
    demand from now until a pod removed now could be back; `horizons` the demand at fixed distances in seconds;
    `arrivals` is None where demand is no question of whether, but of how much; `model` is who says so. `spells` follow
    one another from now until a pod decided now has been there for twice as long as its start took.
    """

    lead_seconds: float
    lead: Quantiles
    hold: Quantiles
    horizons: tuple[tuple[float, Quantiles], ...] = field(default=())
    arrivals: Arrivals | None = None
    model: str = "Fleet"
    spells: tuple[Spell, ...] = ()
