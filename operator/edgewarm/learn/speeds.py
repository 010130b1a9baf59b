"""How fast images come to a node: bytes/s of earlier pulls there, and of all nodes together.

The size is what the runtime counts (containerd: the compressed layers), as in node.status.images, so that size / speed
is in the seconds of that runtime. Pulls of less than a megabyte measure round trips, not a rate, and do not count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgewarm.model.stages import Pull

LEAST_BYTES = 1_000_000
KEPT = 20
MOST_NODES = 5000


@dataclass(frozen=True, slots=True)
class Speeds:
    """Bytes/s of the last pulls, oldest first, by node and of all."""

    nodes: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    whole: tuple[float, ...] = ()

    def add(self, pull: Pull) -> Speeds:
        """One more pull; one of nothing or in no time is no measurement."""
        if pull.size is None or pull.size < LEAST_BYTES or pull.moving <= 0:
            return self
        speed = pull.size / pull.moving
        nodes = dict(self.nodes)
        nodes[pull.node] = (*nodes.pop(pull.node, ()), speed)[-KEPT:]
        if len(nodes) > MOST_NODES:
            del nodes[next(iter(nodes))]
        return replace(self, nodes=nodes, whole=(*self.whole, speed)[-KEPT:])

    def seconds(self, size: float, level: float, node: str = "") -> float | None:
        """How long `size` bytes take in `level` of all cases, on one node or (without one) on any; None if unknown."""
        speed = self.bytes_per_second(level, node)
        return None if speed is None else size / speed

    def bytes_per_second(self, level: float, node: str = "") -> float | None:
        """The speed that is exceeded in `level` of all cases."""
        speeds = self.nodes.get(node, ()) if node else self.whole
        if not speeds:
            return None
        ordered = sorted(speeds, reverse=True)  # the time of a level is the size at the speed of the same rank
        return ordered[min(len(ordered) - 1, math.ceil(level * (len(ordered) - 1)))]
