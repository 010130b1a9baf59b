"""Small pools for tests: nodes of 4 cores and 8 GiB, requests of one core and one GiB."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edgewarm.model.identity import Key
from edgewarm.model.pool import Allocation, Budget, Holding, NodeChoice, PoolSettings, Request
from edgewarm.model.prices import GIB
from edgewarm.model.workload import Node, Pod
from edgewarm.pools.survey import Site, Survey, survey, terrain

NOW = 1_000_000.0
OWNER = Key("shop", "web")


def node(name: str, cpu: float = 4.0, gib: float = 8.0, **overrides: Any) -> Node:
    plain = Node(name, {"edge": "yes"}, ready=True, schedulable=True, cpu_cores=cpu, memory_bytes=gib * GIB, pods=110)
    return replace(plain, **overrides)


def pod(name: str, on: str, cpu: float = 1.0, **overrides: Any) -> Pod:
    plain = Pod(Key("shop", name), f"uid-{name}", {}, on, "Running", 0.0, None, False, cpu, GIB)
    return replace(plain, **overrides)


def request(name: str = "web-1", cpu: float = 1.0, gib: float = 1.0, **overrides: Any) -> Request:
    amounts = {"cpu": cpu, "memory": gib * GIB, "pods": 1.0, **overrides.pop("other", {})}
    return replace(Request(name, OWNER, "Standby", amounts), **overrides)


def holding(name: str, on: str, cpu: float = 1.0, **overrides: Any) -> Holding:
    plain = Holding(name, OWNER, "Standby", on, {"cpu": cpu, "memory": GIB, "pods": 1.0}, NOW - 60.0)
    return replace(plain, **overrides)


def settings(allocation: Allocation = Allocation.FIRST_FIT, **overrides: Any) -> PoolSettings:
    return PoolSettings(allocation=allocation, **overrides)


def chooses(choice: NodeChoice, **overrides: Any) -> PoolSettings:
    return PoolSettings(Allocation.PRIORITY, choice, **overrides)


def pool(
    *nodes: Node,
    pods: tuple[Pod, ...] = (),
    holdings: tuple[Holding, ...] = (),
    budgets: tuple[Budget, ...] = (),
    rules: PoolSettings | None = None,
    **overrides: Any,
) -> Survey:
    """All of these nodes, unless `members` names some."""
    members = overrides.pop("members", frozenset(one.name for one in nodes))
    site = Site(rules or settings(), members, budgets)
    return survey(site, terrain(nodes, pods), holdings, overrides.pop("now", NOW), **overrides)
