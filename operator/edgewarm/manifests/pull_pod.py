"""A pod that has the kubelet of one node pull a workload's images, and needs nothing that is inside them.

Each container asks for a command that no image has. The kubelet pulls, creates the container, and the runtime refuses
to run it: the pod ends as Failed with reason StartError, having run not one instruction of the image. What has ended
asks for no room any more, but while the pod is there its containers count as users of the image, so that the kubelet's
collector spares it until the disk is under pressure (ADR 29).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from edgewarm.manifests.decision import policy_label
from edgewarm.manifests.restricted import RESTRICTED
from edgewarm.model.identity import Key
from edgewarm.model.names import (
    GROUP,
    POLICY_LABEL,
    PULL_BYTES,
    PULL_IMAGES,
    PULL_NODE,
    PULL_SPEED,
    RUNG_LABEL,
    VERSION,
    WARMING_POLICY,
)
from edgewarm.model.rungs import RungName
from edgewarm.model.template import PodTemplate

NO_SUCH_COMMAND = "/edgewarm.io/pulls-and-runs-nothing"
NAME_LENGTH = 63
PULL_SECONDS = 3600
"""A pull that takes longer is given up by the kubelet, also while no operator runs."""

REQUESTS = {"cpu": "1m", "memory": "4Mi"}

_WORDS = {RungName.IMAGE: "pull", RungName.DATA: "data"}
"""In the names of the pods, by what they are for."""

_SAME = ("imagePullSecrets", "tolerations", "runtimeClassName", "schedulerName", "os", "serviceAccountName")
"""Fields of the template that decide whether and how its images can be pulled on a node."""


@dataclass(frozen=True, slots=True)
class PullOrder:
    """The images of one workload for one node, on behalf of one policy; `size` in bytes, `speed` in bytes/s.

    `notes` are annotations of the rung's own.
    """

    policy: Key
    policy_uid: str
    node: str
    images: tuple[str, ...]
    template: PodTemplate
    size: float = 0.0
    speed: float = 0.0
    rung: RungName = RungName.IMAGE
    notes: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def images_of(template: PodTemplate) -> tuple[str, ...]:
    """The different images of its containers and init containers, in the order in which they are pulled."""
    spec = template.spec
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    return tuple(dict.fromkeys(one["image"] for one in containers if one.get("image")))


def pull_pod(order: PullOrder) -> dict[str, Any]:
    """A v1 Pod. It tolerates what the workload tolerates and nothing else, and pulls with the workload's secrets."""
    spec = order.template.spec
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pull_pod_name(order),
            "namespace": order.policy.namespace,
            "labels": {
                POLICY_LABEL: policy_label(order.policy.name),
                RUNG_LABEL: order.rung.value,
                "sidecar.istio.io/inject": "false",
            },
            "annotations": {
                PULL_NODE: order.node,
                PULL_IMAGES: images_key(order.images),
                PULL_BYTES: str(round(order.size)),
                PULL_SPEED: str(round(order.speed)),
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
                "linkerd.io/inject": "disabled",
                **order.notes,
            },
            "ownerReferences": [_owner(order)],
        },
        "spec": {
            **{name: spec[name] for name in _SAME if spec.get(name)},
            "containers": [_container(i, image, spec) for i, image in enumerate(order.images)],
            "affinity": {"nodeAffinity": _on(order.node)},
            "restartPolicy": "Never",
            "activeDeadlineSeconds": PULL_SECONDS,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
        },
    }


def pull_pod_name(order: PullOrder) -> str:
    """The same for the same images on the same node, so that two operators make one pod."""
    seed = "\n".join((order.policy_uid, order.node, *order.images))
    end = f"-{_WORDS[order.rung]}-{hashlib.sha256(seed.encode()).hexdigest()[:10]}"
    return order.policy.name[: NAME_LENGTH - len(end)].rstrip("-.") + end


def images_key(images: Sequence[str]) -> str:
    """Short, and another one for other images."""
    return hashlib.sha256("\n".join(images).encode()).hexdigest()[:16]


def _container(index: int, image: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    windows = (spec.get("os") or {}).get("name") == "windows"
    return {
        "name": f"image-{index}",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": [NO_SUCH_COMMAND],
        "resources": {"requests": REQUESTS},
        **({} if windows else {"securityContext": RESTRICTED}),
    }


def _on(node: str) -> dict[str, Any]:
    """By affinity, never nodeName: the scheduler still refuses a node that is full, tainted or cordoned."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [field]}]}}


def _owner(order: PullOrder) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": WARMING_POLICY,
        "name": order.policy.name,
        "uid": order.policy_uid,
        "controller": True,
    }
