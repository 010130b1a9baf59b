"""Was it right? Pod-minutes against the shadow reactive answer, over model steps.

With R = ready pods of a shadow reactive answer on the same demand, per step:

    raised   = (ready - R)+              pods that only the forecast had warm
    used     = (min(need, ready) - R)+   of those, the ones that demand came for
    short    = (need - ready)+
    idle     = (ready - need)+
    promised = sum of P(need >= n) over the raised units n = R+1 .. ready

    precision = used / raised      recall = used / (used + short)      kept promise = used / promised
    cost = kappa short + idle      saving = 1 - cost / cost of the reactive answer
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

from edgewarm.model.decision import Outcome


@dataclass(frozen=True, slots=True)
class Step:
    """One model step: what was needed, what was ready, what the shadow reactive answer had ready; `minutes` long.

    `chances` has P(need >= n) of each raised unit n, as it was foretold; a unit that nothing was foretold of is absent.
    """

    need: int
    ready: int
    shadow_ready: int
    minutes: float
    chances: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums of pod-minutes. Adding two gives the sum of both; a tally can be resumed from the numbers in a status."""

    raised: float = 0.0
    used: float = 0.0
    short: float = 0.0
    idle: float = 0.0
    promised: float = 0.0
    shadow_short: float = 0.0
    shadow_idle: float = 0.0
    minutes: float = 0.0

    def __add__(self, other: Self) -> Tally:
        return Tally(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(Tally)))

    @classmethod
    def of(cls, step: Step) -> Tally:
        """The tally of one step."""
        above = max(0, step.ready - step.shadow_ready)
        used = max(0, min(step.need, step.ready) - step.shadow_ready)
        sums = (
            above,
            used,
            max(0, step.need - step.ready),
            max(0, step.ready - step.need),
            sum(step.chances.values()),
            max(0, step.need - step.shadow_ready),
            max(0, step.shadow_ready - step.need),
            1.0,
        )
        return cls(*(step.minutes * value for value in sums))

    @classmethod
    def of_units(cls, step: Step, before: int, after: int) -> Self:
        """The part of it that the units before + 1 .. after account for; shares of disjoint units add up."""
        low = max(before, step.shadow_ready)
        raised = range(low + 1, min(after, step.ready) + 1)
        used = range(low + 1, min(after, step.ready, step.need) + 1)
        promised = sum(step.chances.get(unit, 0.0) for unit in raised)
        minutes = step.minutes
        return cls(minutes * len(raised), minutes * len(used), promised=minutes * promised, minutes=minutes)

    def cost(self, kappa: float) -> float:
        """Idle pod-minutes, a short one counting kappa of them."""
        return kappa * self.short + self.idle

    def reactive_cost(self, kappa: float) -> float:
        return kappa * self.shadow_short + self.shadow_idle

    def saving(self, kappa: float) -> float | None:
        reactive = self.reactive_cost(kappa)
        return None if reactive == 0 else 1 - self.cost(kappa) / reactive

    @property
    def precision(self) -> float | None:
        return _ratio(self.used, self.raised)

    @property
    def recall(self) -> float | None:
        return _ratio(self.used, self.used + self.short)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; reported, never optimised."""
        p, r = self.precision, self.recall
        return None if p is None or r is None else _ratio(2 * p * r, p + r)

    @property
    def kept_promise(self) -> float | None:
        return _ratio(self.used, self.promised)

    def outcome(self, kappa: float) -> Outcome:
        """Of one decision, from the time its pods were ready until it was superseded."""
        if self.short > 0:
            return Outcome.MISS
        if self.raised == 0:
            return Outcome.NEUTRAL
        return Outcome.HIT if (1 + kappa) * self.used > self.raised else Outcome.FALSE_POSITIVE


def _ratio(part: float, whole: float) -> float | None:
    return None if whole == 0 else part / whole
