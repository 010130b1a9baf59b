"""The pools of a pass: which nodes each has, who asks for room there, who gets it, and what to say to whom.

    what stands (standbys, pulls, fetches) and what was granted before and is wanted  ->  the rest allocated, by pool

Two things are asked for: room that policies reserve by hand (spec.warming.nodes), and what the rungs of the ladder
would hold. A reservation is a promise: nothing is created for it, it keeps others out of the room until its time or
until pods of its policy take it, and after a restart it is asked for again. What a policy's pods hold is told here, for
engine.pull_ration too: there is one account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from edgewarm.decide.promoting import is_draining
from edgewarm.engine.allowance import Allowance
from edgewarm.engine.alone import alone
from edgewarm.model.amounts import BANDWIDTH, CPU, NOTHING, PULLS, STORAGE, Amounts
from edgewarm.model.identity import Key
from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.objects import PolicyObject, PoolObject
from edgewarm.model.policy import Mode, Policy, WarmedNode
from edgewarm.model.pool import Budget, Holding, NodeChoice, Request
from edgewarm.model.pulls import PullProgress
from edgewarm.model.rungs import PULLED, RungName
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod, Workload
from edgewarm.pools.allocate import Allocated, allocate
from edgewarm.pools.budgets import account_of
from edgewarm.pools.expected import NodeDemand, expected_utilization
from edgewarm.pools.members import Membership, memberships
from edgewarm.pools.placement import Answer, Refused
from edgewarm.pools.shortage import Shortage, explained
from edgewarm.pools.success import Success
from edgewarm.pools.survey import NO_FORECAST, Site, Survey, Terrain, survey, terrain

POOL_BUDGETS = "spec.budgets"
MOST_EXPLAINED = 16
"""A full pool refuses many for one reason: the first of each policy and rung is put into words, so many of them."""
RESERVED = "reserved by hand"
NOBODY = Membership(frozenset(), {})


@dataclass(frozen=True)
class Asker:
    """A policy that may hold something in its pool, the pods that its rungs hold, and what they ask for.

    `coming` are pods that are made in this very pass and asked before: pulls, see engine.pull_ration. `beyond`: by
    uid, the cores of standbys that are about to serve which are not kept warm, see engine.resting.
    """

    item: PolicyObject
    policy: Policy
    workload: Workload
    pods: tuple[Pod, ...] = ()
    requests: tuple[Request, ...] = ()
    coming: tuple[Holding, ...] = ()
    beyond: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PoolState:
    """One pool after a pass: the answers to what was asked anew, and what it holds."""

    membership: Membership
    survey: Survey
    done: Allocated
    success: Success
    allowance: Allowance
    shortages: Mapping[tuple[Key, str], Shortage] = field(default_factory=dict)
    """By policy and rung (RESERVED: by hand), the first of each."""

    def places(self, owner: Key) -> Mapping[str, Answer]:
        """The answers to a policy's requests, by their names."""
        return self._places.get(owner, {})

    @cached_property
    def _places(self) -> Mapping[Key, Mapping[str, Answer]]:
        found: dict[Key, dict[str, Answer]] = {}
        for one in self.done.answers:
            found.setdefault(one.request.owner, {})[one.request.name] = one
        return found

    @cached_property
    def given_up(self) -> frozenset[Key]:
        """Pods that must go for others."""
        gone = (held.pod for one in self.done.placed for held in (*one.cleanup, *one.preempted))
        return frozenset(pod for pod in gone if pod is not None)


