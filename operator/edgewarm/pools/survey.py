"""A pool at one moment as arrays: what every node can give, what runs there, what is promised, what may be held.

    free       = allocatable - requests of pods                          what a pod may take
    unpromised = allocatable - requests of pods - promises - rises       below 0 where a node is oversubscribed
    slack      = (ratio - 1) x allocatable of the shareable resources    how far below 0 that may go

A rise is what a standby at rest asks for before it serves; pods that are not ours may take the room all the same.
All nodes of the cluster are there, since topology spread and anti-affinity count them all; `member` marks the pool's.
Arrays are (resources R, nodes N), so that what is done for all nodes runs over memory in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from edgewarm.model.amounts import CPU, MEMORY, ON_BUDGETS_ONLY, PODS, Amounts
from edgewarm.model.constraints import PodTerm
from edgewarm.model.demand import FloatArray
from edgewarm.model.identity import Key
from edgewarm.model.pool import Budget, Holding, PoolSettings
from edgewarm.model.workload import Node, Pod
from edgewarm.pools.budgets import EPSILON, Account, account_of, slowed

BoolArray = NDArray[np.bool_]
NO_FORECAST: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Resident:
    """A pod as spread and anti-affinity see it."""

    namespace: str
    labels: Mapping[str, str]
    apart: tuple[PodTerm, ...] = ()
    pod: Key | None = None


Residents = tuple[tuple[Resident, ...], ...]
"""By node."""


@dataclass(frozen=True)
class Terrain:
    """The cluster at one moment, the same for all its pools; `seated` are the pods that have a node."""

    nodes: tuple[Node, ...]
    names: tuple[str, ...]
    capacity: FloatArray
    free: FloatArray
    residents: Residents
    seated: frozenset[Key]

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Number of a node by its name."""
        return {node.name: i for i, node in enumerate(self.nodes)}


@dataclass(frozen=True)
class Site:
    """A pool as it was written: its settings, the names of its nodes, and the budgets that hold in it."""

    settings: PoolSettings
    members: frozenset[str]
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True)
class Ground:
    """What granting does not change. `nodes` (N,) are in the order of their names, `names` (R,) are the resources.

    `forecast` (N,) is the utilisation that is expected of a node, NaN where nothing is.
    """

    nodes: tuple[Node, ...]
    names: tuple[str, ...]
    member: BoolArray
    capacity: FloatArray
    slack: FloatArray
    forecast: FloatArray

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Number of a node by its name."""
        return {node.name: i for i, node in enumerate(self.nodes)}

    @cached_property
    def known(self) -> frozenset[str]:
        """What may be asked for: what a node has, and what only budgets know."""
        return ON_BUDGETS_ONLY.union(self.names)

    @cached_property
    def serving(self) -> BoolArray:
        """Members that are ready and schedulable: what the pool's utilisation is about."""
        able: BoolArray = np.array([node.ready and node.schedulable for node in self.nodes], dtype=bool)
        return self.member & able

    @cached_property
    def untainted(self) -> BoolArray:
        """Nodes without any taint."""
        return np.array([not node.taints for node in self.nodes], dtype=bool)

    @cached_property
    def margin(self) -> FloatArray:
        """How much a sum of requests may be off."""
        return EPSILON * self.capacity

    @cached_property
    def per_unit(self) -> FloatArray:
        """1 / capacity, 0 where there is none."""
        whole = self.capacity
        result: FloatArray = np.divide(1.0, whole, out=np.zeros_like(whole), where=whole > 0)
        return result

    @cached_property
    def absent(self) -> FloatArray:
        """(R, N) infinite where a node has nothing of a resource, else 0."""
        return np.where(self.capacity > 0, 0.0, np.inf)

    @cached_property
    def kinds(self) -> FloatArray:
        """(N,) how many resources a node has, at least 1."""
        result: FloatArray = np.maximum(1.0, (self.capacity > 0).sum(axis=0))
        return result


