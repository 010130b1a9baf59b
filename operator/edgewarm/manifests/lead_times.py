"""The lead time of every stage of a start, as a policy's status tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgewarm.manifests.text import present
from edgewarm.model.stages import Stage


@dataclass(frozen=True, slots=True)
class NodeLead:
    """Quantiles of one stage on one node, in seconds."""

    name: str
    p50_seconds: float
    p90_seconds: float
    starts: int


@dataclass(frozen=True, slots=True)
class StageLead:
    """Quantiles of one stage on all nodes, in seconds, and of the nodes that differ most from them.

    `ahead_seconds` is what begins with this stage and ends with a serving pod; `warm_starts` found nothing to do.
    """

    stage: Stage
    p50_seconds: float
    p90_seconds: float
    ahead_seconds: float
    starts: int
    warm_starts: int = 0
    nodes: tuple[NodeLead, ...] = ()


def lead_times(leads: Sequence[StageLead]) -> list[dict[str, Any]] | None:
    """The value of `status.leadTimes`; None, where nothing was measured, leaves it out."""
    return [_stage(lead) for lead in leads] or None


def _stage(lead: StageLead) -> dict[str, Any]:
    return present(
        stage=lead.stage.value,
        p50Seconds=round(lead.p50_seconds),
        p90Seconds=round(lead.p90_seconds),
        aheadSeconds=round(lead.ahead_seconds),
        starts=lead.starts,
        warmStarts=lead.warm_starts or None,
        nodes=[_node(node) for node in lead.nodes] or None,
    )


def _node(lead: NodeLead) -> dict[str, Any]:
    return {
        "name": lead.name,
        "p50Seconds": round(lead.p50_seconds),
        "p90Seconds": round(lead.p90_seconds),
        "starts": lead.starts,
    }
