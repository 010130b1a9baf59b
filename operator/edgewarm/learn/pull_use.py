"""Whether images that were pulled ahead were used: by a pod that became Ready on their node while they were held.

| the node                                | counts as                                        |
|-----------------------------------------|--------------------------------------------------|
| has a pull that has just ended          | pulled                                           |
| ... and a pod of the workload starts    | used, once                                       |
| ... and is given up without one         | unused                                           |
| had its pull before this operator began | its use counts, its pull was counted in its time |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class PullUse:
    """`held` are the nodes with a pull that has ended, and whether it was used; the rest are counts."""

    held: Mapping[str, bool] = field(default_factory=dict)
    pulled: int = 0
    used: int = 0
    unused: int = 0
    begun: bool = False

    def seen(self, nodes: Collection[str]) -> PullUse:
        """The nodes that hold one now; the first time they are taken as they are."""
        new = [node for node in nodes if node not in self.held]
        gone = [node for node in self.held if node not in nodes]
        wasted = sum(not self.held[node] for node in gone)
        held = {node: self.held.get(node, False) for node in nodes}
        pulled = self.pulled + (len(new) if self.begun else 0)
        return replace(self, held=held, pulled=pulled, unused=self.unused + wasted, begun=True)

    def started(self, node: str) -> PullUse:
        """A pod of the workload became Ready there."""
        if self.held.get(node, True):
            return self
        return replace(self, held={**self.held, node: True}, used=self.used + 1)

    @property
    def totals(self) -> Mapping[str, int]:
        """By outcome, as the metric tells it."""
        return {"pulled": self.pulled, "used": self.used, "unused": self.unused}
