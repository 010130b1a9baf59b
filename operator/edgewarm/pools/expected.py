"""How full a node is expected to be one lead time ahead, from demand by node.

    expected = max over cpu, memory and pods of
               (requests of the other pods there + sum over workloads of pods needed there x requests) / allocatable

Pods needed are the median of demand there by what one pod serves, not rounded: a node is seldom asked for whole pods.
A node that no workload's demand names has no forecast.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgewarm.model.amounts import CPU, MEMORY, PODS, Amounts, scaled, total
from edgewarm.model.workload import Node, Pod, Workload


@dataclass(frozen=True)
class NodeDemand:
    """The pods that a workload will need, by node."""

    workload: Workload
    pods: Mapping[str, float]

    def has(self, pod: Pod) -> bool:
        """Is it one of the workload's?"""
        return pod.key.namespace == self.workload.namespace and self.workload.selector.matches(pod.labels)


def expected_utilization(
    nodes: Iterable[Node], pods: Iterable[Pod], demands: Iterable[NodeDemand]
) -> Mapping[str, float]:
    """By name of the node, for those that some demand names."""
    known = tuple(demands)
    named = {name for demand in known for name in demand.pods}
    held: dict[str, list[Amounts]] = {name: [] for name in named}
    for pod in pods:
        if pod.node in held and pod.holds_room and not any(demand.has(pod) for demand in known):
            held[pod.node].append(pod.asks)
    for demand in known:
        for name, count in demand.pods.items():
            held[name].append(scaled(demand.workload.asks, count))
    return {node.name: share(total(held[node.name]), node.allocatable) for node in nodes if node.name in held}


def share(used: Amounts, whole: Amounts) -> float:
    """The largest share of cpu, memory or pods."""
    shares = (used.get(name, 0.0) / whole[name] for name in (CPU, MEMORY, PODS) if whole[name] > 0)
    return max(shares, default=0.0)
