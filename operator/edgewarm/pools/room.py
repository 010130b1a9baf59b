"""Room that is left for one more pod of a kind, and the pods that wait for room.

    slots = sum over nodes of min over cpu, memory and pods of floor(free / request)

Only ready, schedulable nodes count whose taints the pod tolerates and that its node selector and affinity take; pods
that wait for a node are placed first, each where most is free, since they come before anything that is only kept warm.
`pools.survey` knows more (spread, pods that keep off each other, every resource) and is asked where a node is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from edgewarm.model.constraints import Constraints
from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.prices import PodRequests
from edgewarm.model.rungs import RungName
from edgewarm.model.workload import Node, Pod
from edgewarm.pools.barriers import affine, untolerated

ROUNDING = 1e-6
ANYWHERE = Constraints()


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
    """The free room of every ready, schedulable node, the nodes, and who waits or could be pushed out."""

    free: Mapping[str, Free] = field(default_factory=dict)
    able: Mapping[str, Node] = field(default_factory=dict)
    waiting: tuple[Pod, ...] = ()
    lowest: Mapping[str, int] = field(default_factory=dict)  # lowest priority on each node, without our own pods

    def nodes(self, constraints: Constraints) -> tuple[str, ...]:
        """The nodes that such a pod may run on."""
        return tuple(name for name, node in self.able.items() if _takes(node, constraints))

    def slots(self, request: PodRequests, constraints: Constraints) -> int:
        """Pods with these requests that fit after all that wait for room have found it."""
        left = dict(self.free)
        for pod in self.waiting:
            names = self.nodes(pod.constraints or ANYWHERE)
            able = [name for name in names if left[name].holds(pod.cpu_cores, pod.memory_bytes)]
            if able:
                chosen = max(able, key=lambda name: left[name].cpu_cores)
                left[chosen] = left[chosen].less(pod.cpu_cores, pod.memory_bytes)
        return sum(left[name].slots(request.cpu_cores, request.memory_bytes) for name in self.nodes(constraints))

    def without(self, pods: Iterable[Pod]) -> Room:
        """As if these pods were not there."""
        free = dict(self.free)
        for pod in pods:
            if pod.node in free:
                free[pod.node] = free[pod.node].less(-pod.cpu_cores, -pod.memory_bytes, -1)
        return replace(self, free=free)

    def with_cores(self, pods: Iterable[Pod], cpu_cores: float) -> tuple[Pod, ...]:
        """Those of the pods, in their order, that their nodes have the room to give so many cores in all."""
        left, found = {name: free.cpu_cores for name, free in self.free.items()}, []
        for pod in pods:
            more = max(0.0, cpu_cores - pod.cpu_cores)
            if left.get(pod.node, -1.0) + ROUNDING >= more:
                left[pod.node] -= more
                found.append(pod)
        return tuple(found)

    def could_push_out(self, priority: int, constraints: Constraints) -> bool:
        """Whether a pod of this priority, finding no room, would have others to push out."""
        return any(self.lowest.get(name, priority) < priority for name in self.nodes(constraints))


def _takes(node: Node, constraints: Constraints) -> bool:
    selected = constraints.node_selector.matches(node.labels) and affine(node, constraints)
    return selected and untolerated(node.taints, constraints) is None


def room(nodes: Iterable[Node], pods: Iterable[Pod]) -> Room:
    """The room now; finished pods hold none, and placeholders give way to any pod."""
    able = {node.name: node for node in nodes if node.ready and node.schedulable}
    free = {name: Free(node.cpu_cores, node.memory_bytes, node.pods) for name, node in able.items()}
    lowest: dict[str, int] = {}
    waiting = []
    for pod in pods:
        if not pod.holds_room or pod.labels.get(RUNG_LABEL) == RungName.NODE_ROOM:
            continue
        if pod.node in free:
            free[pod.node] = free[pod.node].less(pod.cpu_cores, pod.memory_bytes)
            if RUNG_LABEL not in pod.labels:  # our own may be pushed out
                lowest[pod.node] = min(lowest.get(pod.node, pod.priority), pod.priority)
        elif pod.unschedulable_since is not None and not pod.deleting:
            waiting.append(pod)
    return Room(free, able, tuple(waiting), lowest)
