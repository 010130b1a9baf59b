"""The status of an EdgeNodePool from what its nodes have and what their pods request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgewarm.manifests.condition import conditions
from edgewarm.manifests.text import cpu_quantity, memory_quantity, percent, present
from edgewarm.model.conditions import Condition


@dataclass(frozen=True, slots=True)
class Resources:
    """What nodes give to pods, or what pods ask of nodes."""

    cpu_cores: float = 0.0
    memory_bytes: float = 0.0
    pods: int = 0

    def share_of(self, whole: Resources) -> float | None:
        """The largest share over the three; None where `whole` has nothing of any."""
        pairs = ((self.cpu_cores, whole.cpu_cores), (self.memory_bytes, whole.memory_bytes), (self.pods, whole.pods))
        return max((part / total for part, total in pairs if total > 0), default=None)


@dataclass(frozen=True, slots=True)
class PoolReport:
    """All that a pool's status says; `capacity` and `requested` are about the ready nodes."""

    generation: int
    conditions: tuple[Condition, ...]
    reason: str
    nodes: int
    ready_nodes: int
    capacity: Resources
    requested: Resources


def pool_status(report: PoolReport) -> dict[str, Any]:
    """The value of `status`."""
    share = report.requested.share_of(report.capacity)
    return present(
        observedGeneration=report.generation,
        conditions=conditions(report.conditions),
        reason=report.reason,
        nodes=report.nodes,
        readyNodes=report.ready_nodes,
        capacity=_resources(report.capacity),
        requested=_resources(report.requested),
        utilization=None if share is None else percent(share),
    )


def _resources(amounts: Resources) -> dict[str, Any]:
    return {
        "cpu": cpu_quantity(amounts.cpu_cores),
        "memory": memory_quantity(amounts.memory_bytes),
        "pods": amounts.pods,
    }