@dataclass(frozen=True)
class Survey:
    """What may be held where; arrays are never written to, each grant makes a new survey."""

    settings: PoolSettings
    now: float
    ground: Ground
    free: FloatArray
    unpromised: FloatArray
    residents: Residents
    holdings: tuple[Holding, ...]
    accounts: tuple[Account, ...]
    on_node: frozenset[str]
    """Names of holdings whose pod is on its node."""
    guarded: bool
    """Does any resident keep others off?"""
    last: int = -1
    """The node that was taken last; -1 where nothing is held."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.ground.nodes

    @property
    def utilization(self) -> float | None:
        """The largest share of cpu, memory or pods that is requested or promised, over the serving nodes; None
        without any."""
        columns = [self.ground.names.index(name) for name in (CPU, MEMORY, PODS)]
        whole = self.ground.capacity[columns] @ self.ground.serving
        left = self.unpromised[columns] @ self.ground.serving
        return float((1 - left[whole > 0] / whole[whole > 0]).max()) if (whole > 0).any() else None

    @property
    def pace(self) -> float:
        """The share of a pass's requests that is served: 1 below the pool's slow-down, 0 where warming pauses."""
        slowdown = self.settings.slowdown
        return 1.0 if slowdown is None else slowdown.pace(self.utilization)

    def vector(self, amounts: Amounts) -> FloatArray:
        """(R,) what of `amounts` a node must have; infinite where no node has such a thing."""
        known = np.array([amounts.get(name, 0.0) for name in self.ground.names])
        return known if self.unknown(amounts) is None else np.full_like(known, np.inf)

    def unknown(self, amounts: Amounts) -> str | None:
        """A resource that is asked for and that no node has."""
        strange = amounts.keys() - self.ground.known
        return min((name for name in strange if amounts[name] > 0), default=None) if strange else None

    def room(self, promises: bool) -> FloatArray:
        """(R, N) what a promise, or a pod, may take of each node."""
        if self.settings.oversubscription <= 1:  # promises then only take of what is free
            return self.unpromised
        promised = self.unpromised + self.ground.slack
        return promised if promises else np.minimum(self.free, promised)

    def fits(self, ask: FloatArray, promises: bool) -> BoolArray:
        """(N,) nodes that have what is asked (R,)."""
        room, margin, found = self.room(promises), self.ground.margin, np.ones(len(self.nodes), dtype=bool)
        for j in np.flatnonzero(ask > 0):
            found &= room[j] >= ask[j] - margin[j]
        return found

    def holding(self, holding: Holding, promises: bool = False) -> Survey:
        """With one more holding, whose pod is not there yet."""
        i, ask = self.ground.index[holding.node], self.vector(holding.amounts)
        newcomer, residents = _resident(holding), self.residents
        if newcomer is not None:
            residents = (*residents[:i], (*residents[i], newcomer), *residents[i + 1 :])
        return replace(
            self,
            free=self.free if promises else _changed(self.free, i, -ask),
            unpromised=_changed(self.unpromised, i, -ask),
            residents=residents,
            accounts=tuple(account.charged(holding) for account in self.accounts),
            holdings=(*self.holdings, holding),
            guarded=self.guarded or (newcomer is not None and bool(newcomer.apart)),
            last=i,
        )

    def without(self, gone: Iterable[Holding]) -> Survey:
        """As if these holdings, and their pods, were given up; the pods stay members until they really are gone."""
        away = {holding.name: holding for holding in gone}
        free, unpromised = self.free.copy(), self.unpromised.copy()
        for holding in away.values():
            i = self.ground.index.get(holding.node)
            if i is not None:
                ask = self.vector(holding.amounts)
                unpromised[:, i] += ask + self.vector(holding.rise)
                free[:, i] += ask if holding.name in self.on_node else 0.0
        kept = tuple(holding for holding in self.holdings if holding.name not in away)
        accounts = tuple(account_of(account.budget, kept, self.now) for account in self.accounts)
        return replace(self, free=free, unpromised=unpromised, holdings=kept, accounts=accounts)


def _changed(table: FloatArray, i: int, by: FloatArray) -> FloatArray:
    result = table.copy()
    result[:, i] += by
    return result


def terrain(nodes: Iterable[Node], pods: Iterable[Pod]) -> Terrain:
    """Of the whole cluster. cpu, memory and pods are the first resources, then come all others that any node has."""
    ordered = tuple(sorted(nodes, key=lambda node: node.name))
    names = (CPU, MEMORY, PODS, *sorted({name for node in ordered for name in node.other}))
    capacity = np.array([[node.allocatable.get(name, 0.0) for node in ordered] for name in names])
    index = {node.name: i for i, node in enumerate(ordered)}
    running = [pod for pod in pods if pod.holds_room]
    used = _table(((pod.node, pod.asks) for pod in running), index, names)
    found: list[list[Resident]] = [[] for _ in ordered]
    for pod in running:
        if pod.node in index and not pod.deleting:
            found[index[pod.node]].append(Resident(pod.key.namespace, pod.labels, pod.apart, pod.key))
    residents = tuple(tuple(there) for there in found)
    return Terrain(ordered, names, capacity, capacity - used, residents, frozenset(p.key for p in running if p.node))


def survey(
    site: Site,
    land: Terrain,
    holdings: Iterable[Holding],
    now: float,
    forecast: Mapping[str, float] = NO_FORECAST,
) -> Survey:
    """`holdings` are those of the pool, each with a name of its own; `forecast` is the utilisation that is expected of
    a node, where known. Expired promises hold nothing."""
    active = tuple(h for h in holdings if h.pod in land.seated or not h.is_spent(now))
    promises = ((h.node, h.rise if h.pod in land.seated else h.amounts) for h in active)
    residents = _with_standbys(land, active)
    newest = max(active, key=lambda h: (h.since, h.name), default=None)
    found = Survey(
        settings=site.settings,
        now=now,
        ground=_ground(site, land, forecast),
        free=land.free,
        unpromised=land.free - _table(promises, land.index, land.names),
        residents=residents,
        holdings=active,
        accounts=(),
        on_node=frozenset(h.name for h in active if h.pod in land.seated),
        guarded=any(resident.apart for there in residents for resident in there),
        last=-1 if newest is None else land.index.get(newest.node, -1),
    )
    pace = found.pace
    return replace(found, accounts=tuple(account_of(slowed(budget, pace), active, now) for budget in site.budgets))


def _ground(site: Site, land: Terrain, forecast: Mapping[str, float]) -> Ground:
    settings = site.settings
    extra = np.array([settings.oversubscription - 1.0 if name in settings.shareable else 0.0 for name in land.names])
    return Ground(
        nodes=land.nodes,
        names=land.names,
        member=np.array([node.name in site.members for node in land.nodes], dtype=bool),
        capacity=land.capacity,
        slack=land.capacity * extra[:, None],
        forecast=np.array([forecast.get(node.name, np.nan) for node in land.nodes], dtype=float),
    )


def _table(entries: Iterable[tuple[str, Amounts]], index: Mapping[str, int], names: tuple[str, ...]) -> FloatArray:
    """(R, N) the sums by node; nodes that are not there and names that no node has are passed over."""
    result = np.zeros((len(names), len(index)))
    row = {name: j for j, name in enumerate(names)}
    for node, amounts in entries:
        i = index.get(node)
        if i is not None:
            for name, amount in amounts.items():
                if name in row:
                    result[row[name], i] += amount
    return result


def _with_standbys(land: Terrain, holdings: tuple[Holding, ...]) -> Residents:
    """A standby counts with the labels that it will have, not with those that it has."""
    ours = {holding.pod for holding in holdings if holding.constraints is not None}
    found = list(land.residents)
    for i in {land.index[held.node] for held in holdings if held.node in land.index}:
        found[i] = tuple(resident for resident in found[i] if resident.pod not in ours)
    for holding in holdings:
        newcomer, place = _resident(holding), land.index.get(holding.node)
        if newcomer is not None and place is not None:
            found[place] = (*found[place], newcomer)
    return tuple(found)


def _resident(holding: Holding) -> Resident | None:
    constraints = holding.constraints
    return None if constraints is None else Resident(constraints.namespace, dict(constraints.labels), constraints.apart)
