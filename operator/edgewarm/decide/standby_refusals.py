"""Templates that no standby can be built from, each with its sentence: what was found, and what to change.

A standby runs the template's containers beside the serving pods, and changes labels when it is promoted. What would
work twice, cannot be there twice, or reads those labels is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgewarm.model.names import POD_TEMPLATE_HASH
from edgewarm.model.workload import Service

_LABEL = re.compile(r"metadata\.labels\['(?P<key>[^']+)'\]")
Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """A pod spec, the Services that feed pods of it, and the label keys that a standby has otherwise."""

    spec: Spec
    services: tuple[Service, ...]
    altered: Collection[str]


Check = Callable[[Template], str | None]


def _feed(template: Template) -> str | None:
    if template.services:
        return None
    return (
        "no Service selects its pods, so a standby would begin to work as soon as it starts (a queue consumer does): "
        "add a Service, or remove rungs.standby"
    )


def _host_network(template: Template) -> str | None:
    if not template.spec.get("hostNetwork"):
        return None
    return "the template uses hostNetwork, so a standby would hold its node's ports: remove one of the two"


def _host_port(template: Template) -> str | None:
    for container in _containers(template.spec):
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                return (
                    f"container {container.get('name')} uses hostPort {port['hostPort']}, which a standby would hold "
                    "on its node: remove hostPort, or rungs.standby"
                )
    return None


def _claims(template: Template) -> str | None:
    for volume in template.spec.get("volumes") or ():
        claim = volume.get("persistentVolumeClaim")
        if claim and not claim.get("readOnly"):
            return (
                f"volume {volume.get('name')} mounts PersistentVolumeClaim {claim.get('claimName')} for writing, which "
                "a standby would do beside the serving pods: mount it readOnly, or remove rungs.standby"
            )
    return None


def _downward(template: Template) -> str | None:
    for where, path in _field_paths(template.spec):
        found = _LABEL.fullmatch(path)
        if path == "metadata.labels" or (found and found["key"] in {*template.altered, POD_TEMPLATE_HASH}):
            return (
                f"{where} reads {path} by the downward API, which a standby has otherwise until it is promoted: "
                "read another label, or remove rungs.standby"
            )
    return None


CHECKS: tuple[Check, ...] = (_feed, _host_network, _host_port, _claims, _downward)


def refusal(template: Template) -> str | None:
    """The first check that has something to say."""
    for check in CHECKS:
        problem = check(template)
        if problem is not None:
            return problem
    return None


def _containers(spec: Spec) -> Iterator[Mapping[str, Any]]:
    yield from spec.get("initContainers") or ()
    yield from spec.get("containers") or ()


def _field_paths(spec: Spec) -> Iterator[tuple[str, str]]:
    """(where, fieldPath) of every use of the downward API."""
    for container in _containers(spec):
        for variable in container.get("env") or ():
            path = ((variable.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath")
            if path:
                yield f"container {container.get('name')}, variable {variable.get('name')},", path
    for volume in spec.get("volumes") or ():
        projected = ((volume.get("projected") or {}).get("sources")) or ()
        for source in (volume.get("downwardAPI"), *(one.get("downwardAPI") for one in projected)):
            for item in (source or {}).get("items") or ():
                path = (item.get("fieldRef") or {}).get("fieldPath")
                if path:
                    yield f"volume {volume.get('name')}", path
