"""What the rungs that are planned by node ask of a view: how full its nodes are, and how large images are.

Each answer is made once per change of what it is made from, and shared by all policies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from edgewarm.engine.rungs import RungSituation
from edgewarm.learn.stage_times import StageTimes
from edgewarm.model.images import canonical
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Node, Pod

T = TypeVar("T")
UNPACKED = 3.0
"""Bytes on disk per byte that a node lists: the compressed layers, and what is unpacked of them."""
FULL = 0.8
"""Share of a node's ephemeral storage that images may take: kubelets collect from 85 % on."""


class _Kept(Generic[T]):
    """A value and what it was made from, by identity."""

    def __init__(self) -> None:
        self.source: object = None
        self.value: T


class Sites:
    """Answers about the nodes of one view at a time."""

    def __init__(self) -> None:
        self._sizes = _Kept[Mapping[str, int]]()
        self._load = _Kept[Mapping[str, float]]()
        self._readers = _Kept[Mapping[str, Sequence[Pod]]]()

    def load(self, view: ClusterView) -> Mapping[str, float]:
        """Node -> the largest share of its cpu, memory and pods that is requested, not counting our pull pods."""
        if self._load.source is not view.pods:
            self._load.source, self._load.value = view.pods, _shares(view)
        return self._load.value

    def readers(self, view: ClusterView, node: str) -> Sequence[Pod]:
        """The pods that run on `node` and mount images as volumes."""
        if self._readers.source is not view.pods:
            self._readers.source, self._readers.value = view.pods, _readers(view)
        return self._readers.value.get(node, ())

    def bytes_of(self, view: ClusterView, images: Sequence[str]) -> float | None:
        """The bytes of all of them, as any node lists them; None where one is listed nowhere."""
        sizes = [self._known(view).get(canonical(image)) for image in images]
        return None if None in sizes else float(sum(size or 0 for size in sizes))

    def known(self, view: ClusterView, images: Sequence[str]) -> bool:
        """Some node lists each of them, so they exist."""
        return self.bytes_of(view, images) is not None

    def sized(self, view: ClusterView, times: StageTimes, images: Sequence[str]) -> StageTimes:
        """With the size that nodes list, which is newer than that of the last pull."""
        size = self.bytes_of(view, images)
        return times if size is None else replace(times, image_bytes=size)

    def _known(self, view: ClusterView) -> Mapping[str, int]:
        if self._sizes.source is not view.nodes:
            found: dict[str, int] = {}
            for node in view.nodes.values():
                found.update(node.images.sizes)
            self._sizes.source, self._sizes.value = view.nodes, found
        return self._sizes.value


def disk_guard(node: Node, more: float) -> str:
    """Why `more` bytes of images may not come onto the node's disk; empty where they may."""
    if node.disk_pressure:
        return "its disk is under pressure"
    if node.disk_bytes and UNPACKED * (node.images.total + more) > FULL * node.disk_bytes:
        return "its disk would be too full"
    return ""


def likeliest(nodes: Mapping[str, Node], load: Mapping[str, float], held: Collection[str]) -> list[str]:
    """Node names in the order in which the scheduler takes them: those that hold something of the workload, then the
    least loaded (its ImageLocality, and NodeResourcesFit with LeastAllocated). So a choice, once made, stays."""
    return sorted(nodes, key=lambda name: (name not in held, load.get(name, 0.0), name))


def running_pods(situation: RungSituation) -> Mapping[str, int]:
    """The workload's pods by node, silent ones aside: those of its ReplicaSets, or its own."""
    view, uid = situation.view, situation.workload.uid
    owners = [uid, *(one.uid for one in view.replica_sets.get(uid, ()))]
    pods = [pod for owner in owners for pod in view.owned.get(owner, {}).values()]
    return Counter(pod.node for pod in situation.heard(pods) if pod.node and pod.is_active)


def _readers(view: ClusterView) -> Mapping[str, Sequence[Pod]]:
    found: dict[str, list[Pod]] = {}
    for pod in view.pods.values():
        if pod.mounts and pod.phase == "Running":
            found.setdefault(pod.node, []).append(pod)
    return found


def _shares(view: ClusterView) -> Mapping[str, float]:
    used: dict[str, tuple[float, float, int]] = {}
    for pod in view.pods.values():
        if pod.node and pod.pulling is None and pod.phase not in ("Succeeded", "Failed"):
            cpu, memory, count = used.get(pod.node, (0.0, 0.0, 0))
            used[pod.node] = (cpu + pod.cpu_cores, memory + pod.memory_bytes, count + 1)
    return {name: _largest(used.get(name, (0.0, 0.0, 0)), node) for name, node in view.nodes.items()}


def _largest(used: tuple[float, float, int], node: Node) -> float:
    """The largest share of any resource."""
    whole = (node.cpu_cores, node.memory_bytes, node.pods)
    return max((part / all_ for part, all_ in zip(used, whole, strict=True) if all_ > 0), default=0.0)
