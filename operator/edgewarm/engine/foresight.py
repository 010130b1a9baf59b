"""What a rung may ask about demand further ahead than the replicas' lead time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edgewarm.learn.speeds import Speeds
from edgewarm.learn.stage_times import StageTimes
from edgewarm.model.identity import Split
from edgewarm.model.quantiles import Quantiles

Ahead = Callable[[float], Quantiles | None]
AheadBy = Callable[[Split, float], Mapping[str, Quantiles]]


def unknown(_: float) -> Quantiles | None:
    """Nothing is foreseen."""
    return None


def undivided(_: Split, seconds: float) -> Mapping[str, Quantiles]:
    """Demand is not told by labels."""
    return {}


@dataclass(frozen=True)
class Foresight:
    """`whole` and `by` answer with the largest demand from now until so many seconds ahead.

    `by` is by the values of one of demand.labels, in the unit of that series, of which one pod serves `per_pod`.
    `stages` are the measured starts of the workload, `speeds` those of pulls.
    """

    whole: Ahead = unknown
    by: AheadBy = undivided
    per_pod: float = 1.0
    stages: StageTimes = field(default_factory=StageTimes)
    speeds: Speeds = field(default_factory=Speeds)

    def nodes(self, seconds: float) -> Mapping[str, Quantiles]:
        """By node; {} where it is not told by node."""
        return self.by(Split.NODE, seconds)
