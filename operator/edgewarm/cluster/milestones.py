"""The wire's word on how far a pod has got: conditions, container statuses, and the Events of its pulls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from edgewarm.cluster.pull_progress import State
from edgewarm.cluster.requests import Container
from edgewarm.model.images import canonical
from edgewarm.model.stages import Milestones, Pull, PullOf
from edgewarm.model.units import parse_duration

# https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/kubelet/images/image_manager.go
_PULLED = re.compile(
    r'Successfully pulled image "(?P<image>[^"]+)" in (?P<moving>[\d.]+\S*?)'
    r"(?: \((?P<seconds>\S+) including waiting\))?(?:\. Image size: (?P<size>\d+) bytes\.?)?$"
)
_PRESENT = re.compile(r'Container image "(?P<image>[^"]+)" already present on machine')
_PARTS = {"spec.containers": PullOf.CONTAINER, "spec.initContainers": PullOf.INIT}

_PLAIN = frozenset({"name", "configMap", "secret", "projected", "downwardAPI", "emptyDir"})
"""Keys of a volume that the kubelet fills from what the API server tells: there is nothing to stage in those."""

Volumes = Sequence[dict[str, msgspec.Raw]]


class Condition(msgspec.Struct, gc=False, rename="camel"):
    """One condition of a pod or node."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class _Mount(msgspec.Struct, gc=False):
    name: str = ""


class InitContainer(Container, gc=False, rename="camel"):
    """With the volumes that it may fill."""

    volume_mounts: list[_Mount] | None = None


class ContainerStatus(msgspec.Struct, gc=False, rename="camel"):
    """The part of a v1 ContainerStatus that tells a start."""

    state: State | None = None
    restart_count: int = 0


class _Involved(msgspec.Struct, gc=False, rename="camel"):
    uid: str = ""
    field_path: str = ""


class _Source(msgspec.Struct, gc=False):
    host: str = ""


class _Event(msgspec.Struct, gc=False, rename="camel"):
    reason: str = ""
    message: str | None = ""
    involved_object: _Involved = msgspec.field(default_factory=_Involved)
    source: _Source | None = None


_EVENT = msgspec.json.Decoder(_Event)


def milestones(
    conditions: Sequence[Condition],
    acknowledged_at: datetime | None,
    statuses: Sequence[ContainerStatus],
    containers: tuple[Sequence[Container], Sequence[InitContainer]],
    volumes: Volumes,
) -> Milestones:
    """Of a pod's status, and of its spec: the containers and init containers, and the volumes."""
    main, init = containers
    data = frozenset(bytes(volume["name"]).strip(b'"').decode() for volume in volumes if not volume.keys() <= _PLAIN)
    return Milestones(
        scheduled_at=_true_at(conditions, "PodScheduled"),
        acknowledged_at=_seconds(acknowledged_at),
        sandbox_at=_true_at(conditions, "PodReadyToStartContainers"),
        initialized_at=_true_at(conditions, "Initialized"),
        started_at=_started_at(statuses, len(main)),
        images=_names(tuple(container.image for container in (*init, *main))),
        fills=bool(data),
        init_fills=any(mount.name in data for one in init for mount in one.volume_mounts or ()),
    )


def unplaced(conditions: Iterable[Condition]) -> tuple[str, str]:
    """Reason and message of a pod that finds no node; empty where it is only new."""
    found = (one for one in conditions if one.type == "PodScheduled" and one.reason == "Unschedulable")
    return next(((one.reason, one.message) for one in found), ("", ""))


def pull(raw: msgspec.Raw | bytes) -> Pull | None:
    """A v1 Event of reason Pulled; None for any other."""
    event = _EVENT.decode(raw)
    if event.reason != "Pulled":
        return None
    text, node = event.message or "", event.source.host if event.source else ""
    uid, of = event.involved_object.uid, _PARTS.get(event.involved_object.field_path.partition("{")[0], PullOf.VOLUME)
    if found := _PRESENT.match(text):
        return Pull(uid, node, found["image"], of)
    if found := _PULLED.match(text):
        moving = parse_duration(found["moving"])
        waited = parse_duration(found["seconds"]) if found["seconds"] else moving
        return Pull(uid, node, found["image"], of, waited, moving, int(found["size"]) if found["size"] else None)
    return None


def _started_at(statuses: Sequence[ContainerStatus], wanted: int) -> float | None:
    """When the last of them ran; None while one does not, or once one ran twice: its first start is not told."""
    times = [
        status.state.running.started_at.timestamp()
        for status in statuses
        if status.restart_count == 0 and status.state and status.state.running and status.state.running.started_at
    ]
    return max(times) if times and len(times) == wanted else None


def _true_at(conditions: Iterable[Condition], kind: str) -> float | None:
    return next(
        (_seconds(one.last_transition_time) for one in conditions if one.type == kind and one.status == "True"), None
    )


@lru_cache(maxsize=4096)
def _names(images: tuple[str, ...]) -> frozenset[str]:
    """Ten thousand pods share a few dozen templates."""
    return frozenset(canonical(image) for image in images if image)


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
