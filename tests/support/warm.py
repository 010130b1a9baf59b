"""Pods, ReplicaSets and nodes for tests of the ladder: Deployment web of namespace shop stands on ReplicaSet web-1."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from edgewarm.model.identity import Key
from edgewarm.model.names import POD_TEMPLATE_HASH, RUNG_LABEL, TEMPLATE_HASH_LABEL
from edgewarm.model.prices import PodRequests
from edgewarm.model.rungs import RungName
from edgewarm.model.sizing import Cpu, Sizing
from edgewarm.model.template import PodTemplate
from edgewarm.model.workload import Node, Owner, Pod, ReplicaSet, Rollout, Service, Workload
from support.builders import NOW, workload

DEPLOYMENT = Owner("Deployment", "web", "workload-uid")
SET = Owner("ReplicaSet", "web-1", "set-uid")
POLICY = Owner("WarmingPolicy", "web", "uid-web")
ROLLED_OUT = Rollout("1", observed=True, complete=True)
WEB = Service(Key("shop", "web"), (("app", "web"),))


def sized() -> PodTemplate:
    """The template whose pods have `FULL`."""
    return template(containers=[{"name": "app", "image": "web:1", **SIZED}])


def template(**spec: Any) -> PodTemplate:
    """Labels app=web and tier=front, one container; `spec` adds to the pod spec."""
    body = {
        "metadata": {"labels": {"app": "web", "tier": "front"}, "annotations": {"note": "theirs"}},
        "spec": {"containers": [{"name": "app", "image": "web:1"}], **spec},
    }
    return PodTemplate(json.dumps(body).encode())


def deployment(rollout: Rollout = ROLLED_OUT, **overrides: Any) -> Workload:
    return workload(**({"rollout": rollout, "template": template(), "pod": PodRequests(1.0, 1.0)} | overrides))


def replica_set(wanted: int = 4, **overrides: Any) -> ReplicaSet:
    plain = ReplicaSet(Key("shop", "web-1"), SET.uid, DEPLOYMENT, "1", "hash-1", wanted, wanted)
    return replace(plain, **overrides)


def pod(name: str, **overrides: Any) -> Pod:
    """A pod of the ReplicaSet that serves on node-1 since a minute."""
    plain = Pod(
        key=Key("shop", name),
        uid=f"uid-{name}",
        labels={"app": "web", "tier": "front", POD_TEMPLATE_HASH: "hash-1"},
        node="node-1",
        phase="Running",
        created_at=NOW - 60.0,
        ready_at=NOW - 50.0,
        deleting=False,
        cpu_cores=1.0,
        memory_bytes=1.0,
        resource_version="7",
        owner=SET,
        once_ready=True,
    )
    return replace(plain, **overrides)


def twin(name: str, **overrides: Any) -> Pod:
    """A pod of the ReplicaSet that was never Ready, and has no node yet."""
    return pod(name, **({"phase": "Pending", "node": "", "ready_at": None, "once_ready": False} | overrides))


def standby(name: str, **overrides: Any) -> Pod:
    """A ready standby for the current template."""
    labels = {"app": "edgewarm-standby", "tier": "front", RUNG_LABEL: RungName.STANDBY, TEMPLATE_HASH_LABEL: "hash-1"}
    return pod(name, **({"labels": labels, "owner": POLICY} | overrides))


FULL, LOW = {"app": Cpu(1.0)}, {"app": Cpu(0.1)}
SIZED = {"resources": {"requests": {"cpu": "1"}}}
"""What the container of a template says whose pods have `FULL`."""


def full(name: str, **overrides: Any) -> Pod:
    """A standby with the cpu of its template, on a kubelet that resizes."""
    return standby(name, **({"sizing": Sizing(FULL, FULL)} | overrides))


def resting(name: str, **overrides: Any) -> Pod:
    """A standby at rest, with a tenth of a core."""
    return standby(name, **({"sizing": Sizing(LOW, LOW), "cpu_cores": 0.1, "shape": 9} | overrides))


def rising(name: str, trouble: str = "", **overrides: Any) -> Pod:
    """A standby that was asked to rise, and does not have its cpu yet."""
    return standby(name, **({"sizing": Sizing(FULL, LOW, trouble)} | overrides))


def starting(name: str, **overrides: Any) -> Pod:
    """A standby that is not ready yet."""
    return standby(name, **({"phase": "Pending", "ready_at": None, "once_ready": False} | overrides))


def node(name: str = "node-1", cpu: float = 8.0, **overrides: Any) -> Node:
    return replace(Node(name, {"zone": "north"}, True, True, cpu, 100.0, 110), **overrides)
