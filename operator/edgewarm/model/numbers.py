"""One policy's numbers of one pass, as its metrics show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgewarm.model.identity import Part
from edgewarm.model.stages import Stage


@dataclass(frozen=True, slots=True)
class ResourceNumbers:
    """Demand for one resource, or of one part, now and at lead time by level, in the unit of its query."""

    demand: float | None = None
    forecast: Mapping[float, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RungNumbers:
    """Units of one rung over all nodes."""

    wanted: int
    warm: int
    warming: int


@dataclass(frozen=True, slots=True)
class PolicyNumbers:
    """What one pass knows of one policy; None where nothing is known. Quantiles are keyed by level: 0.5 and 0.9.

    `forecast` is demand at lead time, `lead_seconds` the lead time itself. A policy with resources has no demand of its
    own, only that of each of its `resources` by name. `parts` are those of demand by its labels.
    `stages` are in seconds; `pulls` by outcome and `idle` unit-minutes by rung are totals since the operator began.
    """

    demand: float | None = None
    need: int | None = None
    ready: int | None = None
    wanted: int | None = None
    blind: bool = False
    forecast: Mapping[float, float] = field(default_factory=dict)
    lead_seconds: Mapping[float, float] = field(default_factory=dict)
    resources: Mapping[str, ResourceNumbers] = field(default_factory=dict)
    parts: Mapping[Part, ResourceNumbers] = field(default_factory=dict)
    stages: Mapping[Stage, Mapping[float, float]] = field(default_factory=dict)
    rungs: Mapping[str, RungNumbers] = field(default_factory=dict)
    stored: Mapping[str, float] = field(default_factory=dict)
    pulls: Mapping[str, int] = field(default_factory=dict)
    idle: Mapping[str, float] = field(default_factory=dict)
