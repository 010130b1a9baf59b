"""How many nodes a pool has, what they can give and how much of it is requested."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgewarm.model.workload import Node, Pod, Selector


@dataclass(frozen=True, slots=True)
class Resources:
    """cpu in cores, memory in bytes, and a number of pods."""

    cpu_cores: float = 0.0
    memory_bytes: float = 0.0
    pods: int = 0


@dataclass(frozen=True, slots=True)
class PoolUse:
    """A pool at one moment; `capacity` is the allocatable of its ready, schedulable nodes, `requested` of its pods."""

    nodes: int
    ready_nodes: int
    capacity: Resources
    requested: Resources

    @property
    def utilization(self) -> float | None:
        """The largest share of any resource in use; None where no node is ready."""
        pairs = (
            (self.requested.cpu_cores, self.capacity.cpu_cores),
            (self.requested.memory_bytes, self.capacity.memory_bytes),
            (float(self.requested.pods), float(self.capacity.pods)),
        )
        shares = [used / whole for used, whole in pairs if whole > 0]
        return max(shares) if shares else None


def pool_use(selector: Selector, nodes: Iterable[Node], pods: Iterable[Pod]) -> PoolUse:
    """What the selected nodes have and hold; finished pods hold nothing."""
    members = {node.name: node for node in nodes if selector.matches(node.labels)}
    ready = [node for node in members.values() if node.ready and node.schedulable]
    able = {node.name for node in ready}  # what a cordoned node holds is no use of the room of the others
    holding = [pod for pod in pods if pod.node in able and pod.phase not in {"Succeeded", "Failed"}]
    return PoolUse(
        len(members),
        len(ready),
        Resources(sum(n.cpu_cores for n in ready), sum(n.memory_bytes for n in ready), sum(n.pods for n in ready)),
        Resources(sum(p.cpu_cores for p in holding), sum(p.memory_bytes for p in holding), len(holding)),
    )
