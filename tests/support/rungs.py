"""What a rung's planner is asked with, and a cluster that only remembers what it was told to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from edgewarm.engine.rungs import RungSituation
from edgewarm.model.errors import EdgewarmError
from edgewarm.model.identity import Key
from edgewarm.model.operations import AskEviction, CreateObject, DeleteObject, Operation, PatchObject
from edgewarm.model.policy import Policy
from edgewarm.model.rungs import Rungs, StandbyTerms
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Node, Pod, ReplicaSet, Workload
from edgewarm.pools.room import room
from edgewarm.replay.world import MemoryCluster
from support.builders import NOW, TARGET, judgement, policy, policy_object
from support.warm import DEPLOYMENT, POLICY, SET, WEB, deployment, node, replica_set


def standing_policy(least: int = 2, **overrides: Any) -> Policy:
    """At least two standbys, at most ten."""
    return policy(rungs=Rungs(StandbyTerms(least)), **overrides)


def view(
    pods: Iterable[Pod],
    *,
    wanted: Policy | None = None,
    target: Workload | None = None,
    sets: tuple[ReplicaSet, ...] = (),
    nodes: tuple[Node, ...] = (),
    **overrides: Any,
) -> ClusterView:
    """Deployment web on ReplicaSet web-1, fed by Service web, on a node of 8 cores; `pods` by their owners."""
    found = {pod.key: pod for pod in pods}
    owned = {
        owner.uid: {key: pod for key, pod in found.items() if pod.owner == owner} for owner in (SET, POLICY, DEPLOYMENT)
    }
    item = policy_object(policy=wanted or standing_policy())
    plain = ClusterView(
        policies={item.key: item},
        workloads={("shop", TARGET): target or deployment()},
        nodes={one.name: one for one in nodes or (node(),)},
        pods=found,
        owned=owned,
        replica_sets={"workload-uid": sets or (replica_set(pods=found.values()),)},
        services={"shop": (WEB,)},
    )
    return replace(plain, **overrides)


def asked(seen: ClusterView, *, judged: Any = None, now: float = NOW, **overrides: Any) -> RungSituation:
    """The plain policy's situation in this view; nothing is foreseen unless `judged` says otherwise."""
    item = next(iter(seen.policies.values()))
    assert item.policy is not None
    workload = seen.workloads["shop", TARGET]
    known = judged or judgement(90.0, workload=workload)
    situation = replace(known.situation, now=now, policy=item.policy)
    plain = RungSituation(
        item,
        item.policy,
        workload,
        situation,
        known.verdict,
        seen,
        now,
        make_room=lambda: room(seen.nodes.values(), seen.pods.values()),
    )
    return replace(plain, **overrides)


def told(operations: Iterable[Operation]) -> list[str]:
    """In short: make, delete s1, patch s2."""
    words = []
    for one in operations:
        match one:
            case CreateObject():
                words.append("make")
            case DeleteObject():
                words.append(f"delete {one.key.name}")
            case PatchObject():
                words.append(f"patch {one.key.name}")
            case AskEviction():
                words.append(f"ask {one.key.name}")
    return words


@dataclass
class Recorder(MemoryCluster):
    """A cluster whose view is given; `problems` are raised for operations on these keys."""

    items: dict[Key, Any] = field(default_factory=dict)
    seen: ClusterView = field(default_factory=ClusterView)
    done: list[Operation] = field(default_factory=list)
    problems: dict[str, EdgewarmError] = field(default_factory=dict)

    def view(self) -> ClusterView:
        return self.seen

    async def carry_out(self, operation: Operation) -> None:
        name = "make" if isinstance(operation, CreateObject) else operation.key.name
        if isinstance(operation, AskEviction) and f"ask {name}" in self.problems:
            raise self.problems[f"ask {name}"]
        if name in self.problems:
            raise self.problems[name]
        self.done.append(operation)
