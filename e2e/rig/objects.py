"""Manifests that tests and the demo apply: what a user would have in Git."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Manifest = dict[str, Any]


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def deployment(place: str, name: str, replicas: int, cold_start: str) -> Manifest:
    """A Deployment for simulated nodes, whose pods take `cold_start` until they are ready."""
    pod = {
        "metadata": {"labels": {"app": name}, "annotations": {"e2e.edgewarm.io/cold-start": cold_start}},
        "spec": {
            "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}],
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {
                    "name": "app",
                    "image": f"{place}/{name}:1",
                    "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
                }
            ],
        },
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": place},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": pod},
    }


def service(place: str, name: str, **selector: str) -> Manifest:
    """What feeds the pods of `name`."""
    spec = {"selector": selector or {"app": name}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": place}, "spec": spec}


def policy(place: str, name: str, query: str, capacity: float, **spec: Any) -> Manifest:
    """A WarmingPolicy for the Deployment of the same name; `spec` adds or replaces fields."""
    demand = {"query": query, "capacityPerPod": f"{capacity:g}", **spec.pop("demand", {})}
    return {
        "apiVersion": "edgewarm.io/v1alpha1",
        "kind": "WarmingPolicy",
        "metadata": {"name": name, "namespace": place},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "demand": demand,
            **spec,
        },
    }


def rate_of(app: str) -> str:
    """The PromQL that most users would write."""
    return f'sum(rate(http_requests_total{{app="{app}"}}[1m]))'


def condition(obj: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """A condition of an object's status; empty where it is absent."""
    found = obj.get("status", {}).get("conditions", [])
    return next((c for c in found if c["type"] == kind), {})
