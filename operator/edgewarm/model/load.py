"""What a pass knows of one resource of a policy's demand, and which resource asks for the most pods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgewarm.model.demand import Measured, Reading
from edgewarm.model.policy import Resource
from edgewarm.model.quantiles import Outlook
from edgewarm.model.units import unit_size


@dataclass(frozen=True, slots=True)
class Load:
    """One resource, in the unit of its query: demand now and ahead; no outlook with too little history."""

    resource: Resource
    reading: Reading
    outlook: Outlook | None = None

    @property
    def demand(self) -> float | None:
        """Demand now; None while it is unknown."""
        return self.reading.value if isinstance(self.reading, Measured) else None

    @property
    def pods(self) -> float | None:
        """The same in pods, before it is rounded up."""
        return None if self.demand is None else self.demand / self.resource.per_pod


@dataclass(frozen=True, slots=True)
class Binding:
    """A demand in its own unit, and what one pod serves of it; without a name where a policy has only one demand."""

    demand: float
    per_pod: float
    name: str = ""
    unit: str = ""

    @classmethod
    def of(cls, resource: Resource, demand: float) -> Binding:
        return cls(demand, resource.per_pod, resource.name, resource.unit)

    def amount(self, number: Callable[[float], str]) -> str:
        """The demand for people: "310", "cpu 7.2" or "memory 3.1Gi"."""
        return f"{self.name} {self.size(number)}".lstrip()

    def size(self, number: Callable[[float], str]) -> str:
        """The same without the name."""
        return self._shown(self.demand, number)

    def each(self, number: Callable[[float], str]) -> str:
        """What one pod serves, in the same unit."""
        return self._shown(self.per_pod, number)

    def _shown(self, value: float, number: Callable[[float], str]) -> str:
        return f"{number(value / unit_size(self.unit))}{self.unit}" if self.unit else number(value)