class Pools:
    """Remembers, between passes, what was granted and how often a request found a place."""

    def __init__(self) -> None:
        self._granted: dict[str, dict[str, Holding]] = {}
        self._success: dict[str, Success] = {}

    def plan(
        self,
        view: ClusterView,
        askers: Iterable[Asker],
        demands: Sequence[NodeDemand],
        now: float,
    ) -> Mapping[str, PoolState]:
        """By name of the pool; `demands` are what workloads will need by node, for nodeChoice Predictive."""
        forecast = NO_FORECAST
        if any(pool.settings.node_choice is NodeChoice.PREDICTIVE for pool in view.pools.values()):
            forecast = expected_utilization(view.nodes.values(), view.pods.values(), demands)
        members = memberships(view.pools.values(), view.nodes.values())
        by_pool: dict[str, list[Asker]] = {name: [] for name in view.pools}
        for asker in sorted(askers, key=lambda one: one.item.key):
            if asker.policy.pool in by_pool:
                by_pool[asker.policy.pool].append(asker)
        self._granted = {name: self._granted.get(name, {}) for name in view.pools}
        self._success = {name: self._success.get(name, Success(now)) for name in view.pools}
        if not view.pools:
            return {}
        land, states = terrain(view.nodes.values(), view.pods.values()), {}
        for name, pool in view.pools.items():
            with alone(Key("", name), "a pool could not be planned"):
                moment = _Moment(members.get(name, NOBODY), land, now, forecast)
                states[name] = self._plan_one(pool, by_pool[name], moment)
        return states

    def _plan_one(self, pool: PoolObject, askers: list[Asker], moment: _Moment) -> PoolState:
        by_hand = {one.name: one for asker in askers for one in reservations(asker, moment.membership, moment.now)}
        standing = [held for asker in askers for held in (*holdings(asker, moment.now), *asker.coming)]
        limits, before = budgets(pool, askers), self._granted[pool.name].values()
        kept = [held for held in before if held.name in by_hand and _same(held, by_hand[held.name])]
        site = Site(pool.settings, moment.membership.nodes, limits)
        held = (*standing, *within(kept, limits, standing))
        here = survey(site, moment.terrain, held, moment.now, moment.forecast)
        there = {held.name for held in here.holdings}
        missing = [request for name, request in by_hand.items() if name not in there]
        done = allocate([*missing, *(request for asker in askers for request in asker.requests)], here)
        self._granted[pool.name] = {held.name: held for held in done.survey.holdings if held.name in by_hand}
        self._success[pool.name] = self._success[pool.name].seen(done.answers, moment.now)
        allowance = Allowance(done, moment.membership.nodes)
        return PoolState(moment.membership, done.survey, done, self._success[pool.name], allowance, _told(done))


@dataclass(frozen=True)
class _Moment:
    membership: Membership
    terrain: Terrain
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


def pods_held(view: ClusterView, owner: str) -> tuple[Pod, ...]:
    """The pods that rungs of the policy with this uid hold; of pulls and fetches also those at their end, for what they
    brought is there as long as they are."""
    mine = view.owned.get(owner, {}).values()
    return tuple(
        pod
        for pod in mine
        if not pod.deleting and (pod.brings is not None or (RUNG_LABEL in pod.labels and pod.is_active))
    )


def holdings(asker: Asker, now: float) -> Iterable[Holding]:
    """What a policy's pods hold; one without a node yet is where its affinity sends it.

    A standby or a placeholder takes what a pod of the workload asks for. What was parked so lately that its connections
    may go on is not given up, nor what rises to serve.
    """
    policy, workload = asker.policy, asker.workload
    for pod in asker.pods:
        if pod.brings is not None:
            yield _brought(asker.item.key, pod, pod.brings)
            continue
        amounts, rise = _taken(pod, workload, asker.beyond.get(pod.uid, 0.0))
        stays = is_draining(pod, policy.rungs.drain_seconds, now) or pod.uid in asker.beyond
        yield Holding(
            name=str(pod.key),
            owner=asker.item.key,
            rung=pod.labels.get(RUNG_LABEL, ""),
            node=pod.node or _sent_to(pod),
            amounts=amounts,
            since=pod.created_at,
            qos=policy.qos,
            preemptible=policy.preemptible and not stays,
            pod=pod.key,
            constraints=workload.constraints,
            rise=rise,
        )


