"""spec.rungs on the wire: the stages of warmth below the replicas that a policy opts into."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr

from edgewarm.api.fields import (
    DurationText,
    RatioText,
    duration_within,
    is_ratio_in_cel,
    parse_ratio,
    quantity_above_zero,
    ratio_in_cel,
)
from edgewarm.api.rule import Rule, Wire
from edgewarm.model.rungs import DataTerms, ImageTerms, NodeRoomTerms, ParkingTerms, RestTerms, Rungs, StandbyTerms
from edgewarm.model.units import parse_duration, parse_quantity

MAX_STANDBYS = 500
Standbys = Annotated[StrictInt, Field(ge=0, le=MAX_STANDBYS)]
Placeholders = Annotated[StrictInt, Field(ge=0, le=MAX_STANDBYS)]


def _is_a_share(rung: str, examples: str) -> Rule:
    """Of the field holdingCost of a rung."""
    ratio = ratio_in_cel("self.holdingCost")
    return Rule(
        f"rungs.{rung}.holdingCost must be a ratio above 0 and at most 1, such as {examples}",
        cel=f"{is_ratio_in_cel('self.holdingCost')} && 0.0 < {ratio} && {ratio} <= 1.0",
        holds=lambda spec: 0 < parse_ratio(spec.holding_cost) <= 1,
    )


class NodeRoomSpec(Wire):
    """Room on nodes for pods of the workload, held by placeholders: pods that do nothing, and that any pod that finds
    no room pushes out at once."""

    min: Placeholders = 0
    """Placeholders that are always kept, 0 to 500, whatever is forecast."""
    max: Placeholders = 10
    """Placeholders that are never exceeded, 0 to 500."""
    holding_cost: RatioText = "0.5"
    """Cost of a placeholder as a share of an idle serving pod's: a ratio above 0 and at most 1. It requests the same,
    but gives way to any pod. The lower, the less likely a pod must be for its room to be held."""

    rules = (
        Rule(
            "rungs.nodeRoom.min must not be above rungs.nodeRoom.max (default 10)",
            cel="self.min <= self.max",
            holds=lambda room: room.min <= room.max,
        ),
        _is_a_share("nodeRoom", '"0.5" or "50%"'),
    )


CpuText = Annotated[StrictStr, Field(max_length=16)]
"""An amount of cpu. Text only, as a ratio is."""
LEAST_CPU, MOST_CPU = "1m", "1k"


def _is_cpu_in_cel(path: str) -> str:
    least, most = f"quantity('{LEAST_CPU}')", f"quantity('{MOST_CPU}')"
    within = f"!quantity({path}).isLessThan({least}) && !quantity({path}).isGreaterThan({most})"
    return f"isQuantity({path}) && {within}"


def _is_cpu(text: str) -> bool:
    return parse_quantity(LEAST_CPU) <= parse_quantity(text) <= parse_quantity(MOST_CPU)


class RestSpec(Wire):
    """How a standby waits: with less cpu than the template gives its pods, which it gets back before it serves."""

    cpu: CpuText
    """Cores that a standby at rest requests in all, a quantity from 1m to 1k below what the template's containers
    request; each container requests its share. What a standby costs follows it."""
    limit: CpuText | None = None
    """Cores that it may use at most, a quantity that is not below cpu, where the template has cpu limits; each
    container has its share. Left out, the limits stay, or where the template is Guaranteed are the requests."""

    rules = (
        Rule(
            f'rungs.standby.rest.cpu must be a quantity from {LEAST_CPU} to {MOST_CPU}, such as "20m"',
            cel=_is_cpu_in_cel("self.cpu"),
            holds=lambda rest: _is_cpu(rest.cpu),
        ),
        Rule(
            f'rungs.standby.rest.limit must be a quantity from {LEAST_CPU} to {MOST_CPU}, such as "100m"',
            cel=f"!has(self.limit) || {_is_cpu_in_cel('self.limit')}",
            holds=lambda rest: rest.limit is None or _is_cpu(rest.limit),
        ),
        Rule(
            "rungs.standby.rest.limit must not be below rungs.standby.rest.cpu",
            cel="!has(self.limit) || !quantity(self.limit).isLessThan(quantity(self.cpu))",
            holds=lambda rest: rest.limit is None or parse_quantity(rest.limit) >= parse_quantity(rest.cpu),
        ),
    )


class StandbySpec(Wire):
    """Pods of the workload that are started and ready, get no traffic, and become serving pods in an instant."""

    min: Standbys = 0
    """Standbys that are always kept, 0 to 500, whatever is forecast."""
    max: Standbys = 10
    """Standbys that are never exceeded, 0 to 500; those being replaced for their age come on top, one at a time."""
    max_age: Annotated[DurationText, duration_within("rungs.standby.maxAge", "1m", "168h")] = "1h"
    """Age from which a standby is replaced by a fresh one, a Go duration from 1m to 168h: what it read when it started
    (configuration, leases, caches) grows old."""
    holding_cost: RatioText = "0.8"
    """Cost of a standby as a share of an idle serving pod's: a ratio above 0 and at most 1. It requests the same, but
    gives way to any pod that finds no room. The lower, the more standbys are held in place of replicas. With rest it
    is the cost at the template's size, of which a standby at rest has its share."""
    rest: RestSpec | None = None
    """Standbys wait with less cpu, where API server and kubelets resize pods in place (Kubernetes 1.33)."""

    rules = (
        Rule(
            "rungs.standby.min must not be above rungs.standby.max (default 10)",
            cel="self.min <= self.max",
            holds=lambda standby: standby.min <= standby.max,
        ),
        _is_a_share("standby", '"0.8" or "80%"'),
    )


