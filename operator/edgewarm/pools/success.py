"""How many requests find a place, over the last hour.

    rate = granted / asked, both fading with exp(-age / hour)

What a slow-down puts off is not counted, since it is asked again; what is refused again counts again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from edgewarm.pools.placement import Answer, Placed, Refusal

WINDOW_SECONDS = 3600.0
TARGET = 0.9
"""Below it the pool's condition AllocationSucceeds is False."""
LEAST_ASKED = 5.0
"""With fewer requests than this there is no rate to speak of."""


@dataclass(frozen=True, slots=True)
class Success:
    """Faded counts at one moment."""

    at: float = 0.0
    asked: float = 0.0
    granted: float = 0.0

    def seen(self, answers: Iterable[Answer], now: float) -> Success:
        """With the answers of one pass."""
        fade = math.exp(-max(0.0, now - self.at) / WINDOW_SECONDS)
        counted = [one for one in answers if isinstance(one, Placed) or one.reason is not Refusal.SLOWED]
        granted = sum(isinstance(one, Placed) for one in counted)
        return Success(now, self.asked * fade + len(counted), self.granted * fade + granted)

    @property
    def rate(self) -> float | None:
        """Granted of asked; None with too few requests."""
        return None if self.asked < LEAST_ASKED else self.granted / self.asked
