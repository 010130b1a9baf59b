"""The stages of warmth, what a policy asks of each, and how many units stand on one. Lower stages come first."""

from __future__ import annotations

from dataclasses import dataclass, field
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


PULLED = frozenset({RungName.IMAGE, RungName.DATA})
"""Rungs that are climbed by pulls and fetches, whose pods are none of the workload's."""


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
class RestTerms:
    """What a standby requests of the cores while it waits, and may use at most; without `limit` that stays."""

    cpu_cores: float
    limit_cores: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.cpu_cores <= (self.cpu_cores if self.limit_cores is None else self.limit_cores):
            raise ValueError(f"a rest must satisfy 0 < cpu <= limit, got {self.cpu_cores} and {self.limit_cores}")


@dataclass(frozen=True, slots=True)
class StandbyTerms:
    """What a policy asks of its standbys: how many at least and at most, how old, what one costs, and how it waits.

    `price` is the cost of a standby that requests what a serving pod does, as a share of an idle serving pod's.
    """

    least: int = 0
    most: int = 10
    max_age_seconds: float = 3600.0
    price: float = 0.8
    rest: RestTerms | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most:
            raise ValueError(f"standbys must satisfy 0 <= min <= max, got {self.least}..{self.most}")
        if not 0 < self.price <= 1:
            raise ValueError(f"a standby's price must be above 0 and at most 1, got {self.price}")


@dataclass(frozen=True, slots=True)
class ImageTerms:
    """What a policy asks of its images on nodes.

    `price` is the cost of a node's images as a share of an idle serving pod's, `ttl_seconds` how long they are held at
    least. `asked`: the policy says so itself; where it says nothing they are held in mode Act only.
    """

    price: float = 0.01
    ttl_seconds: float = 1800.0
    asked: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.price <= 1:
            raise ValueError(f"an image's price must be above 0 and at most 1, got {self.price}")


@dataclass(frozen=True, slots=True)
class DataTerms:
    """What a policy asks of its data on nodes: bytes on each node at most, and for how long unused data stays."""

    most_bytes: float = 10.0 * 2**30
    ttl_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class NodeRoomTerms:
    """How many placeholders a policy holds at least and at most; `price` is one's share of an idle serving pod's."""

    least: int = 0
    most: int = 10
    price: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most:
            raise ValueError(f"placeholders must satisfy 0 <= min <= max, got {self.least}..{self.most}")
        if not 0 < self.price <= 1:
            raise ValueError(f"a placeholder's price must be above 0 and at most 1, got {self.price}")


@dataclass(frozen=True, slots=True)
class ParkingTerms:
    """A policy's word that its clients bear a connection that ends later; how long these may go on."""

    drain_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Rungs:
    """The rungs of a policy below its replicas; None is not wanted. Images are, unless the policy says otherwise."""

    standby: StandbyTerms | None = None
    parking: ParkingTerms | None = None
    image: ImageTerms | None = field(default=ImageTerms())
    data: DataTerms | None = None
    node_room: NodeRoomTerms | None = None
    migration: bool = False  # pods leave nodes that are to be left, each once a standby elsewhere is warm

    @property
    def drain_seconds(self) -> float:
        """How long a parked pod is left alone."""
        return ParkingTerms().drain_seconds if self.parking is None else self.parking.drain_seconds

    def __bool__(self) -> bool:
        """Whether the policy asks for a rung itself."""
        asked = self.image is not None and self.image.asked
        return asked or any(terms is not None for terms in (self.standby, self.data, self.node_room))
