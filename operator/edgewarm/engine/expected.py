"""On which nodes of its pool pods of a workload are expected, at a level and within a time: for rungs held by node."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from edgewarm.decide.image_rung import wanted_by_demand, wanted_by_placement
from edgewarm.decide.newsvendor import held
from edgewarm.engine.parts import OTHER
from edgewarm.engine.rungs import RungSituation
from edgewarm.engine.sites import Sites, likeliest, running_pods
from edgewarm.model.identity import Part
from edgewarm.model.quantiles import Quantiles
from edgewarm.model.workload import Node


@dataclass(frozen=True)
class Expectation:
    """What is foreseen within `seconds`: demand as a whole, and by node where it is told by node."""

    situation: RungSituation
    nodes: Mapping[str, Node]
    seconds: float
    whole: Quantiles

    def on(self, sites: Sites, level: float, held_on: Collection[str]) -> tuple[frozenset[str], str]:
        """The nodes where P(a pod is needed) is above 1 - level, and how that is known."""
        foresight = self.situation.foresight
        by_node = foresight.nodes(self.seconds)
        if by_node:
            return wanted_by_demand(by_node, level, foresight.per_pod) & self.nodes.keys(), "demand is told by node"
        count = held(self.whole, level, self.situation.policy.capacity_per_pod)
        order = likeliest(self.nodes, sites.load(self.situation.view), held_on)
        found = wanted_by_placement(count, running_pods(self.situation), order)
        return frozenset(found), f"{count} pods are expected at most"


def is_asked(situation: RungSituation, kinds: Sequence[Part], level: float, seconds: float) -> bool:
    """P(a pod is needed for it) is above 1 - level for each of the kinds of requests.

    That is more than for all of them at once, or on one node, of which nothing is known. A kind that is pooled with
    others is as likely as all of these together.
    """
    for kind in kinds:
        told = situation.foresight.by(kind.by, seconds)
        demand = told.get(kind.value) or told.get(OTHER)
        if demand is None or held(demand, level, situation.foresight.per_pod) < 1:
            return False
    return True


def is_limited(situation: RungSituation) -> bool:
    """The forecast is shown, not acted on."""
    sure, policy = situation.situation.confidence, situation.policy
    return sure is not None and sure < policy.least_confidence(situation.situation.learned_threshold)
