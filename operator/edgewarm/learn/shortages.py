"""Episodes of shortage: each is one miss, with the cause that stood at its beginning and its pod-minutes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class MissCause(StrEnum):
    """Why pods were short."""

    FORECAST = "Forecast"  # demand rose above the held quantile, or earlier than foreseen
    BOUND = "Bound"  # a bound, schedule maximum, rate limit or pause held the number down
    BLIND = "Blind"  # demand was unknown when it mattered
    DISTURBANCE = "Disturbance"  # enough pods were asked for in time, but they were not ready


@dataclass(frozen=True, slots=True)
class Shortages:
    """How many episodes there were, and the cause of the one that is open (None: no shortage now)."""

    episodes: int = 0
    cause: MissCause | None = None

    def see(self, short: float, cause: MissCause) -> Shortages:
        """One model step: a shortage opens an episode or continues it, enough pods close it."""
        if short <= 0:
            return replace(self, cause=None)
        return self if self.cause is not None else Shortages(self.episodes + 1, cause)
