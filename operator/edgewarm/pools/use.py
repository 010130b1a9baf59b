"""How full a pool is, and which of its nodes a person should look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edgewarm.model.amounts import Amounts
from edgewarm.model.demand import FloatArray
from edgewarm.model.workload import Node
from edgewarm.pools.choice import stranded
from edgewarm.pools.survey import Survey

MOST_NODES = 20
FULL = 0.9


@dataclass(frozen=True, slots=True)
class NodeUse:
    """One node: its state, the share of its fullest resource that is requested or reserved, and what is held there."""

    name: str
    state: str
    utilization: float | None
    holdings: int
    forecast: float | None = None


@dataclass(frozen=True, slots=True)
class PoolUse:
    """A pool at one moment. Amounts are sums over the nodes that are ready and schedulable.

    `fragmentation` is the share of capacity that is free and cannot be used, since another resource of its node is
    used up; None where no node serves.
    """

    nodes: int = 0
    ready_nodes: int = 0
    warm_nodes: int = 0
    capacity: Amounts = field(default_factory=dict)
    requested: Amounts = field(default_factory=dict)
    reserved: Amounts = field(default_factory=dict)
    utilization: float | None = None
    fragmentation: float | None = None
    notable: tuple[NodeUse, ...] = ()


def pool_use(survey: Survey, lost: Mapping[str, str]) -> PoolUse:
    """`lost` are the nodes that the pool selects and an older pool has, with that pool."""
    ground, serving = survey.ground, survey.ground.serving
    return PoolUse(
        nodes=int(ground.member.sum()),
        ready_nodes=int(serving.sum()),
        warm_nodes=len({held.node for held in survey.holdings if held.node}),
        capacity=_sums(survey, ground.capacity),
        requested=_sums(survey, ground.capacity - survey.free),
        reserved=_sums(survey, survey.free - survey.unpromised),
        utilization=survey.utilization,
        fragmentation=_fragmentation(survey),
        notable=notable(survey, lost),
    )


def notable(survey: Survey, lost: Mapping[str, str]) -> tuple[NodeUse, ...]:
    """At most 20 nodes: those that cannot be used first, then the fullest, then by name."""
    held: dict[str, int] = {}
    for holding in survey.holdings:
        held[holding.node] = held.get(holding.node, 0) + 1
    used = 1 - (survey.unpromised * survey.ground.per_unit + survey.ground.absent).min(axis=0, initial=1.0)
    found = [
        _node_use(survey, i, node, held.get(node.name, 0), float(used[i]))
        for i, node in enumerate(survey.nodes)
        if survey.ground.member[i]
    ]
    others = [NodeUse(name, f"InPool {pool}", None, 0) for name, pool in lost.items()]
    order = sorted([*found, *others], key=lambda one: (one.state in _USABLE, -(one.utilization or 0.0), one.name))
    return tuple(order[:MOST_NODES])


_USABLE = frozenset({"Ready", "Full"})


def _node_use(survey: Survey, i: int, node: Node, holdings: int, used: float) -> NodeUse:
    expected = float(survey.ground.forecast[i])
    return NodeUse(node.name, _state(node, used), used, holdings, expected if np.isfinite(expected) else None)


def _state(node: Node, used: float) -> str:
    if not node.ready:
        return "NotReady"
    if not node.schedulable:
        return "Cordoned"
    return "Full" if used >= FULL else "Ready"


def _sums(survey: Survey, table: FloatArray) -> Amounts:
    sums = table @ survey.ground.serving
    return {name: float(amount) for name, amount in zip(survey.ground.names, sums, strict=True)}


def _fragmentation(survey: Survey) -> float | None:
    """Mean over the serving nodes."""
    serving = np.flatnonzero(survey.ground.serving)
    if not len(serving):
        return None
    return float(stranded(survey.unpromised[:, serving], survey.ground, serving).mean())
