"""Wrong pools, and policies that are wrong about their pool, each with the sentence that its author reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from support.wrong_policies import WrongPolicy, merged

RIGHT_POOL: dict[str, Any] = {
    "apiVersion": "edgewarm.io/v1alpha1",
    "kind": "EdgeNodePool",
    "metadata": {"name": "right"},
    "spec": {"selector": {"matchLabels": {"edge": "yes"}}},
}


@dataclass(frozen=True)
class WrongPool:
    """One mistake; `sentence` is part of the message of the API server and of the operator."""

    name: str
    change: Mapping[str, Any]
    sentence: str

    def manifest(self) -> dict[str, Any]:
        """The wrong object, named after the row."""
        return merged(merged(RIGHT_POOL, {"metadata": {"name": self.name}}), {"spec": self.change})


SLOW = 'slowDown.above and pauseAbove must be ratios such as "0.7" or "90%" with 0 < above < pauseAbove <= 1'
BUDGETS = 'budgets must be quantities above 1n and at most 1E, such as "4" or "8Gi"'
RATIO = 'oversubscriptionRatio must be a quantity from 1 to 10, such as "1.5"'

WRONG_POOLS = (
    WrongPool(
        "selects-everything",
        {"selector": {"matchLabels": None}},
        "selector must not be empty, since that would take every node: set matchLabels or matchExpressions",
    ),
    WrongPool(
        "allows-nobody",
        {"allowedNamespaces": {}},
        "allowedNamespaces must not be empty: set matchLabels or matchExpressions, or leave it out to allow all",
    ),
    WrongPool(
        "choice-without-use",
        {"allocation": "BestFit", "nodeChoice": "Balanced"},
        "nodeChoice goes with allocation Priority or FairShare, the others choose the node themselves: remove",
    ),
    WrongPool(
        "preempts-in-the-order-of-asking",
        {"allocation": "FirstFit", "preemption": "PreemptLowerPriority"},
        "preemption PreemptLowerPriority goes with allocation Priority, else what was given up would be first to ask",
    ),
    WrongPool("ratio-below-one", {"oversubscriptionRatio": "0.5"}, RATIO),
    WrongPool("ratio-too-high", {"oversubscriptionRatio": "11"}, RATIO),
    WrongPool("ratio-no-number", {"oversubscriptionRatio": "twice"}, RATIO),
    WrongPool(
        "shareable-without-ratio",
        {"shareable": ["cpu", "memory"]},
        "shareable says what oversubscriptionRatio is about: set a ratio above 1, or remove shareable",
    ),
    WrongPool("moves-too-early", {"migrateAbove": "0.1"}, "migrateAbove must be a ratio from 0.2 to 1"),
    WrongPool("moves-never", {"migrateAbove": "110%"}, "migrateAbove must be a ratio from 0.2 to 1"),
    WrongPool("budget-zero", {"budgets": {"cpu": "0"}}, BUDGETS),
    WrongPool("budget-no-quantity", {"budgets": {"memory": "8 GB"}}, BUDGETS),
    WrongPool("bandwidth-no-quantity", {"budgets": {"bandwidth": "fast"}}, BUDGETS),
    WrongPool("slow-down-crossed", {"slowDown": {"above": "0.9", "pauseAbove": "0.8"}}, SLOW),
    WrongPool("slow-down-above-one", {"slowDown": {"above": "0.9", "pauseAbove": "110%"}}, SLOW),
    WrongPool("slow-down-no-ratio", {"slowDown": {"above": "much"}}, SLOW),
)


def _pooled(**fields: Any) -> dict[str, Any]:
    return {"spec": {"poolRef": {"name": "north"}, **fields}}


BERLIN = {"name": "berlin", "latitude": "52.52", "longitude": "13.4", "withinKm": 300}
NEEDS_POOL = "warming, regions and qos are about the nodes of a pool: set poolRef, or remove them"
DEGREES = 'regions[].latitude must be from "-90" to "90" and longitude from "-180" to "180"'

WRONG_ABOUT_POOLS = (
    WrongPolicy("warming-without-pool", {"spec": {"warming": {"maxPrewarmedNodes": 3}}}, NEEDS_POOL),
    WrongPolicy("regions-without-pool", {"spec": {"regions": [BERLIN]}}, NEEDS_POOL),
    WrongPolicy("qos-without-pool", {"spec": {"qos": {"priority": "High"}}}, NEEDS_POOL),
    WrongPolicy(
        "region-half-a-point",
        _pooled(regions=[merged(BERLIN, {"longitude": None})]),
        "regions[] needs latitude, longitude and withinKm together, or none of them",
    ),
    WrongPolicy("region-off-the-map", _pooled(regions=[merged(BERLIN, {"latitude": "91"})]), DEGREES),
    WrongPolicy("region-no-number", _pooled(regions=[merged(BERLIN, {"longitude": "east"})]), DEGREES),
    WrongPolicy(
        "image-nowhere",
        {"spec": {"rungs": {"image": {}}}},
        "rungs.image needs poolRef, which says on which nodes: add it, or remove rungs.image",
    ),
    WrongPolicy(
        "image-for-nothing",
        _pooled(rungs={"image": {"holdingCost": "0"}}),
        'rungs.image.holdingCost must be a ratio above 0 and at most 1, such as "0.01" or "1%"',
    ),
    WrongPolicy(
        "image-for-a-minute",
        _pooled(rungs={"image": {"ttl": "1m"}}),
        "rungs.image.ttl must be a Go duration such as 90s or 1h30m, from 5m to 24h",
    ),
    WrongPolicy(
        "warmed-until-when",
        _pooled(warming={"nodes": [{"name": "edge-1", "until": "tomorrow"}]}),
        "spec.warming.nodes[0].until",
    ),
)
