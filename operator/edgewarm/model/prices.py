"""What capacity costs, what a change of plan risks, and above what a person must approve it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from edgewarm.model.policy import Strategy

GIB = 2**30
HIGHEST_PRICE = "1G"
"""Per unit and hour, as a quantity: what is dearer is a typing error, and a cost must stay a finite number."""


@dataclass(frozen=True, slots=True)
class PodRequests:
    """What one pod sets aside: cores, bytes of memory, whole GPUs, bytes of ephemeral storage."""

    cpu_cores: float = 0.0
    memory_bytes: float = 0.0
    gpus: float = 0.0
    storage_bytes: float = 0.0


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices per unit and hour, in any one currency."""

    cpu_core: float = 0.1
    memory_gib: float = 0.01
    gpu: float = 1.0
    storage_gib: float = 0.05

    def __post_init__(self) -> None:
        for name, price in asdict(self).items():
            if not (math.isfinite(price) and price >= 0):
                raise ValueError(f"price {name} must be finite and >= 0, got {price}")

    def pod_hour(self, pod: PodRequests) -> float:
        """What one pod costs in an hour.

        >>> round(Prices().pod_hour(PodRequests(0.5, 2 * GIB)), 6)  # .5 x .1 + 2 x .01
        0.07
        """
        memory, storage = pod.memory_bytes / GIB, pod.storage_bytes / GIB
        return (
            self.cpu_core * pod.cpu_cores + self.memory_gib * memory + self.gpu * pod.gpus + self.storage_gib * storage
        )


class RiskLevel(StrEnum):
    """How much could go wrong, from least to most."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"

    @property
    def rank(self) -> int:
        return tuple(RiskLevel).index(self)


@dataclass(frozen=True, slots=True)
class ApprovalTerms:
    """A rise must be approved where it costs more, is as risky, or comes of one of these strategies."""

    cost_above: float = 100.0
    risk: RiskLevel = RiskLevel.HIGH
    strategies: frozenset[Strategy] = field(default=frozenset({Strategy.AGGRESSIVE}))


@dataclass(frozen=True, slots=True)
class Terms:
    """What an administrator sets for a pool, or for all policies without one; no `approval` asks for none."""

    prices: Prices = field(default=Prices())
    approval: ApprovalTerms | None = None
