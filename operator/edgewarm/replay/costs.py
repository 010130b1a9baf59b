"""What a course cost: pods that waited for demand, and demand that waited for pods.

    idle  = sum (held - min(need, ready)) minutes       held = ready + starting pods = what is wanted
    short = sum (need - ready)+ minutes
    cost  = idle + kappa short                          in idle pod-minutes
    cold share = sum (demand - ready x capacity)+ / sum demand

over the rows of the test span whose demand is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import Course


@dataclass(frozen=True)
class Cost:
    """Sums over the test span. Pod-minutes, but for `cold_share` (of demand), `minutes` and `starts` (pods).

    `held` is what a bill would show, `needed` the least that would have served.
    """

    idle: float
    short: float
    held: float
    needed: float
    cold_share: float
    starts: float
    violation_minutes: float
    minutes: float

    def total(self, kappa: float) -> float:
        """Idle pod-minutes, a short one counting kappa of them."""
        return self.idle + kappa * self.short

    def per_needed(self, kappa: float) -> float:
        """The cost of one pod-minute that was needed; all of it where none was."""
        return self.total(kappa) / (self.needed or 1.0)

    @property
    def idle_per_needed(self) -> float:
        return self.idle / (self.needed or 1.0)

    @property
    def starts_per_hour(self) -> float:
        return 60 * self.starts / (self.minutes or 1.0)

    @property
    def pod_hours(self) -> float:
        return self.held / 60


def costs(scene: Scene, course: Course, begin: int | None = None) -> list[Cost]:
    """One per column of the course; from row `begin` on, else over the whole test span."""
    span = slice(scene.begin if begin is None else begin, scene.rows)
    known, minutes = scene.known[span, None], scene.step_seconds / 60
    need, ready, held = scene.need[span, None], course.ready[span], course.wanted[span]
    demand = np.where(known, scene.trace.values[span, None], 0.0)
    short = np.where(known, np.maximum(need - ready, 0), 0)
    idle = np.where(known, held - np.minimum(need, ready), 0)
    cold = np.maximum(demand - ready * scene.capacity, 0.0).sum(axis=0) / (float(demand.sum()) or 1.0)
    rises = np.maximum(np.diff(course.wanted[max(0, span.start - 1) :], axis=0), 0).sum(axis=0)
    columns: list[FloatArray] = [
        minutes * idle.sum(axis=0),
        minutes * short.sum(axis=0),
        minutes * np.where(known, held, 0).sum(axis=0),
        np.full(ready.shape[1], minutes * float(np.where(known, need, 0).sum())),
        cold,
        rises,
        minutes * (short > 0).sum(axis=0),
        np.full(ready.shape[1], minutes * float(known.sum())),
    ]
    return [Cost(*(float(value) for value in column)) for column in zip(*columns, strict=True)]
