"""What the replay says to the policy's author: last week in pod-hours and missed demand, a kappa, bounds.

kappa       = the smallest of those tried whose cold share is at most the wanted one, else the largest
minReplicas = p1 of the need of the whole trace
maxReplicas = p99.9 of the need of the whole trace, and a tenth more
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgewarm.replay.comparison import Comparison
from edgewarm.replay.costs import Cost, costs
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import Course

WEEK_SECONDS = 604_800.0
LOW_LEVEL, HIGH_LEVEL, RESERVE = 0.01, 0.999, 0.1


@dataclass(frozen=True)
class Advice:
    """Suggested numbers and the sentence of each rule."""

    kappa: float
    low: int
    high: int
    sentences: tuple[str, ...]


def advice(comparison: Comparison, cold_share: float) -> Advice:
    """From the kappas that were tried and the needs that were seen."""
    kappa, why = _kappa(comparison.our_costs, cold_share)
    low, high = _bounds(comparison.scene)
    bounds = (
        f"minReplicas {low} (p{100 * LOW_LEVEL:.0f} of the need), "
        f"maxReplicas {high} (p{100 * HIGH_LEVEL:.1f} of the need and {RESERVE:.0%} more)."
    )
    return Advice(kappa, low, high, (why, bounds))


def _kappa(found: Mapping[float, Cost], cold_share: float) -> tuple[float, str]:
    tried = ", ".join(f"{kappa:g}" for kappa in sorted(found))
    enough = [kappa for kappa, cost in sorted(found.items()) if cost.cold_share <= cold_share]
    if enough:
        among = f"the smallest of those tried ({tried})" if len(found) > 1 else "the only one tried"
        return enough[0], f"kappa {enough[0]:g}: {among}, at most {cold_share:.2%} of demand met no ready pod."
    most = max(found)
    missed = f"{found[most].cold_share:.2%} of demand met no ready pod"
    return most, f"kappa above {most:g} (tried: {tried}): even then {missed}, more than the wanted {cold_share:.2%}."


def _bounds(scene: Scene) -> tuple[int, int]:
    need = scene.need[scene.known]
    high = math.ceil(float(np.quantile(need, HIGH_LEVEL)) * (1 + RESERVE) - 1e-9)
    least = min(1, scene.bounds.low)  # zero is suggested only where it is allowed
    return max(least, int(np.quantile(need, LOW_LEVEL))), max(1, high)


@dataclass(frozen=True)
class LastWeek:
    """What the last seven days of the test span, or all of it, cost under a policy; `price` is that of a pod-hour."""

    days: float
    kappa: float
    cost: Cost
    price: float | None = None

    @property
    def money(self) -> Mapping[str, float] | None:
        """The bill for all pods, the part of it for idle ones, and what those missing cost, kappa for a pod-minute."""
        if self.price is None:
            return None
        hours = {"held": self.cost.held, "idle": self.cost.idle, "shortage": self.kappa * self.cost.short}
        return {name: minutes / 60 * self.price for name, minutes in hours.items()}

    @property
    def sentence(self) -> str:
        """ "Last week with this policy would have cost X and missed Y"."""
        cost, money = self.cost, self.money
        when = "Last week" if self.days >= 6.99 else f"The last {self.days:.1f} days"
        bill, worth = "", ""
        if money is not None:
            bill = f" ({money['held']:,.2f} at {self.price:g} each, {money['idle']:,.2f} of it idle)"
            worth = f", worth {money['shortage']:,.2f}"
        return (
            f"{when} with this policy (kappa {self.kappa:g}) would have cost {cost.pod_hours:,.0f} pod-hours{bill} "
            f"and missed {cost.cold_share:.2%} of demand, in {cost.violation_minutes:,.0f} minutes{worth}."
        )


def last_week(scene: Scene, kappa: float, course: Course, pod_hour_price: float | None = None) -> LastWeek:
    """Of one policy's course."""
    begin = max(scene.begin, scene.rows - scene.steps(WEEK_SECONDS))
    (cost,) = costs(scene, course, begin)
    return LastWeek((scene.rows - begin) * scene.step_seconds / 86_400, kappa, cost, pod_hour_price)
