"""The stages of a policy's starts: told in its status, and taken up from there after a restart. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgewarm.decide.leads import ahead_seconds
from edgewarm.learn.lead_times import LeadTimes
from edgewarm.learn.stage_times import FEW, StageTimes
from edgewarm.manifests.lead_times import NodeLead, StageLead
from edgewarm.model.objects import PolicyObject
from edgewarm.model.stages import Stage

MOST_NODES = 10  # of each stage, in the status


def stage_leads(times: StageTimes) -> tuple[StageLead, ...]:
    """What is known of each stage that was ever measured; a stage that was always warm has no time to tell."""
    p50, p90 = times.quantiles(0.5), times.quantiles(0.9)
    return tuple(
        StageLead(
            stage,
            p50[stage],
            p90[stage],
            ahead_seconds(p90, stage),
            times.whole[stage].starts,
            times.warm.get(stage, 0),
            _most_different(times, stage, p90[stage]),
        )
        for stage in p90
    )


def _most_different(times: StageTimes, stage: Stage, of_all: float) -> tuple[NodeLead, ...]:
    """Nodes with enough starts of their own, by how far their p90 is from that of all; by name in the status."""
    enough = [
        NodeLead(name, times.quantile(stage, 0.5, node=name) or 0.0, own, cell.starts)
        for name, cell in times.nodes.get(stage, {}).items()
        if cell.starts >= FEW and (own := times.quantile(stage, 0.9, node=name)) is not None
    ]
    found = sorted(enough, key=lambda node: (-abs(node.p90_seconds - of_all), node.name))[:MOST_NODES]
    return tuple(sorted(found, key=lambda node: node.name))


def stage_times(item: PolicyObject) -> StageTimes:
    """What an earlier life measured. Raises where the status is not ours."""
    saved = {Stage(entry["stage"]): entry for entry in item.status.get("leadTimes") or ()}
    return StageTimes(
        whole={stage: _restored(entry) for stage, entry in saved.items()},
        nodes={
            stage: {node["name"]: _restored(node) for node in entry.get("nodes") or ()}
            for stage, entry in saved.items()
        },
        warm={stage: int(entry["warmStarts"]) for stage, entry in saved.items() if "warmStarts" in entry},
    )


def _restored(entry: Mapping[str, Any]) -> LeadTimes:
    return LeadTimes((), int(entry.get("starts", 0)), (float(entry["p50Seconds"]), float(entry["p90Seconds"])))
