"""What a policy asks of the nodes of its pool, on the wire: how many, which by hand, where, and who yields to whom."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr

from edgewarm.api.fields import ListMap, Name, Time
from edgewarm.api.rule import Rule, Wire
from edgewarm.model.policy import Warming
from edgewarm.model.pool import Qos
from edgewarm.model.units import parse_quantity

_PLAIN = Warming()
Degrees = Annotated[StrictStr, Field(max_length=16)]


class WarmedNodeSpec(Wire):
    """A node on which room is reserved by hand, until a time."""

    name: Name
    """Name of a node of the pool."""
    until: Time
    """RFC 3339 time until which the room is reserved, such as 2026-11-22T18:00:00Z."""
    pods: Annotated[StrictInt, Field(ge=1, le=100)] = 1
    """Pods of the workload for which there is to be room, 1 to 100."""


class WarmingSpec(Wire):
    """On how many nodes of the pool anything may be held warm, and on which of them by hand."""

    max_prewarmed_nodes: Annotated[StrictInt, Field(ge=1, le=5000)] = _PLAIN.max_nodes
    """Nodes on which something may be held warm at a time, 1 to 5000."""
    max_new_nodes_per_pass: Annotated[StrictInt, Field(ge=1, le=5000)] = _PLAIN.max_new_nodes
    """Nodes on which warming may begin within one pass (15 s), 1 to 5000."""
    nodes: Annotated[tuple[WarmedNodeSpec, ...], ListMap(("name",), 64)] = ()
    """Nodes to warm by hand, at most 64: until the time given its images and data are held there whatever is forecast,
    and in mode Act room for pods of the workload is reserved, so that nothing else is warmed in it."""


def _degrees_in_cel(name: str, most: int) -> str:
    number = f"quantity(self.{name})"
    within = f"!{number}.isLessThan(quantity('-{most}')) && !{number}.isGreaterThan(quantity('{most}'))"
    return f"(!has(self.{name}) || (isQuantity(self.{name}) && {within}))"


def _within(text: str | None, most: int) -> bool:
    return text is None or -most <= parse_quantity(text) <= most


class RegionSpec(Wire):
    """A region by its name, or by a distance from a point."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=63)]
    """Name of the region; without latitude it is the value of the nodes' region label (location.regionLabel of the
    pool)."""
    latitude: Degrees | None = None
    """Degrees north of the equator of the region's centre, from "-90" to "90"."""
    longitude: Degrees | None = None
    """Degrees east of Greenwich of the region's centre, from "-180" to "180"."""
    within_km: Annotated[StrictInt, Field(ge=1, le=20_100)] | None = None
    """Distance from the centre in kilometres, 1 to 20100; nodes without a position are outside."""

    rules = (
        Rule(
            "regions[] needs latitude, longitude and withinKm together, or none of them",
            cel="has(self.latitude) == has(self.longitude) && has(self.latitude) == has(self.withinKm)",
            holds=lambda r: (r.latitude is None) == (r.longitude is None) == (r.within_km is None),
        ),
        Rule(
            'regions[].latitude must be from "-90" to "90" and longitude from "-180" to "180"',
            cel=f"{_degrees_in_cel('latitude', 90)} && {_degrees_in_cel('longitude', 180)}",
            holds=lambda region: _within(region.latitude, 90) and _within(region.longitude, 180),
        ),
    )


class QosSpec(Wire):
    """Who yields to whom where the pool has too little room."""

    priority: Qos = Qos.MEDIUM
    """How much it matters that this workload is warm: Critical, High, Medium or Low."""
    preemptible: StrictBool = True
    """Whether its warmth may be given up for a policy of higher priority, where the pool preempts."""
