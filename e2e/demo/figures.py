"""What came of it, in numbers: computed from the true demand and the ready pods that were seen, once a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from controlplane.curves import Curve
from rig.recorder import Sample, need_at


@dataclass(frozen=True)
class Figures:
    """One arm: requests that found no warm pod, pod-minutes idle and short, and the worst shortage."""

    cold_requests: float
    cold_share: float
    idle_pod_minutes: float
    short_pod_minutes: float
    worst_shortage: int


def figures(samples: Sequence[Sample], curve: Curve, capacity: float) -> Figures:
    """Sums over consecutive samples; a request is cold where demand exceeds what the ready pods serve."""
    cold = requests = idle = short = 0.0
    worst = 0
    for sample, following in pairwise(samples):
        seconds = following.at - sample.at
        demand, need = curve.at(sample.at), need_at(curve, capacity, sample.at)
        requests += demand * seconds
        cold += max(0.0, demand - sample.ready * capacity) * seconds
        idle += max(0, sample.ready - need) * seconds / 60
        short += max(0, need - sample.ready) * seconds / 60
        worst = max(worst, need - sample.ready)
    return Figures(cold, cold / requests if requests else 0.0, idle, short, worst)
