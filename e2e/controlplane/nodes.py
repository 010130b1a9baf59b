"""Simulated nodes: their manifests, and when they are fit to take pods."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PREFIX = "sim-"
TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}


@dataclass(frozen=True)
class NodeSize:
    """What a node can hold, as Kubernetes quantities."""

    cpu: str = "16"
    memory: str = "64Gi"
    pods: int = 110


def node_manifest(name: str, labels: Mapping[str, str], size: NodeSize) -> dict[str, Any]:
    room = {"cpu": size.cpu, "memory": size.memory, "pods": str(size.pods), "ephemeral-storage": "100Gi"}
    standard = {
        "type": "kwok",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**standard, **labels}, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "spec": {"taints": [TAINT]},
        "status": {"capacity": room, "allocatable": room},
    }


def next_names(existing: Sequence[str], count: int) -> list[str]:
    """Names that go on after the highest number in use, so that a removed node's name is not used again soon."""
    numbers = [int(found[1]) for name in existing if (found := re.fullmatch(rf"{PREFIX}(\d+)", name))]
    first = max(numbers, default=-1) + 1
    return [f"{PREFIX}{number}" for number in range(first, first + count)]


def takes_pods(node: Mapping[str, Any]) -> bool:
    """Ready, and the node controller has taken its own taints off."""
    conditions = node.get("status", {}).get("conditions", [])
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    taints = node.get("spec", {}).get("taints", [])
    return ready and not any(taint["key"].startswith("node.kubernetes.io/") for taint in taints)
