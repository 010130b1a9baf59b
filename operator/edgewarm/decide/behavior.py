"""HPA v2 `behavior`: stabilization windows and rate limits, with the semantics of the horizontal pod autoscaler.

    stabilized  = max of the recommendations in the down window when falling, min of those in the up window when rising
    period base = current - pods added + pods removed within the period
    rise limit  = base + value, or ceil(base x (1 + value %)); `Max` takes the largest, `Min` the least
    fall limit  = base - value, or floor(base x (1 - value %)); `Max` allows the largest fall

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from edgewarm.decide.situation import Change, Recommendation
from edgewarm.model.policy import Pace, RateLimit, RateUnit, Select


def stabilized(wanted: int, current: int, past: Iterable[Recommendation], now: float, up: Pace, down: Pace) -> int:
    """What the windows leave of `wanted`: a fall waits for the highest, a rise for the lowest recent recommendation."""
    past = tuple(past)
    highest = max([wanted, *(item.wanted for item in _within(past, now, down.stabilization_seconds))])
    lowest = min([wanted, *(item.wanted for item in _within(past, now, up.stabilization_seconds))])
    if wanted < current:
        return min(current, highest)
    if wanted > current:
        return max(current, lowest)
    return wanted


def _within(past: Iterable[Recommendation], now: float, seconds: float) -> list[Recommendation]:
    return [item for item in past if now - item.at < seconds]


def highest_allowed(current: int, changes: Iterable[Change], now: float, pace: Pace) -> int:
    """The most pods that scaleUp allows now."""
    if pace.select is Select.DISABLED:
        return current
    limits = [_raised(_base(current, changes, now, limit.period_seconds), limit) for limit in pace.limits]
    return max(current, _chosen(limits, pace.select, largest_change=max)) if limits else _UNLIMITED


def lowest_allowed(current: int, changes: Iterable[Change], now: float, pace: Pace) -> int:
    """The fewest pods that scaleDown allows now."""
    if pace.select is Select.DISABLED:
        return current
    limits = [_lowered(_base(current, changes, now, limit.period_seconds), limit) for limit in pace.limits]
    return min(current, _chosen(limits, pace.select, largest_change=min)) if limits else 0


_UNLIMITED = 2**31 - 1


def _chosen(limits: list[int], select: Select, largest_change: object) -> int:
    pick_largest = select is Select.MAX
    return max(limits) if (largest_change is max) == pick_largest else min(limits)


def _base(current: int, changes: Iterable[Change], now: float, period_seconds: float) -> int:
    """The count at the start of the period, before our own changes within it."""
    return current - sum(change.delta for change in changes if now - change.at < period_seconds)


def _raised(base: int, limit: RateLimit) -> int:
    if limit.unit is RateUnit.PODS:
        return base + limit.value
    return math.ceil(max(1, base) * (1 + limit.value / 100))  # or a workload at zero would never wake


def _lowered(base: int, limit: RateLimit) -> int:
    if limit.unit is RateUnit.PODS:
        return max(0, base - limit.value)
    return max(0, math.floor(base * (1 - limit.value / 100)))
