"""A workload of the real node of which nothing runs yet: how soon its Service answers once somebody scales it out, and
how much cpu is held for that until then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from controlplane.api import Api, ApiError
from controlplane.real_node.settings import LABELS
from controlplane.waiting import wait_until
from edgewarm.model.units import parse_quantity
from rig.moving import PLACE, deployment
from rig.objects import Manifest
from rig.warmth import is_ready
from rig.world import World


@dataclass(frozen=True)
class FirstAnswer:
    """Seconds from the scale to the body; `held` is the cpu that pods which waited for it requested, such as "20m"."""

    seconds: float
    held: str
    body: str

    def tell(self, record: Callable[[str, object], None], name: str) -> None:
        record(name, self.seconds)
        print(f"{name}: {self.seconds:.2f} s to the first answer, {self.held} of cpu held")


def unstarted(name: str, image: str) -> Manifest:
    """Its pods run on the real node, once there are any."""
    made = deployment(name, image)
    made["spec"]["replicas"] = 0
    made["spec"]["template"]["spec"]["nodeSelector"] = LABELS
    return made


def service(name: str) -> Manifest:
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": PLACE}, "spec": spec}


def ready_pods(here: World, selector: str) -> list[dict[str, Any]]:
    return [pod for pod in here.kubectl.list("pod", PLACE, selector) if is_ready(pod)]


def cpu_held(here: World, name: str) -> str:
    """What the policy's own pods request, by what the kubelet gave them; those that have ended request nothing."""
    found = here.kubectl.list("pod", PLACE, f"edgewarm.io/policy={name}")
    living = [pod["status"] for pod in found if pod["status"].get("phase") not in ("Succeeded", "Failed")]
    containers = [one for status in living for one in status.get("containerStatuses", ())]
    given = [one.get("resources", {}).get("requests", {}) for one in containers]
    return f"{1000 * sum(parse_quantity(one.get('cpu', '0')) for one in given):.0f}m"


def asked(api: Api, name: str, path: str = "") -> str | None:
    """What one request to the Service's ready endpoints brings, by the API server's proxy; None without an answer."""
    try:
        body: str = api.get(f"/api/v1/namespaces/{PLACE}/services/{name}:80/proxy/{path}")
    except ApiError:
        return None
    return body


def first_answer(here: World, name: str, path: str = "") -> FirstAnswer:
    """Scale from none to one, and ask until there is an answer."""
    api, held, bodies = here.cluster.api(), cpu_held(here, name), list[str]()
    assert not here.kubectl.list("pod", PLACE, f"app={name}")
    assert asked(api, name, path) is None

    def answered() -> bool:
        body = asked(api, name, path)
        bodies.extend([] if body is None else [body])
        return bool(bodies)

    began = time.monotonic()
    api.patch(f"/apis/apps/v1/namespaces/{PLACE}/deployments/{name}/scale", {"spec": {"replicas": 1}})
    wait_until(f"an answer of {name}", answered, 120.0, here.operator.last_lines, 0.05)
    return FirstAnswer(time.monotonic() - began, held, bodies[0])
