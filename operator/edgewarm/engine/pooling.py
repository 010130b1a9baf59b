"""The pools of a pass: which nodes each has, who asks for room there, who gets it, and what to say to whom.

    requests of a pass  ->  kept where it was granted before and still is wanted  ->  the rest allocated, pool by pool

What is asked here is room that policies reserve by hand (spec.warming.nodes). A reservation is a promise: nothing is
created for it, it keeps others out of the room until its time, and after a restart it is asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edgewarm.model.identity import Key
from edgewarm.model.objects import PolicyObject, PoolObject
from edgewarm.model.policy import Mode, Policy, WarmedNode
from edgewarm.model.pool import Budget, Holding, Request
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Workload
from edgewarm.pools.allocate import Allocated, allocate
from edgewarm.pools.budgets import account_of
from edgewarm.pools.members import Membership, memberships
from edgewarm.pools.shortage import Shortage, explained
from edgewarm.pools.success import Success
from edgewarm.pools.survey import NO_FORECAST, Site, Survey, survey

ROOM = "NodeRoom"
POOL_BUDGETS = "spec.budgets"
MOST_EXPLAINED = 8
"""A pool that is full refuses many for one reason; so many refusals are put into words."""
NOBODY = Membership(frozenset(), {})


@dataclass(frozen=True)
class Asker:
    """A policy that may hold something in its pool: mode Act, its namespace allowed, its workload there."""

    item: PolicyObject
    policy: Policy
    workload: Workload


@dataclass(frozen=True)
class PoolState:
    """One pool after a pass: the answers to what was asked anew, and what it holds."""

    membership: Membership
    survey: Survey
    done: Allocated
    success: Success
    shortages: Mapping[Key, tuple[Shortage, ...]] = field(default_factory=dict)


class Pools:
    """Remembers, between passes, what was granted and how often a request found a place."""

    def __init__(self) -> None:
        self._granted: dict[str, dict[str, Holding]] = {}
        self._success: dict[str, Success] = {}

    def plan(
        self,
        view: ClusterView,
        askers: Iterable[Asker],
        now: float,
        forecast: Mapping[str, float] = NO_FORECAST,
    ) -> Mapping[str, PoolState]:
        """By name of the pool; `forecast` is the utilisation that is expected of a node."""
        members = memberships(view.pools.values(), view.nodes.values())
        by_pool: dict[str, list[Asker]] = {name: [] for name in view.pools}
        for asker in sorted(askers, key=lambda one: one.item.key):
            if asker.policy.pool in by_pool:
                by_pool[asker.policy.pool].append(asker)
        self._granted = {name: self._granted.get(name, {}) for name in view.pools}
        self._success = {name: self._success.get(name, Success(now)) for name in view.pools}
        return {
            name: self._plan_one(pool, view, by_pool[name], _Moment(members.get(name, NOBODY), now, forecast))
            for name, pool in view.pools.items()
        }

    def _plan_one(self, pool: PoolObject, view: ClusterView, askers: list[Asker], moment: _Moment) -> PoolState:
        wanted = {one.name: one for asker in askers for one in reservations(asker, moment.membership, moment.now)}
        limits = budgets(pool, askers)
        before = self._granted[pool.name].values()
        kept = within([held for held in before if held.name in wanted and _same(held, wanted[held.name])], limits)
        site = Site(pool.settings, moment.membership.nodes, limits)
        here = survey(site, view.nodes.values(), view.pods.values(), kept, moment.now, moment.forecast)
        missing = [request for name, request in wanted.items() if name not in {held.name for held in here.holdings}]
        done = allocate(missing, here)
        self._granted[pool.name] = {held.name: held for held in done.survey.holdings}
        self._success[pool.name] = self._success[pool.name].seen(done.answers, moment.now)
        return PoolState(moment.membership, done.survey, done, self._success[pool.name], _told(done))


@dataclass(frozen=True)
class _Moment:
    membership: Membership
    now: float
    forecast: Mapping[str, float]


def budgets(pool: PoolObject, askers: Iterable[Asker]) -> tuple[Budget, ...]:
    """The pool's own, and for each policy the number of nodes that it may warm."""
    own = (Budget(POOL_BUDGETS, pool.settings.limits),) if pool.settings.limits else ()
    theirs = (
        Budget(
            f"spec.warming of {asker.item.key}",
            owner=asker.item.key,
            max_nodes=asker.policy.warming.max_nodes,
            max_new_nodes=asker.policy.warming.max_new_nodes,
        )
        for asker in askers
    )
    return (*own, *theirs)


def reservations(asker: Asker, membership: Membership, now: float) -> Iterable[Request]:
    """A request for each pod for which there is to be room, on the nodes that the policy names and the pool has."""
    for entry in asker.policy.warming.nodes:
        if entry.until > now and entry.name in membership.nodes:
            for number in range(1, entry.pods + 1):
                yield _reservation(asker, entry, number)


def _reservation(asker: Asker, entry: WarmedNode, number: int) -> Request:
    key, policy = asker.item.key, asker.policy
    return Request(
        name=f"room {number} of {key} on {entry.name}",
        owner=key,
        rung=ROOM,
        amounts=asker.workload.asks,
        constraints=asker.workload.constraints,
        qos=policy.qos,
        preemptible=policy.preemptible,
        value=policy.kappa,  # (1 + kappa) P(D >= n) - 1 with P = 1: who asks by hand is certain
        only=frozenset({entry.name}),
        regions=policy.regions,
        until=entry.until,
        promises=True,
    )


def _same(held: Holding, request: Request) -> bool:
    """Is what was granted still what is asked for?"""
    return request.held_on(held.node, held.since) == held and request.only is not None and held.node in request.only


def within(held: Iterable[Holding], limits: Iterable[Budget]) -> tuple[Holding, ...]:
    """What may stay where a budget was lowered: the highest QoS first, then what was granted first."""
    accounts, kept = [account_of(budget, (), 0.0) for budget in limits], []
    for holding in sorted(held, key=lambda one: (one.qos.rank, one.since, one.name)):
        charged = [account.charged(holding) for account in accounts]
        if all(account.is_kept for account in charged):
            accounts = charged
            kept.append(holding)
    return tuple(kept)


def strangers(policy: Policy, membership: Membership, now: float) -> tuple[str, ...]:
    """Nodes to warm by hand that the pool does not have."""
    return tuple(node.name for node in policy.warming.nodes if node.until > now and node.name not in membership.nodes)


def allows(pool: PoolObject, namespace: str, labels: Mapping[str, str]) -> bool:
    """May policies of this namespace name the pool?"""
    named = {"kubernetes.io/metadata.name": namespace, **labels}
    return pool.allowed_namespaces is None or pool.allowed_namespaces.matches(named)


def may_hold(policy: Policy) -> bool:
    """What only looks on, or waits for approval, takes no room from others."""
    return policy.mode is Mode.ACT and policy.pool is not None


def _told(done: Allocated) -> Mapping[Key, tuple[Shortage, ...]]:
    """By policy: what was refused, in words."""
    result: dict[Key, list[Shortage]] = {}
    for one in done.refused[:MOST_EXPLAINED]:
        result.setdefault(one.request.owner, []).append(explained(one, done.survey))
    return {key: tuple(found) for key, found in result.items()}
