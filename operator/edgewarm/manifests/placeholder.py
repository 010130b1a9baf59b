"""A placeholder: a pod that does nothing and asks for what a pod of the workload asks for, so that its room is there.

Its PriorityClass is below 0 and never preempts, so that it pushes nobody out, and the scheduler deletes it, without
grace, for any pod that finds no room. Not below -10: a cluster autoscaler makes room for what is above that.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edgewarm.manifests.decision import policy_label
from edgewarm.manifests.placing import kept_apart, on_node
from edgewarm.manifests.restricted import RESTRICTED
from edgewarm.model.amounts import CPU, PODS, Amounts
from edgewarm.model.identity import Key
from edgewarm.model.names import API_VERSION, POLICY_LABEL, RUNG_LABEL, TEMPLATE_HASH_LABEL, WARMING_POLICY
from edgewarm.model.node_room import NodeRoomSettings
from edgewarm.model.rungs import RungName
from edgewarm.model.template import PodTemplate

_SAME = ("nodeSelector", "affinity", "tolerations", "topologySpreadConstraints", "schedulerName", "os")
"""Fields of the template that decide where its pods may go."""


@dataclass(frozen=True, slots=True)
class PlaceholderDraft:
    """For which policy, with whose constraints, asking for what (all resources of one pod, its overhead included)."""

    policy: Key
    policy_uid: str
    template: PodTemplate
    asks: Amounts
    settings: NodeRoomSettings = field(default=NodeRoomSettings())


def placeholder(draft: PlaceholderDraft, node: str | None = None) -> dict[str, Any]:
    """A v1 Pod; without `node` the scheduler chooses where."""
    mine = {POLICY_LABEL: policy_label(draft.policy.name), RUNG_LABEL: str(RungName.NODE_ROOM)}
    spec = _spec(draft, mine)
    owner = {"apiVersion": API_VERSION, "kind": WARMING_POLICY, "name": draft.policy.name, "uid": draft.policy_uid}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{draft.policy.name[:50].rstrip('-.')}-room-",
            "namespace": draft.policy.namespace,
            "labels": {**mine, TEMPLATE_HASH_LABEL: _hash(spec), "sidecar.istio.io/inject": "false"},
            "annotations": {
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
                "linkerd.io/inject": "disabled",
            },
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": on_node(node, spec),
    }


def placeholder_key(draft: PlaceholderDraft) -> str:
    """Of all placeholders that are like this one, whatever their node: another one where anything else is otherwise."""
    found: str = placeholder(draft)["metadata"]["labels"][TEMPLATE_HASH_LABEL]
    return found


def _hash(spec: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(spec, order="deterministic")).hexdigest()[:16]


def _spec(draft: PlaceholderDraft, mine: dict[str, str]) -> dict[str, Any]:
    found = draft.template.spec
    where = {name: found[name] for name in _SAME if found.get(name)}
    windows = (found.get("os") or {}).get("name") == "windows"
    container: dict[str, Any] = {
        "name": "room",
        "image": draft.settings.image,
        "imagePullPolicy": "IfNotPresent",
        "resources": _resources(draft.asks),
    }
    return {
        **kept_apart(where, draft.template.labels, mine),
        "containers": [container if windows else {**container, "securityContext": RESTRICTED}],
        "priorityClassName": draft.settings.priority_class,
        "preemptionPolicy": "Never",
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    }


def _resources(asks: Amounts) -> dict[str, Any]:
    """Requests; what cannot be overcommitted (devices, huge pages) must be limited to as much."""
    requests = {name: _quantity(name, amount) for name, amount in asks.items() if amount > 0 and name != PODS}
    limits = {name: amount for name, amount in requests.items() if "/" in name or name.startswith("hugepages-")}
    return {"requests": requests, **({"limits": limits} if limits else {})}


def _quantity(name: str, amount: float) -> str:
    """Never less than is asked."""
    return f"{math.ceil(round(amount * 1000, 6))}m" if name == CPU else str(math.ceil(amount))
