"""Who a thing is: types instead of joined strings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Namespace and name of an object; cluster-scoped objects have an empty namespace."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


DEMAND = "demand"
"""The name of the series that demand.query or demand.template asks for; no resource may have it."""


class Split(StrEnum):
    """By what a demand can be split, as demand.labels names it."""

    NODE = "node"
    REQUEST_TYPE = "requestType"
    DATA_CATEGORY = "dataCategory"
    REGION = "region"


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One value of one label: the demand on a node, of a request type, ..."""

    by: Split
    value: str

    def __str__(self) -> str:
        return f"{self.by} {self.value}"


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """One series of a policy's demand: the only one, that of one resource, or a part of it by the value of a label."""

    policy: Key
    series: str = DEMAND
    part: Part | None = None

    def __str__(self) -> str:
        series = "" if self.series == DEMAND else f" {self.series}"
        return f"{self.policy}{series}" if self.part is None else f"{self.policy}{series} of {self.part}"


@dataclass(frozen=True, slots=True, order=True)
class TargetRef:
    """What a policy scales: an object with a /scale subresource in the policy's namespace."""

    api_version: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
