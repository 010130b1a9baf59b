"""A pool of four nodes and demand that is told by node, for the rungs that are held by node."""

from __future__ import annotations

from typing import Any

from support.fake_prometheus import Series
from support.operator_world import OperatorWorld

POOL = {"kind": "EdgeNodePool", "metadata": {"name": "edge"}, "spec": {"selector": {"matchLabels": {"pool": "edge"}}}}
BY_NODE = {"query": "by node", "capacityPerPod": "50", "labels": {"node": "node"}}


def asks(world: OperatorWorld, **nodes: float) -> None:
    """As if it had always been so."""
    series: list[Series] = [({"node": node.replace("_", "-")}, value) for node, value in nodes.items()]
    world.prometheus.queries["by node"] = lambda at: series


def image_volume(number: int, reference: str) -> dict[str, Any]:
    """A volume that mounts an image."""
    return {"name": f"data-{number}", "image": {"reference": reference}}


def tells(world: OperatorWorld, node: str, ready: str) -> None:
    """A node's condition Ready: `True`, or `Unknown` while it is silent; what it told before stays."""
    found = world.api.get("Node", "", node)
    assert found is not None
    world.api.put({**found, "status": {**found["status"], "conditions": [{"type": "Ready", "status": ready}]}})
