"""What a rung may ask about demand further ahead than the replicas' lead time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edgewarm.learn.speeds import Speeds
from edgewarm.learn.stage_times import StageTimes
from edgewarm.model.quantiles import Quantiles

Ahead = Callable[[float], Quantiles | None]
AheadByNode = Callable[[float], Mapping[str, Quantiles]]


def unknown(_: float) -> Quantiles | None:
    """Nothing is foreseen."""
    return None


def undivided(_: float) -> Mapping[str, Quantiles]:
    """Demand is not told by node."""
    return {}


@dataclass(frozen=True)
class Foresight:
    """`whole` and `nodes` answer with the largest demand from now until so many seconds ahead.

    `nodes` is by the node that demand.labels.node names, in the unit of that series, of which one pod serves `per_pod`.
    `stages` are the measured starts of the workload, `speeds` those of pulls.
    """

    whole: Ahead = unknown
    nodes: AheadByNode = undivided
    per_pod: float = 1.0
    stages: StageTimes = field(default_factory=StageTimes)
    speeds: Speeds = field(default_factory=Speeds)
