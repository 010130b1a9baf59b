"""A Deployment behind a Service with a policy that holds standbys, and what the world sees of it: ready endpoints."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from controlplane.api import Api, api_from
from controlplane.waiting import wait_until
from rig.objects import Manifest, deployment, policy, service
from rig.world import World

COLD_SECONDS = 20.0
RUNG = "edgewarm.io%2Frung%3DStandby"


def is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def uids(pods: Iterable[Mapping[str, Any]]) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods}


@dataclass
class Shop:
    """One workload; `name` is that of the Deployment, the Service and the policy."""

    here: World
    place: str
    name: str
    api: Api = field(init=False)

    def __post_init__(self) -> None:
        self.api = api_from(self.here.cluster.kubeconfig)

    def open(
        self,
        replicas: int = 2,
        standbys: int = 2,
        *,
        cold_seconds: float = COLD_SECONDS,
        change: Callable[[Manifest], None] = lambda _: None,
        **spec: Any,
    ) -> Shop:
        """Apply all three, and wait until replicas are ready and standbys are warm. `change` alters the Deployment.

        The pods that exist before the policy are ready first, as those of a workload that somebody begins to warm are.
        """
        workload = deployment(self.place, self.name, replicas, f"{cold_seconds:g}s")
        change(workload)
        self.here.kubectl.apply(workload, service(self.place, self.name))
        self.until("the first pods", lambda: self.endpoints() == replicas, 240)
        self.warm(replicas, standbys, **spec)
        if standbys:
            self.until("warm standbys", lambda: self.warm_standbys() == standbys, 240)
        return self

    def warm(self, replicas: int, standbys: int, *, needed: int = 2, **spec: Any) -> None:
        """The policy: a constant demand that needs `needed` pods, `replicas` at least, and so many standbys whatever is
        forecast. Another demand would be another question, whose history has to be read first."""
        wanted: dict[str, Any] = {
            "mode": "Act",
            # what somebody else scaled out is not ours to take back while a test looks at it
            "scaling": {"minReplicas": replicas, "behavior": {"scaleDown": {"selectPolicy": "Disabled"}}},
            "rungs": {"standby": {"min": standbys, "max": standbys}},
            **spec,
        }
        self.here.kubectl.apply(
            policy(self.place, self.name, f"vector({50 * needed - 25})", 50, **copy.deepcopy(wanted))
        )

    def scale(self, replicas: int) -> None:
        """As `kubectl scale` does."""
        self.api.patch(
            f"/apis/apps/v1/namespaces/{self.place}/deployments/{self.name}/scale", {"spec": {"replicas": replicas}}
        )

    @property
    def _path(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.place}/deployments/{self.name}"

    def deployment(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(self._path)
        return found

    def replica_sets(self) -> list[dict[str, Any]]:
        found = self.api.get(f"/apis/apps/v1/namespaces/{self.place}/replicasets")["items"]
        return [one for one in found if one["metadata"]["ownerReferences"][0]["name"] == self.name]

    def pods(self, selector: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(f"/api/v1/namespaces/{self.place}/pods?labelSelector={selector}")[
            "items"
        ]
        return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]

    def standbys(self) -> list[dict[str, Any]]:
        return self.pods(f"{RUNG},edgewarm.io%2Fpolicy%3D{self.name}")

    def warm_standbys(self) -> int:
        return sum(map(is_ready, self.standbys()))

    def serving(self) -> list[dict[str, Any]]:
        return self.pods(f"app%3D{self.name}")

    def endpoints(self) -> int:
        """Ready addresses behind the Service."""
        query = f"/apis/discovery.k8s.io/v1/namespaces/{self.place}/endpointslices"
        slices = self.api.get(f"{query}?labelSelector=kubernetes.io%2Fservice-name%3D{self.name}")["items"]
        return sum(bool(one["conditions"].get("ready")) for found in slices for one in found.get("endpoints") or ())

    def policy(self) -> dict[str, Any]:
        """Empty while there is none."""
        found = self.here.kubectl.list("warmingpolicy", self.place)
        return next((one for one in found if one["metadata"]["name"] == self.name), {})

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.policy().get("status", {})
        return found

    def rung(self, name: str) -> dict[str, Any]:
        """Its counts in the status; empty until they are told, which is once a minute at most."""
        found: list[dict[str, Any]] = self.status().get("rungs", [])
        return next((one for one in found if one["rung"] == name), {})

    def owners(self) -> list[str]:
        """The kind of each serving pod's owner; "" until the ReplicaSet has adopted it."""
        owned = [pod["metadata"].get("ownerReferences") or [{"kind": ""}] for pod in self.serving()]
        return [reference["kind"] for references in owned for reference in references]

    def until(self, what: str, holds: Callable[[], bool], seconds: float = 180.0) -> None:
        wait_until(f"{what} of {self.name}", holds, seconds, self._told)

    def _told(self) -> str:
        pods = [(p["metadata"]["name"], p["status"].get("phase"), is_ready(p)) for p in self.pods()]
        return f"{self.status().get('rungs')} {pods} {self.here.operator.last_lines()}"

    def annotate(self, pod: str, **annotations: str | None) -> None:
        """What the simulated kubelet goes by, such as unready="true"."""
        body = {"metadata": {"annotations": {f"e2e.edgewarm.io/{key}": value for key, value in annotations.items()}}}
        self.api.patch(f"/api/v1/namespaces/{self.place}/pods/{pod}", body)

    @contextmanager
    def never_below(self, endpoints: int) -> Iterator[None]:
        """What happens inside never leaves fewer ready endpoints, looked at twenty times a second."""
        over, lowest = threading.Event(), [self.endpoints()]

        def look() -> None:
            while not over.wait(0.05):
                lowest.append(self.endpoints())

        looking = threading.Thread(target=look)
        looking.start()
        try:
            yield
        finally:
            over.set()
            looking.join()
        assert min(lowest) >= endpoints, f"{self.name}: {lowest}"

    def seconds_to_serve(self, replicas: int) -> float:
        """From the moment that the Deployment asks for so many until as many endpoints are ready."""
        self.until("the Deployment", lambda: self.deployment()["spec"]["replicas"] == replicas)
        began = time.monotonic()
        self.until(f"{replicas} endpoints", lambda: self.endpoints() >= replicas, 240)
        return time.monotonic() - began
