"""Label selectors, as Kubernetes has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One matchExpressions entry of a label selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Kubernetes semantics: NotIn and DoesNotExist also match where the label is absent; Gt and Lt, which only
        node affinity has, compare whole numbers and match nothing else."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value is not None and value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
            case "Gt" | "Lt":
                return value is not None and self._compares(value)
        raise ValueError(f"operator must be In, NotIn, Exists, DoesNotExist, Gt or Lt, got {self.operator}")

    def _compares(self, value: str) -> bool:
        try:
            found, bound = int(value), int(self.values[0])
        except (ValueError, IndexError):
            return False
        return found > bound if self.operator == "Gt" else found < bound

    def __str__(self) -> str:
        return f"{self.key} {self.operator} {', '.join(self.values)}".rstrip()


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector: every label and every requirement must match."""

    labels: tuple[tuple[str, str], ...] = ()
    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(labels.get(k) == v for k, v in self.labels) and all(r.matches(labels) for r in self.requirements)

    def __str__(self) -> str:
        """For people: "gpu=yes, zone In north, south"."""
        return ", ".join([*(f"{key}={value}" for key, value in self.labels), *map(str, self.requirements)])
