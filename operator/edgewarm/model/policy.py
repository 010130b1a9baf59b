"""A WarmingPolicy as the core sees it: checked at birth, units in the names, no wire types."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from edgewarm.model.data import DataItem
from edgewarm.model.demand import DemandRequest
from edgewarm.model.geography import Region
from edgewarm.model.identity import DEMAND, TargetRef
from edgewarm.model.pool import Qos
from edgewarm.model.rungs import Rungs


class Mode(StrEnum):
    """What the operator may do with its decisions."""

    OBSERVE = "Observe"
    RECOMMEND = "Recommend"
    ACT = "Act"


class Strategy(StrEnum):
    """Which rules choose the number; the rest of the code is the same."""

    REACTIVE = "Reactive"  # the two utilisations
    PREDICTIVE = "Predictive"  # forecast
    SCHEDULED = "Scheduled"  # schedules
    HYBRID = "Hybrid"  # the largest of both
    AGGRESSIVE = "Aggressive"  # Hybrid that holds more, and for longer
    CONSERVATIVE = "Conservative"  # Hybrid that holds less, and takes one step at a time


class Model(StrEnum):
    """Forecasting models that come with the operator; any other name is a plug-in's."""

    FLEET = "Fleet"
    ARIMA = "ARIMA"
    EXPONENTIAL_SMOOTHING = "ExponentialSmoothing"
    LINEAR = "Linear"


DEFAULT_KAPPA = 10.0
KAPPA_FACTOR = {Strategy.AGGRESSIVE: 3.0, Strategy.CONSERVATIVE: 1 / 3}
"""How much dearer (or cheaper) than the user says a strategy takes a shortage to be; 1 where a strategy is absent."""

DEFAULT_CONFIDENCE = 0.7
"""What acting on a forecast asks for where nothing else is stated or learned."""

LEAST_CONFIDENCE = {Strategy.CONSERVATIVE: 0.9}
"""What a strategy asks of the forecast at least, where the user asks for less."""


class Select(StrEnum):
    """HPA v2 `selectPolicy`."""

    MAX = "Max"
    MIN = "Min"
    DISABLED = "Disabled"


class RateUnit(StrEnum):
    """HPA v2 scaling policy `type`."""

    PODS = "Pods"
    PERCENT = "Percent"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """HPA v2 scaling policy: at most `value` pods or percent within `period_seconds`."""

    unit: RateUnit
    value: int
    period_seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """HPA v2 scaling rules of one direction; `stated`: its scale-down window is the user's word, not the default."""

    stabilization_seconds: float
    select: Select
    limits: tuple[RateLimit, ...]
    stated: bool = False


SCALE_UP_DEFAULT = Pace(0.0, Select.MAX, (RateLimit(RateUnit.PERCENT, 100, 15.0), RateLimit(RateUnit.PODS, 4, 15.0)))
SCALE_DOWN_DEFAULT = Pace(300.0, Select.MAX, (RateLimit(RateUnit.PERCENT, 100, 15.0),))
"""The defaults of HPA v2: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#default-behavior"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Inclusive bounds of a replica count."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high:
            raise ValueError(f"bounds must satisfy 0 <= low <= high, got {self.low}..{self.high}")

    def clamp(self, count: int) -> int:
        return max(self.low, min(count, self.high))


@dataclass(frozen=True, slots=True)
class Schedule:
    """A recurring window: from each time that `start` matches to the next that `end` matches (5-field cron)."""

    name: str
    time_zone: str
    start: str
    end: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """Hold at least `replicas` once demand has been unknown for `after_seconds`."""

    replicas: int
    after_seconds: float


@dataclass(frozen=True, slots=True)
class WarmedNode:
    """Room for so many pods on a node, reserved by hand until a time."""

    name: str
    until: float
    pods: int = 1


@dataclass(frozen=True, slots=True)
class Warming:
    """What a policy may hold in its pool: on how many nodes, on how many new ones per pass, and by hand."""

    max_nodes: int = 10
    max_new_nodes: int = 5
    nodes: tuple[WarmedNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that demand uses up: what to ask a source for, and how much of it one pod gives, in the query's unit.

    `unit` is the suffix in which people read it, such as Gi; numbers are in ones all the same.
    """

    name: str
    request: DemandRequest
    per_pod: float
    unit: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.per_pod) and self.per_pod > 0):
            raise ValueError(f"what one pod gives of {self.name} must be finite and > 0, got {self.per_pod}")


@dataclass(frozen=True, slots=True)
class Policy:
    """The spec of a WarmingPolicy, defaults filled in.

    With `resources` demand is counted in pods, the largest of value / per pod, so `capacity_per_pod` is 1; `demand` is
    then the request of the first of them.
    """

    target: TargetRef
    demand: DemandRequest
    capacity_per_pod: float
    mode: Mode = Mode.OBSERVE
    strategy: Strategy = Strategy.HYBRID
    kappa: float = DEFAULT_KAPPA
    bounds: Bounds = field(default=Bounds(1, 100))
    scale_up: Pace = SCALE_UP_DEFAULT
    scale_down: Pace = SCALE_DOWN_DEFAULT
    scale_up_utilization: float = 0.8
    scale_down_utilization: float = 0.3
    schedules: tuple[Schedule, ...] = ()
    fallback: Fallback | None = None
    confidence_threshold: float | None = None
    model: str = Model.FLEET
    history_window_seconds: float = 336 * 3600.0
    prediction_horizon_seconds: float = 300.0
    time_zone: str = "UTC"
    paused_until: float | None = None
    pool: str | None = None
    resources: tuple[Resource, ...] = ()
    rungs: Rungs = field(default=Rungs())
    data: tuple[DataItem, ...] = ()
    warming: Warming = field(default=Warming())
    regions: tuple[Region, ...] = ()
    qos: Qos = Qos.MEDIUM
    preemptible: bool = True
    series: tuple[Resource, ...] = field(init=False, compare=False, repr=False)
    """Every question that the policy asks, the main one first; kept, since each pass reads it many times."""

    def __post_init__(self) -> None:
        if self.resources and self.capacity_per_pod != 1:
            raise ValueError(f"with resources demand is in pods, got {self.capacity_per_pod} per pod")
        if not (math.isfinite(self.capacity_per_pod) and self.capacity_per_pod > 0):
            raise ValueError(f"capacity per pod must be finite and > 0, got {self.capacity_per_pod}")
        if not (math.isfinite(self.kappa) and self.kappa > 0):
            raise ValueError(f"kappa must be finite and > 0, got {self.kappa}")
        alone = () if self.resources else (Resource(DEMAND, self.demand, self.capacity_per_pod),)
        object.__setattr__(self, "series", self.resources or alone)  # how a frozen dataclass fills in a field

    def least_confidence(self, learned: float = DEFAULT_CONFIDENCE) -> float:
        """Below it the forecast is shown, not acted on; 0 never asks. Where the user says nothing, `learned` counts."""
        if self.confidence_threshold == 0:
            return 0.0
        asked = learned if self.confidence_threshold is None else self.confidence_threshold
        return max(asked, LEAST_CONFIDENCE.get(self.strategy, 0.0))

    @property
    def holding_kappa(self) -> float:
        """What is held goes by the strategy's multiple of kappa; scores go by the user's own."""
        return self.kappa * KAPPA_FACTOR.get(self.strategy, 1.0)

    @property
    def service_level(self) -> float:
        """tau = kappa / (1 + kappa): the newsvendor's critical ratio (Arrow, Harris & Marschak 1951)."""
        return self.holding_kappa / (1 + self.holding_kappa)
