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

from edgewarm.model.prices import PodRequests
from edgewarm.model.units import parse_quantity

ResourceList = dict[str, str]
_ZERO = Decimal(0)

quantity = lru_cache(maxsize=4096)(parse_quantity)
"""`parse_quantity` remembered: ten thousand pods share a few dozen requests."""


class _Resources(msgspec.Struct, gc=False):
    requests: ResourceList | None = None
    limits: ResourceList | None = None


class Container(msgspec.Struct, gc=False, rename="camel"):
    """The part of a v1 Container that costs room, and what it is.

    `restart_policy` Always marks a sidecar among init containers.
    """

    name: str = ""
    image: str = ""
    resources: _Resources | None = None
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
) -> PodRequests:
    """The formula above, for cpu (cores), memory, ephemeral storage (bytes) and GPUs (whatever ends in /gpu)."""
    gpus = {name for c in (*containers, *init) for name in c.names if name.endswith("/gpu")}

    def effective(name: str) -> float:
        if at_pod_level and name in at_pod_level:
            base = quantity(at_pod_level[name])
        else:
            base = _together(containers, init, name)
        return float(base + quantity((overhead or {}).get(name, "0")))

    return PodRequests(
        effective("cpu"), effective("memory"), sum(effective(name) for name in gpus), effective("ephemeral-storage")
    )


def _together(containers: Sequence[Container], init: Sequence[Container], name: str) -> Decimal:
    sidecars, peak = _ZERO, _ZERO
    for container in init:
        if container.restart_policy == "Always":
            sidecars += container.request(name)
            peak = max(peak, sidecars)
        else:
            peak = max(peak, sidecars + container.request(name))
    return max(peak, sidecars + sum((container.request(name) for container in containers), _ZERO))
