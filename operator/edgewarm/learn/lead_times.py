"""Lead time of a replica, measured: from a pod's creation to its first Ready, p50 and p90 of the last starts.

Only first Readys seen live count, never an ex-standby. Quantiles are order statistics (the "higher" one), because a
promise rests on them: with fewer than ten starts the p90 is the longest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

KEPT = 50


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """`seconds` of the last starts, oldest first; `starts` counts all of them, also those before a restart.

    `restored` is the (p50, p90) that an earlier life of the operator measured; it counts until three starts are seen.
    """

    seconds: tuple[float, ...] = ()
    starts: int = 0
    restored: tuple[float, float] | None = None

    def add(self, seconds: float) -> LeadTimes:
        """One more start; a negative or endless one (clocks differ) is no measurement."""
        if not (math.isfinite(seconds) and seconds >= 0):
            return self
        return replace(self, seconds=(*self.seconds, seconds)[-KEPT:], starts=self.starts + 1)

    @property
    def measured(self) -> bool:
        return bool(self.seconds) or self.restored is not None

    def quantile(self, level: float) -> float | None:
        """Seconds at p50 or p90; None before anything was measured."""
        if self.restored is not None and len(self.seconds) < 3:
            return max(self.restored[0 if level <= 0.5 else 1], *self.seconds, 0.0)
        if not self.seconds:
            return None
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, math.ceil(level * (len(ordered) - 1)))]
