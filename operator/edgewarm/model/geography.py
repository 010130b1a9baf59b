"""Where on Earth a node stands, and the regions in which a policy may hold anything."""

from __future__ import annotations

import math
from dataclasses import dataclass

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point in degrees, north and east positive."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError(f"latitude is -90 to 90 and longitude -180 to 180, got {self.latitude}, {self.longitude}")

    def km_to(self, other: Point) -> float:
        """Great-circle distance by the haversine formula (Sinnott, Sky & Telescope 68, 1984).

        >>> round(Point(52.52, 13.405).km_to(Point(48.8566, 2.3522)))  # Berlin, Paris
        877
        """
        north, east = math.radians(other.latitude - self.latitude), math.radians(other.longitude - self.longitude)
        both = math.cos(math.radians(self.latitude)) * math.cos(math.radians(other.latitude))
        half = math.sin(north / 2) ** 2 + both * math.sin(east / 2) ** 2
        return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


@dataclass(frozen=True, slots=True)
class Region:
    """A named region: the nodes with that region label, or within a distance of a point."""

    name: str
    centre: Point | None = None
    within_km: float = 0.0

    def holds(self, label: str | None, point: Point | None) -> bool:
        """Is a node with this region label and position inside? One of unknown position never is."""
        if self.centre is None:
            return label == self.name
        return point is not None and self.centre.km_to(point) <= self.within_km
