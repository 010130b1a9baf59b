"""Which kinds the fake serves, and how a URL path names one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Served:
    """One kind. `status`, `scale` and `resize` say whether it has that subresource."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    status: bool = True
    scale: bool = False
    resize: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


BUILT_IN = (
    Served("", "v1", "pods", "Pod", resize=True),
    Served("", "v1", "nodes", "Node", namespaced=False),
    Served("", "v1", "namespaces", "Namespace", namespaced=False),
    Served("", "v1", "services", "Service"),
    Served("", "v1", "events", "Event", status=False),
    Served("", "v1", "configmaps", "ConfigMap", status=False),
    Served("apps", "v1", "deployments", "Deployment", scale=True),
    Served("apps", "v1", "statefulsets", "StatefulSet", scale=True),
    Served("apps", "v1", "replicasets", "ReplicaSet", scale=True),
    Served("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    Served("coordination.k8s.io", "v1", "leases", "Lease", status=False),
    Served("edgewarm.io", "v1alpha1", "warmingpolicies", "WarmingPolicy"),
    Served("edgewarm.io", "v1alpha1", "edgenodepools", "EdgeNodePool", namespaced=False),
    Served("edgewarm.io", "v1alpha1", "scalingdecisions", "ScalingDecision"),
)
SCALED_OBJECTS = Served("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject")


@dataclass(frozen=True)
class Address:
    """A parsed path; `name` empty means the collection."""

    served: Served
    namespace: str
    name: str
    subresource: str


class Catalogue:
    """The kinds served now; they may come and go, as CRDs do."""

    def __init__(self) -> None:
        self.kinds: dict[tuple[str, str, str], Served] = {}
        for served in BUILT_IN:
            self.add(served)

    def add(self, served: Served) -> None:
        self.kinds[served.group, served.version, served.plural] = served

    def remove(self, served: Served) -> None:
        self.kinds.pop((served.group, served.version, served.plural), None)

    def by_kind(self, kind: str) -> Served:
        return next(served for served in self.kinds.values() if served.kind == kind)

    def address(self, path: str) -> Address | None:
        """/api/v1/... or /apis/GROUP/VERSION/...; None where nothing is served."""
        root, *parts = [part for part in path.split("/") if part]
        if root == "api" and len(parts) >= 2:
            group, version, rest = "", parts[0], parts[1:]
        elif root == "apis" and len(parts) >= 3:
            group, version, rest = parts[0], parts[1], parts[2:]
        else:
            return None
        namespace = ""
        if rest[0] == "namespaces" and len(rest) >= 3:
            namespace, rest = rest[1], rest[2:]
        served = self.kinds.get((group, version, rest[0]))
        if served is None:
            return None
        name, subresource = [*rest[1:3], "", ""][:2]
        return Address(served, namespace, name, subresource)

    def discovery(self, path: str) -> dict[str, object] | None:
        """The documents that clients (kopf, kubectl) read to learn what is served."""
        parts = [part for part in path.split("/") if part]
        if parts == ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}
        if parts == ["apis"]:
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": self._groups()}
        if parts[:1] == ["api"] and len(parts) == 2:
            return self._resources("", parts[1])
        if parts[:1] == ["apis"] and len(parts) == 3:
            return self._resources(parts[1], parts[2])
        return None

    def _groups(self) -> list[dict[str, object]]:
        versions = sorted({(served.group, served.version) for served in self.kinds.values() if served.group})
        return [
            {
                "name": group,
                "versions": [{"groupVersion": f"{group}/{version}", "version": version}],
                "preferredVersion": {"groupVersion": f"{group}/{version}", "version": version},
            }
            for group, version in versions
        ]

    def _resources(self, group: str, version: str) -> dict[str, object] | None:
        found = [served for served in self.kinds.values() if (served.group, served.version) == (group, version)]
        if not found:
            return None
        verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
        resources = [
            {
                "name": served.plural,
                "singularName": served.kind.lower(),
                "kind": served.kind,
                "namespaced": served.namespaced,
                "verbs": verbs,
            }
            for served in found
        ]
        resources += [
            {
                "name": f"{s.plural}/{part}",
                "singularName": "",
                "kind": s.kind,
                "namespaced": s.namespaced,
                "verbs": verbs,
            }
            for s in found
            for part, there in (("status", s.status), ("resize", s.resize))
            if there
        ]
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": f"{group}/{version}" if group else version,
            "resources": resources,
        }
