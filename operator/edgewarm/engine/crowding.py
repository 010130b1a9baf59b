"""Which pod leaves a node that is too full: one of each such node, whatever number of policies have pods there. Pure.

Chosen is what matters least (qos.priority); of these the smallest that brings the node to the threshold, else the
largest; and only what finds a calm node. It stays chosen until it has left, since nothing that it was chosen by moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgewarm.decide.migration import Crowded
from edgewarm.decide.promoting import standing_on
from edgewarm.engine.standing import elders
from edgewarm.model.identity import Key
from edgewarm.model.objects import PolicyObject, PoolObject
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod
from edgewarm.pools.expected import share
from edgewarm.pools.leaving import Loads, calm, loads, too_full
from edgewarm.pools.members import memberships


@dataclass(frozen=True)
class _Candidate:
    policy: Policy
    pod: Pod


@dataclass(frozen=True)
class _Full:
    """A node above the threshold of its pool."""

    node: str
    used: float
    above: float


def crowding(view: ClusterView, now: float) -> Mapping[Key, Crowded]:
    """By the key of the pod that is to leave."""
    asking = [pool for pool in view.pools.values() if pool.settings.migrate_above is not None]
    if not asking:
        return {}
    members, known = (
        memberships(view.pools.values(), view.nodes.values()),
        loads(view.nodes.values(), view.pods.values()),
    )
    found: dict[Key, Crowded] = {}
    for pool in asking:
        found |= _of_one(pool, members[pool.name].nodes, known, view, now)
    return found


def _of_one(
    pool: PoolObject, nodes: frozenset[str], known: Loads, view: ClusterView, now: float
) -> Mapping[Key, Crowded]:
    above = pool.settings.migrate_above or 0.0
    full = too_full(above, nodes, known)
    candidates = list(_candidates(pool, view, now)) if full else []
    found = {}
    for node, used in full.items():
        here = [one for one in candidates if one.pod.node == node]
        where = {one.pod.key: calm(above, nodes - {node}, known, one.pod.asks) for one in here}
        movable = [one for one in here if where[one.pod.key]]
        if movable:
            chosen = min(movable, key=lambda one: _order(one, _Full(node, used, above), known))
            why = f"requests are {used:.0%} of it, above {above:.0%}"
            found[chosen.pod.key] = Crowded(why, where[chosen.pod.key])
    return found


def _order(one: _Candidate, full: _Full, known: Loads) -> tuple[int, bool, float, Key]:
    size = share(one.pod.asks, known.nodes[full.node].allocatable)
    suffices = known.used_without(full.node, one.pod.asks) <= full.above
    return -one.policy.qos.rank, not suffices, size if suffices else -size, one.pod.key


def _candidates(pool: PoolObject, view: ClusterView, now: float) -> Iterator[_Candidate]:
    """The ready pods of all workloads that may be moved in this pool."""
    younger = elders(view.policies)
    for item in view.policies.values():
        policy = item.policy
        if policy is None or policy.pool != pool.name or item.key in younger or not _moves(policy, now):
            continue
        for pod in _serving(item, policy, view):
            if pod.is_active and pod.ready_at is not None:
                yield _Candidate(policy, pod)


def _moves(policy: Policy, now: float) -> bool:
    awake = policy.paused_until is None or now >= policy.paused_until
    return policy.rungs.migration and policy.mode is Mode.ACT and awake


def _serving(item: PolicyObject, policy: Policy, view: ClusterView) -> tuple[Pod, ...]:
    workload = view.workloads.get((item.key.namespace, policy.target))
    if workload is None:
        return ()
    current = standing_on(workload, view.replica_sets.get(workload.uid, ())).current
    return () if current is None else view.owned_by(current.uid)
