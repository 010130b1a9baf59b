"""Which nodes pods are to leave, and where the pods of a node that is too full may go.

| a node                                              | its pods                                                    |
|-----------------------------------------------------|-------------------------------------------------------------|
| is not ready, or silent                             | stay: nobody knows whether they run; no mass action         |
| is cordoned                                         | all leave                                                   |
| has a taint by which it is drained, not tolerated   | all leave                                                   |
| is used above `migrateAbove` of its pool            | one leaves, and then the next while it still is             |
| otherwise                                           | stay                                                        |

    used = max over cpu, memory and pods of requests / allocatable; what is only kept warm makes no node too full
    calm = a node of the pool that stays GAIN below `migrateAbove` with the pod on it, all warmth but room counted

So what moved makes no other node too full, and does not come back unless demand moves by GAIN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgewarm.model.amounts import Amounts, less, total
from edgewarm.model.constraints import Constraints
from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.rungs import RungName
from edgewarm.model.workload import Node, Pod
from edgewarm.pools.barriers import untolerated
from edgewarm.pools.expected import share

GAIN = 0.1
DRAINING = frozenset(
    {
        "node.kubernetes.io/unschedulable",
        "node.kubernetes.io/out-of-service",  # kubernetes.io/docs/concepts/cluster-administration/node-shutdown
        "ToBeDeletedByClusterAutoscaler",
        "karpenter.sh/disrupted",
    }
)


@dataclass(frozen=True)
class Loads:
    """What pods request of each node, by the node's name: those that work, and those that are only kept warm."""

    nodes: Mapping[str, Node]
    working: Mapping[str, Amounts]
    warm: Mapping[str, Amounts]

    def used(self, node: str) -> float:
        """The share of the node that working pods request."""
        return share(self.working.get(node, {}), self.nodes[node].allocatable)

    def used_with(self, node: str, asks: Amounts) -> float:
        """The share that is requested with one more pod, warmth counted."""
        all_of = total((self.working.get(node, {}), self.warm.get(node, {}), asks))
        return share(all_of, self.nodes[node].allocatable)

    def used_without(self, node: str, asks: Amounts) -> float:
        """The share of working pods once one of them is gone."""
        return share(less(self.working.get(node, {}), asks), self.nodes[node].allocatable)


def departure(node: Node | None, constraints: Constraints) -> str | None:
    """Why all pods with these constraints are to leave the node; None where they are not."""
    if node is None or not node.ready:
        return None
    if not node.schedulable:
        return "cordoned"
    taint = untolerated((taint for taint in node.taints if taint.key in DRAINING), constraints)
    return None if taint is None else f"taint {taint}"


def departures(names: Iterable[str], nodes: Mapping[str, Node], constraints: Constraints) -> Mapping[str, str]:
    """Those of the named nodes that all pods with these constraints are to leave, and why."""
    found = {name: departure(nodes.get(name), constraints) for name in names}
    return {name: why for name, why in found.items() if why is not None}


def loads(nodes: Iterable[Node], pods: Iterable[Pod]) -> Loads:
    """Of all nodes; placeholders hold nothing, since they give way to any pod."""
    known = {node.name: node for node in nodes}
    working: dict[str, list[Amounts]] = {}
    warm: dict[str, list[Amounts]] = {}
    for pod in pods:
        rung = pod.labels.get(RUNG_LABEL)
        if pod.node in known and pod.holds_room and rung != RungName.NODE_ROOM:
            (working if rung is None else warm).setdefault(pod.node, []).append(pod.asks)
    return Loads(known, _sums(working), _sums(warm))


def too_full(above: float, members: Iterable[str], found: Loads) -> Mapping[str, float]:
    """The ready, schedulable nodes among `members` that are used above the threshold, and how far."""
    used = {name: found.used(name) for name in members if _serves(found.nodes.get(name))}
    return {name: level for name, level in used.items() if level > above}


def calm(above: float, members: Iterable[str], found: Loads, asks: Amounts) -> frozenset[str]:
    """The nodes among `members` that a pod may be moved to."""
    able = (name for name in members if _serves(found.nodes.get(name)))
    return frozenset(name for name in able if found.used_with(name, asks) <= above - GAIN)


def _serves(node: Node | None) -> bool:
    return node is not None and node.ready and node.schedulable


def _sums(amounts: Mapping[str, list[Amounts]]) -> Mapping[str, Amounts]:
    return {name: total(every) for name, every in amounts.items()}
