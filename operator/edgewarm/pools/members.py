"""Which pool a node belongs to: where several select it, the oldest pool has it, ties by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgewarm.model.objects import PoolObject
from edgewarm.model.workload import Node


@dataclass(frozen=True, slots=True)
class Membership:
    """Names of the nodes that a pool has, and those that it selects but an older pool has: node -> that pool."""

    nodes: frozenset[str]
    lost: Mapping[str, str]


def memberships(pools: Iterable[PoolObject], nodes: Iterable[Node]) -> Mapping[str, Membership]:
    """By name of the pool; one that cannot be read has no nodes."""
    every = tuple(nodes)
    owner: dict[str, str] = {}
    result = {}
    for pool in sorted(pools, key=lambda pool: (pool.created_at, pool.name)):
        selector = pool.selector
        selected = [] if selector is None else [node.name for node in every if selector.matches(node.labels)]
        lost = {name: owner[name] for name in selected if name in owner}
        for name in selected:
            owner.setdefault(name, pool.name)
        result[pool.name] = Membership(frozenset(selected) - lost.keys(), lost)
    return result
