"""A pool of four nodes and demand that is told by node, for the rungs that are held by node."""

from __future__ import annotations

from typing import Any

from edgewarm.model.units import format_time
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
    """A node's condition Ready: `True`, or `Unknown` while it is silent; what it told before stays.

    As the node lifecycle controller does it: from then on the pods of a silent node are not ready, and none is deleted.
    """
    found = world.api.get("Node", "", node)
    assert found is not None
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": format_time(world.clock.now)}
    world.api.put({**found, "status": {**found["status"], "conditions": [condition]}})
    for pod in world.api.objects("Pod"):
        conditions = pod.get("status", {}).get("conditions", [])
        if pod["spec"].get("nodeName") == node and any(one["type"] == "Ready" for one in conditions):
            others = [one for one in conditions if one["type"] != "Ready"]
            mine = {**condition, "status": "True" if ready == "True" else "False"}
            world.api.put({**pod, "status": {**pod["status"], "conditions": [*others, mine]}})
