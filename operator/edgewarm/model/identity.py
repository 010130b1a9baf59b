"""Who a thing is: types instead of joined strings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Namespace and name of an object; cluster-scoped objects have an empty namespace."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


DEMAND = "demand"
"""The name of the series that demand.query or demand.template asks for; no resource may have it."""


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """One series of a policy's demand: the only one, or that of one resource."""

    policy: Key
    series: str = DEMAND

    def __str__(self) -> str:
        return str(self.policy) if self.series == DEMAND else f"{self.policy} {self.series}"


@dataclass(frozen=True, slots=True, order=True)
class TargetRef:
    """What a policy scales: an object with a /scale subresource in the policy's namespace."""

    api_version: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
