"""What a pod asks of its node, counted as the scheduler counts it.

containers and sidecars run together; init containers run one after the other, beside the sidecars begun before them:
    max(sum(containers) + sum(sidecars), max over init i of (request_i + sidecars before i)) + overhead
https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
Requests at pod level (spec.resources) replace the sum, resource by resource.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

import msgspec

from edgewarm.model.amounts import CPU, EPHEMERAL, MEMORY, Amounts
from edgewarm.model.prices import PodRequests
from edgewarm.model.units import parse_quantity

ResourceList = dict[str, str]
_ZERO = Decimal(0)

quantity = lru_cache(maxsize=4096)(parse_quantity)
"""`parse_quantity` remembered: ten thousand pods share a few dozen requests."""


class Resources(msgspec.Struct, gc=False):
    """v1 ResourceRequirements."""

    requests: ResourceList | None = None
    limits: ResourceList | None = None


class Container(msgspec.Struct, gc=False, rename="camel"):
    """The part of a v1 Container that costs room, and what it is.

    `restart_policy` Always marks a sidecar among init containers.
    """

    name: str = ""
    image: str = ""
    resources: Resources | None = None
    restart_policy: str | None = None

    @property
    def names(self) -> Collection[str]:
        return (self.resources.requests if self.resources else None) or ()

    def request(self, name: str) -> Decimal:
        requests = self.resources.requests if self.resources else None
        return quantity(requests[name]) if requests and name in requests else _ZERO


def requested(
    containers: Sequence[Container],
    init: Sequence[Container] = (),
    overhead: Mapping[str, str] | None = None,
    at_pod_level: Mapping[str, str] | None = None,
) -> Amounts:
    """The formula above, for every resource that is named anywhere."""
    own, beyond = at_pod_level or {}, overhead or {}
    names = {name for c in (*containers, *init) for name in c.names} | own.keys() | beyond.keys()

    def effective(name: str) -> float:
        base = quantity(own[name]) if name in own else _together(containers, init, name)
        return float(base + quantity(beyond.get(name, "0")))

    return {name: effective(name) for name in sorted(names)}


def priced(found: Amounts) -> PodRequests:
    """What of it has a price: cpu, memory, ephemeral storage and GPUs, which is whatever ends in /gpu."""
    gpus = sum(amount for name, amount in found.items() if name.endswith("/gpu"))
    return PodRequests(found.get(CPU, 0.0), found.get(MEMORY, 0.0), gpus, found.get(EPHEMERAL, 0.0))


def _together(containers: Sequence[Container], init: Sequence[Container], name: str) -> Decimal:
    sidecars, peak = _ZERO, _ZERO
    for container in init:
        if container.restart_policy == "Always":
            sidecars += container.request(name)
            peak = max(peak, sidecars)
        else:
            peak = max(peak, sidecars + container.request(name))
    return max(peak, sidecars + sum((container.request(name) for container in containers), _ZERO))
