"""The stages of warmth, what a policy asks of each, and how many units stand on one. Lower stages come first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RungName(StrEnum):
    """One stage of a cold start; the order is that of the ladder."""

    NODE_ROOM = "NodeRoom"
    IMAGE = "Image"
    DATA = "Data"
    STANDBY = "Standby"
    REPLICA = "Replica"

    @property
    def height(self) -> int:
        return tuple(RungName).index(self)


@dataclass(frozen=True, slots=True)
class Place:
    """A rung, on a node or (None) wherever the scheduler puts it."""

    rung: RungName
    node: str | None = None


@dataclass(frozen=True, slots=True)
class RungCount:
    """Units of one rung in one place: wanted, warm (usable now), and still warming; `reason` says who set `wanted`.

    `held` are the units there are, warm, warming or in trouble, without those that are going away.
    """

    place: Place
    wanted: int
    warm: int
    warming: int
    held: int
    reason: str

    @property
    def gap(self) -> int:
        """How far the place is from the plan."""
        return abs(self.wanted - self.warm)


@dataclass(frozen=True, slots=True)
class StandbyTerms:
    """What a policy asks of its standbys: how many at least and at most, how old, and what one costs.

    `price` is the cost of a standby as a share of an idle serving pod's.
    """

    least: int = 0
    most: int = 10
    max_age_seconds: float = 3600.0
    price: float = 0.8

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most:
            raise ValueError(f"standbys must satisfy 0 <= min <= max, got {self.least}..{self.most}")
        if not 0 < self.price <= 1:
            raise ValueError(f"a standby's price must be above 0 and at most 1, got {self.price}")


@dataclass(frozen=True, slots=True)
class Rungs:
    """The rungs that a policy opted into; None is not asked for."""

    standby: StandbyTerms | None = None

    def __bool__(self) -> bool:
        return self.standby is not None
