"""Standbys give way: which of them to delete so that a pod that found no room finds it.

A pod triggers this once it has been unschedulable for `PATIENCE_SECONDS` (a ready standby that could replace it has
done so by then), unless room that it would fit into is free already: then its trouble is another one, and yielding more
would not help. A workload's own pods never push out its own standbys: these will be ready sooner.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.workload import Pod
from edgewarm.pools.room import ANYWHERE, Free, Room

PATIENCE_SECONDS = 2.0
GRACE_SECONDS = 1


def yielding(standbys: Sequence[Pod], room: Room, own: Collection[str], now: float) -> tuple[Pod, ...]:
    """The fewest standbys, for each waiting pod on the node where fewest do; `own` are uids of the workload's pods."""
    free, left, given = dict(room.free), list(standbys), list[Pod]()
    for pod in room.waiting:
        if pod.uid in own or RUNG_LABEL in pod.labels or not _has_waited(pod, now):
            continue
        names = room.nodes(pod.constraints or ANYWHERE)
        if (node := _somewhere(free, names, pod)) is not None:
            free[node] = free[node].less(pod.cpu_cores, pod.memory_bytes)  # it has room, or will have by what was given
            continue
        chosen = _fewest(free, [one for one in left if one.node in names], pod)
        for one in chosen:
            left.remove(one)
            free[one.node] = free[one.node].less(-one.cpu_cores, -one.memory_bytes, -1)
        if chosen:
            free[chosen[0].node] = free[chosen[0].node].less(pod.cpu_cores, pod.memory_bytes)
        given += chosen
    return tuple(given)


def _has_waited(pod: Pod, now: float) -> bool:
    return pod.unschedulable_since is not None and now - pod.unschedulable_since >= PATIENCE_SECONDS


def _somewhere(free: Mapping[str, Free], names: Collection[str], pod: Pod) -> str | None:
    return next((name for name in names if free[name].holds(pod.cpu_cores, pod.memory_bytes)), None)


def _fewest(free: Mapping[str, Free], standbys: Sequence[Pod], pod: Pod) -> list[Pod]:
    """Standbys of one node, those that are not ready first; none where no node would do."""
    found: list[list[Pod]] = []
    for node in {one.node for one in standbys}:
        left, taken = free[node], list[Pod]()
        for one in sorted((s for s in standbys if s.node == node), key=lambda s: (s.ready_at is not None, s.key)):
            if left.holds(pod.cpu_cores, pod.memory_bytes):
                break
            left = left.less(-one.cpu_cores, -one.memory_bytes, -1)
            taken.append(one)
        if left.holds(pod.cpu_cores, pod.memory_bytes):
            found.append(taken)
    return min(found, key=lambda taken: (len(taken), taken[0].node), default=[])
