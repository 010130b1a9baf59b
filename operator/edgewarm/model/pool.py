"""An EdgeNodePool as the core sees it, what is held warm in it, and what is asked of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from edgewarm.model.amounts import CPU, NOTHING, Amounts
from edgewarm.model.constraints import Constraints
from edgewarm.model.geography import Region
from edgewarm.model.identity import Key
from edgewarm.model.rungs import RungName


class Qos(StrEnum):
    """How much a workload's warmth matters, most first."""

    CRITICAL = "Critical"
    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"

    @property
    def rank(self) -> int:
        """0 is Critical; a higher rank yields to a lower one."""
        return _RANK[self]


_RANK = {qos: rank for rank, qos in enumerate(Qos)}


class Allocation(StrEnum):
    """Whose request is served first, and on which node."""

    FIRST_FIT = "FirstFit"  # as asked; the first node by name
    BEST_FIT = "BestFit"  # as asked; the node that has the least left
    WORST_FIT = "WorstFit"  # as asked; the node that has the most left
    ROUND_ROBIN = "RoundRobin"  # as asked; the next node by name
    PRIORITY = "Priority"  # by QoS, then by value; the node by nodeChoice
    FAIR_SHARE = "FairShare"  # the namespace that holds least; the node by nodeChoice

    @property
    def chooses_by_node_choice(self) -> bool:
        return self in {Allocation.PRIORITY, Allocation.FAIR_SHARE}


class NodeChoice(StrEnum):
    """Which of the nodes that fit, with allocation Priority and FairShare."""

    LEAST_LOADED = "LeastLoaded"
    MOST_CAPACITY = "MostCapacity"
    BALANCED = "Balanced"
    PREDICTIVE = "Predictive"


class Preemption(StrEnum):
    """Whether what is held with a lower QoS may be given up for a request; the words are those of PriorityClass."""

    NEVER = "Never"
    LOWER = "PreemptLowerPriority"


@dataclass(frozen=True, slots=True)
class Slowdown:
    """Warming slows above one utilisation and pauses at the other, in proportion between them."""

    above: float = 0.7
    pause: float = 0.9

    def __post_init__(self) -> None:
        if not 0 < self.above < self.pause:
            raise ValueError(f"slow-down needs 0 < above < pause, got {self.above} and {self.pause}")

    def pace(self, utilization: float | None) -> float:
        """The share of what is asked in a pass that is served: 1, falling to 0.

        >>> [round(Slowdown(0.7, 0.9).pace(u), 2) for u in (0.7, 0.75, 0.8, 0.9)]
        [1.0, 0.75, 0.5, 0.0]
        """
        if utilization is None:  # nothing is ready, so nothing is full either
            return 1.0
        return min(1.0, max(0.0, (self.pause - utilization) / (self.pause - self.above)))


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so much, of all holdings, of those of one policy (`owner`), or of one rung of them.

    `max_nodes` counts nodes that hold anything, `max_new_nodes` those that hold nothing yet when a pass begins.
    `name` is where a person finds it: "spec.budgets".
    """

    name: str
    limits: Amounts = field(default_factory=lambda: NOTHING)
    owner: Key | None = None
    rung: str | None = None
    max_nodes: int | None = None
    max_new_nodes: int | None = None

    def covers(self, owner: Key, rung: str) -> bool:
        return self.owner in {None, owner} and self.rung in {None, rung}


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """The spec of an EdgeNodePool beside its selector, defaults filled in.

    `oversubscription` times what a node can give may be promised of the `shareable` resources to what runs later;
    pods always fit what the node has.
    """

    allocation: Allocation = Allocation.PRIORITY
    node_choice: NodeChoice = NodeChoice.LEAST_LOADED
    preemption: Preemption = Preemption.NEVER
    oversubscription: float = 1.0
    shareable: frozenset[str] = frozenset({CPU})
    limits: Amounts = field(default_factory=lambda: NOTHING)
    slowdown: Slowdown | None = None
    region_label: str = "topology.kubernetes.io/region"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.oversubscription) and self.oversubscription >= 1):
            raise ValueError(f"oversubscription must be finite and >= 1, got {self.oversubscription}")


@dataclass(frozen=True, slots=True)
class Holding:
    """Something that is kept warm on a node, or promised there: a standby, an image, room.

    Without a `pod` on the node it is a promise, and counts as one. From `until` on it is expired; `surplus` is what no
    plan wants any more. Both go first. `constraints` is that of the workload, whose member a standby will be. `rise` is
    what a standby at rest asks for beyond its `amounts` before it serves: room that nothing else is warmed in.
    """

    name: str
    owner: Key
    rung: str
    node: str
    amounts: Amounts
    since: float
    qos: Qos = Qos.MEDIUM
    preemptible: bool = True
    until: float | None = None
    surplus: bool = False
    pod: Key | None = None
    constraints: Constraints | None = None
    rise: Amounts = field(default_factory=lambda: NOTHING)

    def is_spent(self, now: float) -> bool:
        """Nobody wants it any more."""
        return self.surplus or (self.until is not None and self.until <= now)

    def is_meant_for(self, request: Request) -> bool:
        """Room that a policy reserved is there for its own pods."""
        return self.rung == RungName.NODE_ROOM != request.rung and self.owner == request.owner


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to hold: what it takes of a node and of the budgets, where it may be, and what it is worth.

    A pod must fit what the node has; what only `promises` room may use what is oversubscribed. `only` names the nodes
    that come into question (None: all), `preferred` those to try first, best first. `value` is in idle pod-minutes.
    """

    name: str
    owner: Key
    rung: str
    amounts: Amounts
    constraints: Constraints = field(default=Constraints())
    qos: Qos = Qos.MEDIUM
    preemptible: bool = True
    value: float = 0.0
    preferred: tuple[str, ...] = ()
    only: frozenset[str] | None = None
    regions: tuple[Region, ...] = ()
    until: float | None = None
    promises: bool = False

    def __post_init__(self) -> None:
        for name, amount in self.amounts.items():
            if not (math.isfinite(amount) and amount >= 0):
                raise ValueError(f"{self.name} asks for {amount} of {name}: it must be finite and >= 0")

    def held_on(self, node: str, now: float) -> Holding:
        """What it is once it is granted."""
        return Holding(
            self.name, self.owner, self.rung, node, self.amounts, now, self.qos, self.preemptible, self.until,
            constraints=self.constraints,
        )  # fmt: skip