class ParkingSpec(Wire):
    """Scaling in keeps pods that the forecast wants back: they leave the Services, and become standbys."""

    drain: Annotated[DurationText, duration_within("rungs.parking.drain", "0s", "1h")] = "30s"
    """How long connections of a parked pod may go on: until then it is neither promoted nor deleted. A Go duration from
    0s to 1h."""


class MigrationSpec(Wire):
    """Pods leave a node that is cordoned or drained, or fuller than migrateAbove of the pool says, one at a time: each
    once a standby elsewhere is warm and serves in its stead, and only if it might be evicted (PodDisruptionBudgets)."""


class ImageSpec(Wire):
    """The workload's images on the nodes of the pool where its pods are expected, pulled before they are needed."""

    enabled: StrictBool = True
    """Whether images are pulled ahead and kept; false ends it, and the pods that did it go."""
    holding_cost: RatioText = "0.01"
    """Cost of the images on one node as a share of an idle serving pod's: a ratio above 0 and at most 1. The lower, the
    less likely a pod must be for its images to be held."""
    ttl: Annotated[DurationText, duration_within("rungs.image.ttl", "5m", "24h")] = "30m"
    """How long images are held at least, and how far ahead a pod must be likely for them to be, a Go duration from 5m
    to 24h."""

    rules = (_is_a_share("image", '"0.01" or "1%"'),)


class DataRungSpec(Wire):
    """What spec.data lists, on the nodes of the pool where the workload's pods are expected, before they are."""

    storage: Annotated[
        StrictStr, Field(max_length=32), quantity_above_zero("rungs.data.storage", "1E", "10Gi", "self")
    ] = "10Gi"
    """The most bytes that the policy's data may hold on one node, and on one claim, what was begun and left there
    included, as a quantity. What is no longer wanted goes first, the longest unused before the others."""
    ttl: Annotated[DurationText, duration_within("rungs.data.ttl", "5m", "168h")] = "1h"
    """How long data stays after its last use once no pod is expected, and how far ahead a pod must be likely for it to
    be staged, a Go duration from 5m to 168h."""


class RungsSpec(Wire):
    """The stages of warmth below the replicas. Images are held without being asked for where poolRef names a pool and
    the mode is Act; what else is not here is not held."""

    node_room: NodeRoomSpec | None = None
    """Hold room on nodes; {} takes the defaults."""
    image: ImageSpec | None = None
    """Pull the workload's images ahead of its pods, in every mode that may."""
    data: DataRungSpec | None = None
    """Stage what spec.data lists; {} takes the defaults."""
    standby: StandbySpec | None = None
    """Keep ready pods out of traffic, for a Deployment that Services feed; {} takes the defaults."""
    parking: ParkingSpec | None = None
    """Scale in by parking pods as standbys; {} takes the defaults. It acts in mode Act, and where no
    HorizontalPodAutoscaler or ScaledObject scales. A parked pod gets no SIGTERM, so it does not know that it is to end
    its connections: for workloads whose clients bear that."""
    migration: MigrationSpec | None = None
    """Leave nodes that are to be left by warming the destination first; {} asks for it. It acts in mode Act."""

    rules = (
        Rule(
            "rungs.parking needs rungs.standby, which says how many parked pods are worth keeping: add standby: {}",
            cel="!has(self.parking) || has(self.standby)",
            holds=lambda rungs: rungs.parking is None or rungs.standby is not None,
        ),
        Rule(
            "rungs.migration needs rungs.standby with max of 1 or more, for a standby takes the place of each pod that "
            "leaves: add standby: {}",
            cel="!has(self.migration) || (has(self.standby) && self.standby.max > 0)",
            holds=lambda rungs: rungs.migration is None or (rungs.standby is not None and rungs.standby.max > 0),
        ),
    )


def rungs(spec: RungsSpec | None) -> Rungs:
    """As the core sees them."""
    if spec is None:
        return Rungs()
    return Rungs(
        standby=None if spec.standby is None else _standby(spec.standby),
        image=ImageTerms() if spec.image is None else _image(spec.image),
        data=None if spec.data is None else _data(spec.data),
        parking=None if spec.parking is None else ParkingTerms(parse_duration(spec.parking.drain)),
        migration=spec.migration is not None,
        node_room=None if spec.node_room is None else _node_room(spec.node_room),
    )


def _node_room(spec: NodeRoomSpec) -> NodeRoomTerms:
    return NodeRoomTerms(spec.min, spec.max, parse_ratio(spec.holding_cost))


def _data(spec: DataRungSpec) -> DataTerms:
    return DataTerms(float(parse_quantity(spec.storage)), parse_duration(spec.ttl))


def _image(spec: ImageSpec) -> ImageTerms | None:
    if not spec.enabled:
        return None
    return ImageTerms(parse_ratio(spec.holding_cost), parse_duration(spec.ttl), asked=True)


def _standby(spec: StandbySpec) -> StandbyTerms:
    rest = None if spec.rest is None else _rest(spec.rest)
    return StandbyTerms(spec.min, spec.max, parse_duration(spec.max_age), parse_ratio(spec.holding_cost), rest)


def _rest(spec: RestSpec) -> RestTerms:
    return RestTerms(float(parse_quantity(spec.cpu)), None if spec.limit is None else float(parse_quantity(spec.limit)))
