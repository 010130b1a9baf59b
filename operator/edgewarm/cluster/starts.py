"""First Readys: how long pods that we saw starting took from creation to Ready.

| the pod                                  | known as | effect                                   |
|------------------------------------------|----------|------------------------------------------|
| first seen, Pending and not Ready        | -        | it is waiting                            |
| first seen otherwise                     | -        | nothing: it may have been Ready before   |
| Ready now                                | waiting  | one start, no longer waiting             |
| not Ready, or Ready again                | -        | nothing: readiness flaps                 |
| deleted, or replaced under its name      | waiting  | forgotten                                |

A promoted standby was Ready before, as a standby, so it is none: nobody waits for it any more.
The Events of its pulls are joined when a start is taken: they come before Ready, but on another watch.
"""

from __future__ import annotations

from collections.abc import Iterable

from edgewarm.learn.stages import stage_seconds
from edgewarm.model.stages import Pull
from edgewarm.model.workload import Pod, PodStart


class StartWatch:
    """Collects starts and pulls from the informers' changes until somebody takes them."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()  # uids: a name comes back, a uid does not
        self._ready: list[tuple[Pod, float]] = []
        self._told: dict[str, list[Pull]] = {}  # by pod, for as long as the API server keeps the Events
        self._pulls: list[Pull] = []

    def changed(self, old: Pod | None, new: Pod | None) -> None:
        """One change as the informer reports it."""
        if old is not None and (new is None or new.uid != old.uid):
            self._waiting.discard(old.uid)
            old = None
        if new is None:
            return
        if new.ready_at is not None:
            self._became_ready(new, new.ready_at)
        elif old is None and new.phase == "Pending":
            self._waiting.add(new.uid)

    def pulled(self, old: Pull | None, new: Pull | None) -> None:
        """An Event came or went."""
        if old is not None:
            self._forget(old)
        if new is not None:
            self._told.setdefault(new.pod_uid, []).append(new)
            self._pulls.append(new)

    def take(self) -> tuple[PodStart, ...]:
        """The starts since the last call, each once."""
        taken, self._ready = self._ready, []
        return tuple(_start(pod, ready_at, self._told.get(pod.uid, [])) for pod, ready_at in taken)

    def take_pulls(self) -> tuple[Pull, ...]:
        """The pulls since the last call, each once; the first call has those of the last hour."""
        taken, self._pulls = tuple(self._pulls), []
        return taken

    def _forget(self, pull: Pull) -> None:
        rest = [one for one in self._told.get(pull.pod_uid, ()) if one != pull]
        if rest:
            self._told[pull.pod_uid] = rest
        else:
            self._told.pop(pull.pod_uid, None)

    def _became_ready(self, pod: Pod, ready_at: float) -> None:
        waited = pod.uid in self._waiting
        self._waiting.discard(pod.uid)
        if waited and ready_at >= pod.created_at:
            self._ready.append((pod, ready_at))


def _start(pod: Pod, ready_at: float, pulls: Iterable[Pull]) -> PodStart:
    told = tuple(pulls)
    stages = stage_seconds(pod.created_at, ready_at, pod.milestones, told)
    sizes = {pull.image: pull.size for pull in told if pull.size is not None}
    whole = float(sum(sizes.values())) if len(sizes) == len(pod.milestones.images) > 0 else None
    return PodStart(pod.key, pod.labels, pod.created_at, ready_at, pod.node, stages, whole)
