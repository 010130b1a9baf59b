"""Standbys give way: which of them to delete so that pods that found no room find it.

One decision for all policies: each waiting pod costs the fewest standbys, once, whoever has them. A pod triggers this
once it has been unschedulable for `PATIENCE_SECONDS` (a ready standby that could replace it has done so by then),
unless there is room that it would fit into, or will be when standbys are gone that are going: then its trouble is
another one, and yielding more would not help. A workload's own pods never push out its own standbys: these will be
ready sooner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.workload import Pod
from edgewarm.pools.room import ANYWHERE, Free, Room

PATIENCE_SECONDS = 2.0
GRACE_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Giver:
    """The standbys of one policy that may go, and the uids of its workload's own pods, for which none goes."""

    standbys: tuple[Pod, ...]
    own: frozenset[str] = frozenset()


def yielding(givers: Iterable[Giver], room: Room, now: float) -> tuple[Pod, ...]:
    """The fewest standbys for each waiting pod, on the node where fewest do."""
    free, offers = dict(room.free), [(one, giver.own) for giver in givers for one in giver.standbys]
    for one in room.leaving:
        free[one.node] = _without(free[one.node], one)
    given: dict[str, Pod] = {}
    for pod in room.waiting:
        if RUNG_LABEL in pod.labels or not _has_waited(pod, now):
            continue
        names = frozenset(room.nodes(pod.constraints or ANYWHERE))
        node = next((name for name in sorted(names) if _holds(free[name], pod)), None)
        if node is None:
            left = [s for s, own in offers if s.uid not in given and s.node in names and pod.uid not in own]
            chosen = _fewest(free, left, pod)
            for one in chosen:
                free[one.node] = _without(free[one.node], one)
                given[one.uid] = one
            node = chosen[0].node if chosen else None
        if node is not None:
            free[node] = free[node].less(pod.cpu_cores, pod.memory_bytes)
    return tuple(given.values())


def _has_waited(pod: Pod, now: float) -> bool:
    return pod.unschedulable_since is not None and now - pod.unschedulable_since >= PATIENCE_SECONDS


def _holds(free: Free, pod: Pod) -> bool:
    return free.holds(pod.cpu_cores, pod.memory_bytes)


def _without(free: Free, pod: Pod) -> Free:
    return free.less(-pod.cpu_cores, -pod.memory_bytes, -1)


def _fewest(free: Mapping[str, Free], standbys: Collection[Pod], pod: Pod) -> Sequence[Pod]:
    """Standbys of one node; none where no node would do."""
    nodes = sorted({one.node for one in standbys})
    found = [_on_one(free[node], [one for one in standbys if one.node == node], pod) for node in nodes]
    return min((taken for taken in found if taken), key=len, default=())


def _on_one(free: Free, standbys: Sequence[Pod], pod: Pod) -> Sequence[Pod]:
    """The smallest that is enough alone, else the largest first, but none that the others make needless; those that
    are not ready before those that are.
    """
    for one in sorted(standbys, key=lambda s: (s.ready_at is not None, s.cpu_cores, s.memory_bytes, s.key)):
        if _holds(_without(free, one), pod):
            return (one,)
    taken: list[Pod] = []
    for one in sorted(standbys, key=lambda s: (s.ready_at is not None, -s.cpu_cores, -s.memory_bytes, s.key)):
        if not _holds(free, pod):
            free = _without(free, one)
            taken.append(one)
    for one in tuple(taken):
        if _holds(back := free.less(one.cpu_cores, one.memory_bytes), pod):
            free = back
            taken.remove(one)
    return taken if _holds(free, pod) else ()
