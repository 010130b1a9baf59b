"""Simulated capacity: what would be ready if a plan had been followed, each rise delayed by the lead time.

It stands in for the real pods in mode Observe, and for the shadow reactive answer that forecasts are judged against.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capacity:
    """`planned` pods asked for, `ready` of them serving, and the rises under way as (ready at, count) in time order."""

    planned: int
    ready: int
    starting: tuple[tuple[float, int], ...] = ()

    @classmethod
    def begun(cls, planned: int, ready: int, rest_ready_at: float) -> Capacity:
        """Where a simulation begins: what is ready now, and the rest of what was asked for still starting."""
        rest = planned - ready
        return cls(planned, min(planned, ready), ((rest_ready_at, rest),) if rest > 0 else ())

    def at(self, now: float) -> Capacity:
        """Starts that are due have become ready."""
        due = sum(count for ready_at, count in self.starting if ready_at <= now)
        left = tuple(item for item in self.starting if item[0] > now)
        return Capacity(self.planned, self.ready + due, left)

    def follow(self, now: float, wanted: int, lead_seconds: float) -> Capacity:
        """The plan changes: a rise starts pods, a fall removes the youngest starts first, then ready pods."""
        current = self.at(now)
        more = wanted - current.planned
        if more > 0:
            return Capacity(wanted, current.ready, (*current.starting, (now + lead_seconds, more)))
        starting = list(current.starting)
        surplus = -more
        while surplus and starting:
            ready_at, count = starting.pop()
            taken = min(count, surplus)
            surplus -= taken
            if count > taken:
                starting.append((ready_at, count - taken))
        return Capacity(wanted, current.ready - surplus, tuple(starting))
