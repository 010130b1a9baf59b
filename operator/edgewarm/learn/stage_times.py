"""Stages of a workload's starts, measured by node: p50 and p90 of each, with the fleet and the image's size to lean on.

What is asked of a node                        | is answered by
-----------------------------------------------|---------------------------------------------------------------
three starts or more there                     | those
fewer, Image, its size and the node's speed known | size / bytes/s of earlier pulls there, or longer if it was longer
fewer, starts elsewhere                        | the starts of all nodes, or longer if it was longer
none anywhere, Image, its size known           | size / bytes/s of all nodes
otherwise                                      | None

Room, an image or data that was found there is counted, but says nothing about how long it takes when it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgewarm.learn.lead_times import LeadTimes
from edgewarm.learn.speeds import Speeds
from edgewarm.model.stages import STAGES, Stage

FOUND_WITHIN: Mapping[Stage, float] = {Stage.SCHEDULING: 2.0, Stage.IMAGE: 0.0, Stage.DATA: 0.0}
"""Stages that a start is spared where what they bring is there already, and the seconds that they take then: a
placeholder is pushed out in one, by a clock that is cut to the second."""

FEW = 3
MOST_NODES = 100  # per stage; the one measured longest ago goes first
NOTHING = LeadTimes()


@dataclass(frozen=True, slots=True)
class StageTimes:
    """`whole` is by stage, `nodes` by stage and node, in the order of their last start.

    `warm` counts the starts that found room, image or data there. `image_bytes` is what the last pulls told of the
    images of one pod together.
    """

    whole: Mapping[Stage, LeadTimes] = field(default_factory=dict)
    nodes: Mapping[Stage, Mapping[str, LeadTimes]] = field(default_factory=dict)
    warm: Mapping[Stage, int] = field(default_factory=dict)
    image_bytes: float | None = None

    def add(self, node: str, seconds: Mapping[Stage, float], image_bytes: float | None = None) -> StageTimes:
        """One more start on `node`."""
        found = self if image_bytes is None else replace(self, image_bytes=image_bytes)
        for stage, took in seconds.items():
            if took <= FOUND_WITHIN.get(stage, -1.0):
                found = replace(found, warm={**found.warm, stage: found.warm.get(stage, 0) + 1})
            else:
                found = found._took(node, stage, took)
        return found

    def _took(self, node: str, stage: Stage, seconds: float) -> StageTimes:
        whole = self.whole.get(stage, NOTHING).add(seconds)
        cells = dict(self.nodes.get(stage, {}))
        cells[node] = cells.pop(node, NOTHING).add(seconds)
        if len(cells) > MOST_NODES:
            del cells[next(iter(cells))]
        return replace(self, whole={**self.whole, stage: whole}, nodes={**self.nodes, stage: cells})

    def quantile(self, stage: Stage, level: float, speeds: Speeds | None = None, node: str = "") -> float | None:
        """Seconds at p50 or p90, of a start on `node` or (without one) on any, that finds nothing there."""
        own = self.nodes.get(stage, {}).get(node, NOTHING)
        if len(own.seconds) >= FEW or (own.restored is not None and own.starts >= FEW):
            return own.quantile(level)
        base = self._base(stage, level, speeds or Speeds(), node)
        mine = own.quantile(level)
        return base if mine is None else max(mine, base or 0.0)

    def _base(self, stage: Stage, level: float, speeds: Speeds, node: str) -> float | None:
        size = self.image_bytes if stage is Stage.IMAGE else None
        there = None if size is None else speeds.seconds(size, level, node)
        if there is not None:
            return there
        pooled = self.whole.get(stage, NOTHING).quantile(level)
        return pooled if pooled is not None or size is None else speeds.seconds(size, level)

    def quantiles(self, level: float, speeds: Speeds | None = None, node: str = "") -> Mapping[Stage, float]:
        """Every stage that is known, in their order."""
        found = {stage: self.quantile(stage, level, speeds, node) for stage in STAGES}
        return {stage: seconds for stage, seconds in found.items() if seconds is not None}