def _brought(owner: Key, pod: Pod, progress: PullProgress) -> Holding:
    """A pull or a fetch: its bytes as long as it is there, what it asks for until its end, a turn while it is at it."""
    amounts = on_the_way(progress.size, progress.speed) if progress.is_busy else {STORAGE: float(progress.size)}
    if pod.is_active:
        amounts |= pod.asks
    node = progress.node or (pod.node if pod.is_active else "")  # what was fetched is on a claim, and on no node
    rung = pod.labels.get(RUNG_LABEL, RungName.IMAGE.value)
    return Holding(str(pod.key), owner, rung, node, amounts, pod.created_at, preemptible=False, pod=pod.key)


def on_the_way(size: float, speed: float) -> dict[str, float]:
    """What a pull or a fetch takes of budgets beside what its pod asks for: `size` in bytes, `speed` in bytes/s."""
    return {STORAGE: float(size), PULLS: 1.0, BANDWIDTH: 8.0 * speed}


def _taken(pod: Pod, workload: Workload, beyond: float) -> tuple[Amounts, Amounts]:
    """What it holds, and what it asks for beyond that before it serves, as a standby at rest does.

    `beyond`: cores that it has already, and that are not held warm.
    """
    if beyond > 0:
        return {**workload.asks, CPU: max(0.0, workload.asks.get(CPU, 0.0) - beyond)}, NOTHING
    lacks = workload.asks.get(CPU, 0.0) - pod.cpu_cores
    if pod.sizing is None or lacks <= 0:
        return workload.asks, NOTHING
    return {**workload.asks, CPU: pod.cpu_cores}, {CPU: lacks}


def _sent_to(pod: Pod) -> str:
    """The node that a waiting pod's affinity names; "" where it names none or several."""
    terms = () if pod.constraints is None else pod.constraints.node_terms
    names = {name for term in terms for one in term.names if one.operator == "In" for name in one.values}
    return names.pop() if len(names) == 1 else ""


def reservations(asker: Asker, membership: Membership, now: float) -> Iterable[Request]:
    """A request for each pod for which there is to be room, on the nodes that the policy names and the pool has.

    A pod that a rung of the policy holds there has taken its part of the room; pulls and fetches are no such pods.
    """
    if asker.policy.mode is not Mode.ACT:
        return
    standing = Counter(held.node for held in holdings(asker, now) if held.rung not in PULLED)
    for entry in asker.policy.warming.nodes:
        if entry.until > now and entry.name in membership.nodes:
            for number in range(1, entry.pods + 1 - standing[entry.name]):
                yield _reservation(asker, entry, number)


def _reservation(asker: Asker, entry: WarmedNode, number: int) -> Request:
    key, policy = asker.item.key, asker.policy
    return Request(
        name=f"room {number} of {key} on {entry.name}",
        owner=key,
        rung=RungName.NODE_ROOM,
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


def within(held: Iterable[Holding], limits: Iterable[Budget], standing: Iterable[Holding]) -> tuple[Holding, ...]:
    """The reservations that may stay where a budget was lowered or pods took its rest: the highest QoS first, then what
    was granted first."""
    taken = tuple(standing)
    accounts, kept = [account_of(budget, taken, 0.0) for budget in limits], []
    for holding in sorted(held, key=lambda one: (one.qos.rank, one.since, one.name)):
        charged = [account.charged(holding) for account in accounts]
        pairs = zip(charged, accounts, strict=True)
        if all(account.allows(holding.amounts) or account is old for account, old in pairs):
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
    """What only looks on takes no room from others."""
    return policy.mode is not Mode.OBSERVE and policy.pool is not None


def _told(done: Allocated) -> Mapping[tuple[Key, str], Shortage]:
    """What was refused, in words."""
    first: dict[tuple[Key, str], Refused] = {}
    for one in done.refused:
        first.setdefault((one.request.owner, RESERVED if one.request.promises else one.request.rung), one)
    return {key: explained(one, done.survey) for key, one in list(first.items())[:MOST_EXPLAINED]}
