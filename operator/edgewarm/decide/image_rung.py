"""On which nodes a workload's images are worth holding.

    tau = kappa / (1 + kappa) of rung Image on the ladder          (decide.rungs: K from measured stages, H its price)
    A_r = p90 of Image, Data, Start and Ready, cold, plus a pass;  W = the rung's ttl
    a node is wanted if P(its need >= 1 within A_r + W) >= 1 - tau'  <=>  its demand at level tau is above 0

| demand is told by node | wanted                                                                              |
|------------------------|-------------------------------------------------------------------------------------|
| yes                    | each node whose demand at level tau, largest within A_r + W, needs a pod            |
| no                     | those that run a pod of it, and one for each pod that the need at level tau has     |
|                        | more, in the order in which the scheduler is likely to take them                    |

A forecast that is not trusted wants no node: what runs there has its image anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgewarm.decide.leads import spared_minutes
from edgewarm.decide.newsvendor import held
from edgewarm.decide.rungs import Rung, margins
from edgewarm.model.quantiles import Quantiles
from edgewarm.model.stages import Stage

ASSUMED_SECONDS: Mapping[Stage, float] = {Stage.IMAGE: 30.0, Stage.START: 2.0, Stage.READY: 10.0}
"""Of a stage that was never measured, and of which no image size tells anything: 250 MB at 8 MB/s, a container's
start, and the first success of a probe that asks every ten seconds."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Holding costs in idle pods: of a standby (None: the policy has none) and of a node's image."""

    image: float
    standby: float | None = None


def image_level(
    p50: Mapping[Stage, float], prices: Prices, kappa: float, hold_minutes: float, highest: float
) -> float | None:
    """tau of the rung Image, capped at `highest`; None where a dearer rung spares so much more that it replaces it."""
    known = {**ASSUMED_SECONDS, **p50}
    image, whole = spared_minutes(known, Stage.IMAGE), spared_minutes(known, Stage.READY)
    rungs = [Rung("Image", image, prices.image, hold_minutes), Rung("Replica", whole + 1e-3, 1.0)]
    if prices.standby is not None:
        rungs.append(Rung("Standby", whole, prices.standby))
    found = next((margin for margin in margins(rungs, kappa) if margin.rung.name == "Image"), None)
    return None if found is None else found.level(highest)


def wanted_by_demand(demand: Mapping[str, Quantiles], level: float, per_pod: float) -> frozenset[str]:
    """Nodes whose own demand needs a pod."""
    return frozenset(node for node, quantiles in demand.items() if held(quantiles, level, per_pod) >= 1)


def wanted_by_placement(count: int, running: Mapping[str, int], likeliest: Sequence[str]) -> frozenset[str]:
    """The nodes on which `count` pods are expected: `running` has pods by node, `likeliest` the nodes in order.

    >>> sorted(wanted_by_placement(4, {"a": 2}, ["c", "a", "b", "d"]))
    ['a', 'b', 'c']
    """
    missing = max(0, count - sum(running.values()))
    others = [node for node in likeliest if node not in running][:missing]
    return frozenset(running) & frozenset(likeliest) | frozenset(others)
