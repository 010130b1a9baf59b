"""Room that is left for one more pod of a kind, and the pods that wait for room.

    slots = sum over nodes of min over cpu, memory and pods of floor(free / request)

Only ready, schedulable nodes that the pod's nodeSelector matches count; pods that wait for a node are placed first,
each where most is free, since they come before anything that is only kept warm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edgewarm.model.prices import PodRequests
from edgewarm.model.workload import Node, Pod

ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Free:
    """What is left on a node: cores, bytes, pods. Below 0 where more is promised than there is."""

    cpu_cores: float
    memory_bytes: float
    pods: int

    def less(self, cpu_cores: float, memory_bytes: float, pods: int = 1) -> Free:
        return Free(self.cpu_cores - cpu_cores, self.memory_bytes - memory_bytes, self.pods - pods)

    def holds(self, cpu_cores: float, memory_bytes: float) -> bool:
        return self.slots(cpu_cores, memory_bytes) > 0

    def slots(self, cpu_cores: float, memory_bytes: float) -> int:
        """How many pods with these requests fit; what is not requested limits nothing."""
        counts = [float(self.pods)]
        if cpu_cores > 0:
            counts.append(self.cpu_cores / cpu_cores + ROUNDING)
        if memory_bytes > 0:
            counts.append(self.memory_bytes / memory_bytes + ROUNDING)
        return max(0, math.floor(min(counts)))


@dataclass(frozen=True)
class Room:
    """The free room of every ready, schedulable node, the nodes' labels, and who waits or could be pushed out."""

    free: Mapping[str, Free] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    waiting: tuple[Pod, ...] = ()
    lowest: Mapping[str, int] = field(default_factory=dict)  # lowest priority of the pods on each node

    def nodes(self, selector: Mapping[str, str]) -> tuple[str, ...]:
        """The nodes that a nodeSelector matches."""
        wanted = selector.items()
        return tuple(name for name, labels in self.labels.items() if wanted <= labels.items())

    def slots(self, request: PodRequests, selector: Mapping[str, str]) -> int:
        """Pods with these requests that fit after all that wait for room have found it."""
        left = {name: self.free[name] for name in self.nodes(selector)}
        for pod in self.waiting:
            able = [name for name, free in left.items() if free.holds(pod.cpu_cores, pod.memory_bytes)]
            if able:
                chosen = max(able, key=lambda name: left[name].cpu_cores)
                left[chosen] = left[chosen].less(pod.cpu_cores, pod.memory_bytes)
        return sum(free.slots(request.cpu_cores, request.memory_bytes) for free in left.values())

    def could_push_out(self, priority: int, selector: Mapping[str, str]) -> bool:
        """Whether a pod of this priority, finding no room, would have others to push out."""
        return any(self.lowest.get(name, priority) < priority for name in self.nodes(selector))


def room(nodes: Iterable[Node], pods: Iterable[Pod]) -> Room:
    """The room now; finished pods hold none."""
    able = {node.name: node for node in nodes if node.ready and node.schedulable}
    free = {name: Free(node.cpu_cores, node.memory_bytes, node.pods) for name, node in able.items()}
    lowest: dict[str, int] = {}
    waiting = []
    for pod in pods:
        if pod.phase in ("Succeeded", "Failed"):
            continue
        if pod.node in free:
            free[pod.node] = free[pod.node].less(pod.cpu_cores, pod.memory_bytes)
            lowest[pod.node] = min(lowest.get(pod.node, pod.priority), pod.priority)
        elif pod.unschedulable_since is not None and not pod.deleting:
            waiting.append(pod)
    return Room(free, {name: node.labels for name, node in able.items()}, tuple(waiting), lowest)
