"""How fast the replica count may change, on the wire; the names are those of HorizontalPodAutoscaler v2."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from edgewarm.api.fields import MAX_REPLICAS
from edgewarm.api.rule import Wire
from edgewarm.model.policy import SCALE_DOWN_DEFAULT, SCALE_UP_DEFAULT, Pace, RateUnit, Select


class RateLimit(Wire):
    """How much may change within a period; the names are those of HorizontalPodAutoscaler v2."""

    type: RateUnit
    """Whether value counts Pods or is a Percent of the replicas at the start of the period."""
    value: Annotated[StrictInt, Field(ge=1, le=MAX_REPLICAS)]
    """Change allowed within the period, in pods or in percent."""
    period_seconds: Annotated[StrictInt, Field(ge=1, le=1800)]
    """Length of the period in seconds, at most 1800."""


RateLimits = Annotated[
    tuple[RateLimit, ...],
    Field(min_length=1, max_length=8, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
]
Stabilization = Annotated[StrictInt, Field(ge=0, le=3600)]


def _limits(pace: Pace) -> tuple[RateLimit, ...]:
    wire = ({"type": rate.unit, "value": rate.value, "periodSeconds": int(rate.period_seconds)} for rate in pace.limits)
    return tuple(RateLimit.model_validate(entry) for entry in wire)


class ScaleUp(Wire):
    """How fast the replica count may rise."""

    stabilization_window_seconds: Stabilization = int(SCALE_UP_DEFAULT.stabilization_seconds)
    """Seconds of past recommendations of which the lowest counts, 0 to 3600; 0 rises at once."""
    select_policy: Select = SCALE_UP_DEFAULT.select
    """Which of the policies counts: the one that allows most (Max), least (Min), or no rise at all (Disabled)."""
    policies: RateLimits = _limits(SCALE_UP_DEFAULT)
    """Limits of the rise; by default the larger of 100 percent and 4 pods in 15 seconds."""


class ScaleDown(Wire):
    """How fast the replica count may fall."""

    stabilization_window_seconds: Stabilization | None = None
    """Seconds of past recommendations of which the highest counts, 0 to 3600; the cool-down. Left out, a forecast that
    is acted on says instead what is kept, and without one it is 300. Stated, it holds in both cases."""
    select_policy: Select = SCALE_DOWN_DEFAULT.select
    """Which of the policies counts: the one that allows most (Max), least (Min), or no fall at all (Disabled)."""
    policies: RateLimits = _limits(SCALE_DOWN_DEFAULT)
    """Limits of the fall; by default 100 percent in 15 seconds, so that only the window slows it."""


class Behavior(Wire):
    """The pace of both directions, with the names and the meaning of HorizontalPodAutoscaler v2, but for one: a
    forecast that is acted on takes the place of a scale-down window that is left out."""

    scale_up: ScaleUp = ScaleUp()
    """How fast the replica count may rise."""
    scale_down: ScaleDown = ScaleDown()
    """How fast the replica count may fall."""
