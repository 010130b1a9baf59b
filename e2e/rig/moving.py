"""A workload that moves to the real node, its policy, and what is seen of its images there."""

from __future__ import annotations

import re
import urllib.request
from typing import Any

from controlplane.real_node.settings import LABELS, NODE, TOLERATION
from edgewarm.model.units import parse_quantity
from rig.objects import Manifest, condition, policy
from rig.world import World

PLACE = "shop"
CAPACITY = 50.0
SPARED = 100 << 40
"""Bytes that the fetcher class `sparing` leaves free: no disk has them."""
POOL = {
    "apiVersion": "edgewarm.io/v1alpha1",
    "kind": "EdgeNodePool",
    "metadata": {"name": "edge"},
    "spec": {"selector": {"matchLabels": LABELS}},
}


UNSTARTED = {"minReplicas": 0, "maxReplicas": 2, "behavior": {"scaleUp": {"selectPolicy": "Disabled"}}}
"""Scaling by which nothing starts before somebody else asks for it."""


def deployment(name: str, image: str) -> Manifest:
    """A web server that runs on the simulated node while that takes pods, else on the real one."""
    prefers = {
        "weight": 100,
        "preference": {"matchExpressions": [{"key": "type", "operator": "In", "values": ["kwok"]}]},
    }
    probe = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    spec = {
        "tolerations": [TOLERATION, {"key": "kwok.x-k8s.io/node", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [prefers]}},
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "web", "image": image, "readinessProbe": probe}],
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def warmed(name: str, **scaling: Any) -> Manifest:
    """A policy whose demand is told by node: all of it on the real one."""
    total = 'sum(rate(http_requests_total{app="warm"}[1m]))'
    demand = {"labels": {"node": "node"}}
    return policy(
        PLACE,
        name,
        f'label_replace({total}, "node", "{NODE}", "", "")',
        CAPACITY,
        demand=demand,
        mode="Act",
        poolRef={"name": "edge"},
        forecast={"confidenceThreshold": "0", "historyWindow": "1h"},
        scaling=scaling or {"maxReplicas": 2},
    )


def pods(here: World, name: str) -> list[dict[str, Any]]:
    return [pod for pod in here.kubectl.list("pod", PLACE, f"app={name}") if pod["spec"].get("nodeName") == NODE]


def pull_pod(here: World, name: str) -> dict[str, Any] | None:
    return next(iter(here.kubectl.list("pod", PLACE, f"edgewarm.io/rung=Image,edgewarm.io/policy={name}")), None)


def says(here: World, name: str) -> str:
    """The condition ImagesWarm, in words."""
    found = condition(here.kubectl.get("wp", name, PLACE), "ImagesWarm")
    return f"{found.get('reason')}: {found.get('message')}"


def stages(here: World, name: str) -> set[str]:
    """Those that were measured, by the operator's metrics: the status tells them once a minute at most."""
    with urllib.request.urlopen(f"{here.operator.url}/metrics", timeout=30) as answer:
        lines = re.findall(r"^edgewarm_stage_seconds\{(.*)\}", answer.read().decode(), re.MULTILINE)
    labels = [dict(re.findall(r'(\w+)="([^"]*)"', line)) for line in lines]
    return {one["stage"] for one in labels if one["policy"] == name}


def disk_bytes(here: World) -> int:
    """Of the real node, as its kubelet reports it."""
    return int(parse_quantity(here.kubectl.get("node", NODE)["status"]["allocatable"]["ephemeral-storage"]))
