"""The status of an EdgeNodePool from what its nodes have and what their pods request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgewarm.manifests.condition import conditions
from edgewarm.manifests.text import cpu_quantity, memory_quantity, percent, present
from edgewarm.model.conditions import Condition
from edgewarm.pools.use import PoolUse, Resources


@dataclass(frozen=True, slots=True)
class PoolReport:
    """All that a pool's status says."""

    generation: int
    conditions: tuple[Condition, ...]
    reason: str
    use: PoolUse


def pool_status(report: PoolReport) -> dict[str, Any]:
    """The value of `status`."""
    use, share = report.use, report.use.utilization
    return present(
        observedGeneration=report.generation,
        conditions=conditions(report.conditions),
        reason=report.reason,
        nodes=use.nodes,
        readyNodes=use.ready_nodes,
        capacity=_resources(use.capacity),
        requested=_resources(use.requested),
        utilization=None if share is None else percent(share),
    )


def _resources(amounts: Resources) -> dict[str, Any]:
    return {
        "cpu": cpu_quantity(amounts.cpu_cores),
        "memory": memory_quantity(amounts.memory_bytes),
        "pods": amounts.pods,
    }
