"""spec.rungs on the wire: the stages of warmth below the replicas that a policy opts into."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from edgewarm.api.fields import DurationText, RatioText, duration_within, is_ratio_in_cel, parse_ratio, ratio_in_cel
from edgewarm.api.rule import Rule, Wire
from edgewarm.model.rungs import Rungs, StandbyTerms
from edgewarm.model.units import parse_duration

MAX_STANDBYS = 500
Standbys = Annotated[StrictInt, Field(ge=0, le=MAX_STANDBYS)]


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
    gives way to any pod that finds no room. The lower, the more standbys are held in place of replicas."""

    rules = (
        Rule(
            "rungs.standby.min must not be above rungs.standby.max (default 10)",
            cel="self.min <= self.max",
            holds=lambda standby: standby.min <= standby.max,
        ),
        Rule(
            'rungs.standby.holdingCost must be a ratio above 0 and at most 1, such as "0.8" or "80%"',
            cel=f"{is_ratio_in_cel('self.holdingCost')} && 0.0 < {ratio_in_cel('self.holdingCost')} && "
            f"{ratio_in_cel('self.holdingCost')} <= 1.0",
            holds=lambda standby: 0 < parse_ratio(standby.holding_cost) <= 1,
        ),
    )


class RungsSpec(Wire):
    """The stages of warmth below the replicas; each is off unless it is here."""

    standby: StandbySpec | None = None
    """Keep ready pods out of traffic, for a Deployment that Services feed; {} takes the defaults."""


def rungs(spec: RungsSpec | None) -> Rungs:
    """As the core sees them."""
    if spec is None:
        return Rungs()
    return Rungs(standby=None if spec.standby is None else _standby(spec.standby))


def _standby(spec: StandbySpec) -> StandbyTerms:
    return StandbyTerms(spec.min, spec.max, parse_duration(spec.max_age), parse_ratio(spec.holding_cost))
