"""Standbys at rest: which size each has, and what that comes to.

A standby starts at the template's size, so that it starts as fast as any pod and what it reads of its size is right.
Once it is ready it is resized in place to its rest, and before it is promoted back to what the template says:

| asked of it    | its kubelet      | size   | warm                             | what is done                       |
|----------------|------------------|--------|----------------------------------|------------------------------------|
| the template's | has given that   | full   | yes                              | promoted, or lowered to rest       |
| the template's | has not yet      | rising | no                               | lowered when nobody waits for it   |
| the template's | cannot (trouble) | rising | no, and said so                  | the same; another rises instead    |
| less           | has given that   | low    | if its node has room for a rise  | rises when somebody waits for it   |
| less           | has not yet      | low    | no                               | nothing                            |
| something else |                  | full   | as admission treats the others   | never resized                      |

Who waits for it is a ReplicaSet that lacks a pod, or a pod that is to leave its node (decide.migration).

    rest of a container  = its request x rest.cpu / sum of the requests, in whole millicores, rounded up
    limit of a container = its limit x rest.limit / sum of the limits; without rest.limit it stays, or is the request
                           where the template is Guaranteed
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgewarm.model.prices import PodRequests, Prices
from edgewarm.model.rungs import RestTerms, StandbyTerms
from edgewarm.model.sizing import Cpu, Cpus, has, is_below
from edgewarm.model.units import parse_quantity
from edgewarm.model.workload import Pod

Spec = Mapping[str, Any]
ROUNDING = 1e-6
LEAST_PRICE = 1e-3
"""A pod has an address, memory and a kubelet's attention, whatever it requests."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The cpu of a template's containers, and what it is at rest; `rest` is None where standbys do not rest."""

    full: Cpus
    rest: Cpus | None = None

    @property
    def spared_cores(self) -> float:
        """What a pod at rest requests less."""
        return sum_of(cpu.request for cpu in self.full.values()) - sum_of(
            self.cpu_at_rest(name).request for name in self.full
        )

    def more_cores(self, pod: Pod, wanted: Cpus) -> float:
        """How much more it would request at this size; not below 0."""
        asked = {} if pod.sizing is None else pod.sizing.asked
        return max(
            0.0, sum_of(cpu.request for cpu in wanted.values()) - sum_of(asked[n].request for n in wanted if n in asked)
        )

    def cpu_at_rest(self, name: str) -> Cpu:
        """Of one container; that of the template where it has no rest."""
        return (self.rest or self.full).get(name, self.full[name])

    def is_low(self, pod: Pod) -> bool:
        """It asks for less than the template does."""
        return pod.sizing is not None and is_below(pod.sizing.asked, self.full)

    def is_rising(self, pod: Pod) -> bool:
        """It asks for what the template does, and does not have it."""
        sizing = pod.sizing
        return sizing is not None and has(sizing.asked, self.full) and not sizing.is_settled

    def can_rest(self, pod: Pod) -> bool:
        """Its kubelet resizes, it is as the template says or lower, and not at its rest already."""
        sizing = pod.sizing
        if self.rest is None or sizing is None or sizing.given is None or has(sizing.asked, self.rest):
            return False
        return has(sizing.asked, self.full) or self.is_low(pod)


def sizes(spec: Spec, terms: RestTerms | None) -> Sizes:
    """Of a pod template's spec that `rest_refusal` has nothing against."""
    full = cpus(spec)
    return Sizes(full, None if terms is None else rest_of(spec, full, terms))


def cpus(spec: Spec) -> Cpus:
    """What each container says of its cpu."""
    return {c["name"]: cpu_of(c) for c in spec.get("containers") or () if cpu_of(c) != Cpu()}


def priced(terms: StandbyTerms, size: Sizes, pod: PodRequests, prices: Prices) -> StandbyTerms:
    """The terms with the price of a standby that requests less: its share of what a serving pod's requests cost.

    >>> half = Sizes({"app": Cpu(1.0)}, {"app": Cpu(0.5)})
    >>> priced(StandbyTerms(price=0.8), half, PodRequests(1.0, 0.0), Prices()).price  # 0.8 x 0.5 / 1
    0.4
    """
    whole, at_rest = prices.pod_hour(pod), replace(pod, cpu_cores=max(0.0, pod.cpu_cores - size.spared_cores))
    share = prices.pod_hour(at_rest) / whole if whole > 0 else 1.0
    return replace(terms, price=max(LEAST_PRICE, terms.price * share))


def rest_of(spec: Spec, full: Cpus, terms: RestTerms) -> Cpus:
    """By the formula above."""
    guaranteed = qos_class(spec) == "Guaranteed"
    requested, most = sum_of(cpu.request for cpu in full.values()), sum_of(cpu.limit for cpu in full.values())

    def of(cpu: Cpu) -> Cpu:
        request = None if not cpu.request else _millis(cpu.request * terms.cpu_cores / requested)
        if terms.limit_cores is not None and cpu.limit:
            return Cpu(request, _millis(cpu.limit * terms.limit_cores / most))
        return Cpu(request, request if guaranteed else None)

    return {name: of(cpu) for name, cpu in full.items()}


def qos_class(spec: Spec) -> str:
    """As https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ has it."""
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    if not any(requests_of(one) or limits_of(one) for one in containers):
        return "BestEffort"
    return "Guaranteed" if all(_is_guaranteed(one) for one in containers) else "Burstable"


def _is_guaranteed(container: Spec) -> bool:
    requests, limits = requests_of(container), limits_of(container)
    return all(
        name in limits and parse_quantity(str(requests.get(name, limits[name]))) == parse_quantity(str(limits[name]))
        for name in ("cpu", "memory")
    )


def cpu_of(container: Spec) -> Cpu:
    """What it says of its cpu."""
    request, limit = requests_of(container).get("cpu"), limits_of(container).get("cpu")
    return Cpu(None if request is None else _cores(request), None if limit is None else _cores(limit))


def _cores(quantity: Any) -> float:
    return float(parse_quantity(str(quantity)))


def requests_of(container: Spec) -> Mapping[str, Any]:
    """By resource; empty where there are none."""
    return (container.get("resources") or {}).get("requests") or {}


def limits_of(container: Spec) -> Mapping[str, Any]:
    """By resource; empty where there are none."""
    return (container.get("resources") or {}).get("limits") or {}


def sum_of(parts: Iterable[float | None]) -> float:
    """Of those that are there."""
    return sum(part for part in parts if part is not None)


def _millis(cores: float) -> float:
    return math.ceil(cores * 1000 - ROUNDING) / 1000
