"""The kinds that the operator reads and writes, and where the API server serves them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from edgewarm.model.errors import Invalid
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.names import EDGE_NODE_POOL, GROUP, SCALING_DECISION, VERSION, WARMING_POLICY


@dataclass(frozen=True, slots=True)
class Resource:
    """One served kind; `group` is empty for the core group. `fields` selects those that are listed and watched."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    fields: str = ""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path: without name the collection, without namespace all namespaces."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/" + "/".join(quote(part, safe=":") for part in parts)

    def path_of(self, key: Key, subresource: str = "") -> str:
        return self.path(key.namespace, key.name, subresource)


POLICIES = Resource(GROUP, VERSION, "warmingpolicies", WARMING_POLICY)
POOLS = Resource(GROUP, VERSION, "edgenodepools", EDGE_NODE_POOL, namespaced=False)
DECISIONS = Resource(GROUP, VERSION, "scalingdecisions", SCALING_DECISION)
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
STATEFUL_SETS = Resource("apps", "v1", "statefulsets", "StatefulSet")
PODS = Resource("", "v1", "pods", "Pod")
REPLICA_SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
SERVICES = Resource("", "v1", "services", "Service")
NODES = Resource("", "v1", "nodes", "Node", namespaced=False)
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
EVENTS = Resource("", "v1", "events", "Event")
PULLS = Resource("", "v1", "events", "Event", fields="reason=Pulled")
AUTOSCALERS = Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
SCALED_OBJECTS = Resource("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject")

OURS = {resource.kind: resource for resource in (POLICIES, POOLS, DECISIONS)}
OWNED = {resource.kind: resource for resource in (PODS,)}
"""What the rungs create, by kind; the cluster follows each of them."""

_SCALABLE = {(resource.api_version, resource.kind): resource for resource in (DEPLOYMENTS, STATEFUL_SETS)}


def scalable(ref: TargetRef) -> Resource:
    """Where `ref` is served; Invalid for a kind that the operator has no rights to scale."""
    resource = _SCALABLE.get((ref.api_version, ref.kind))
    if resource is None:
        known = ", ".join(f"{version} {kind}" for version, kind in _SCALABLE)
        raise Invalid(f"scaling {ref}: found {ref.api_version} {ref.kind}, set targetRef to one of {known}")
    return resource


def ours(kind: str) -> Resource:
    """Where our own `kind` is served; a wrong word is a bug of the caller."""
    if kind not in OURS:
        raise ValueError(f"kind must be one of {', '.join(OURS)}, got {kind}")
    return OURS[kind]
