"""First Readys: how long pods that we saw starting took from creation to Ready.

| the pod                                  | known as | effect                                   |
|------------------------------------------|----------|------------------------------------------|
| first seen, Pending and not Ready        | -        | it is waiting                            |
| first seen otherwise                     | -        | nothing: it may have been Ready before   |
| Ready now                                | waiting  | one start, no longer waiting             |
| not Ready, or Ready again                | -        | nothing: readiness flaps                 |
| deleted, or replaced under its name      | waiting  | forgotten                                |
| carries the label of a promoted standby  | any      | never counts: its start was paid earlier |
"""

from __future__ import annotations

from edgewarm.model.workload import Pod, PodStart

EX_STANDBY = "edgewarm.io/ex-standby"


class StartWatch:
    """Collects starts from the pod informer's changes until somebody takes them."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()  # uids: a name comes back, a uid does not
        self._starts: list[PodStart] = []

    def changed(self, old: Pod | None, new: Pod | None) -> None:
        """One change as the informer reports it."""
        if old is not None and (new is None or new.uid != old.uid):
            self._waiting.discard(old.uid)
            old = None
        if new is None:
            return
        if new.ready_at is not None:
            self._ready(new, new.ready_at)
        elif old is None and new.phase == "Pending":
            self._waiting.add(new.uid)

    def take(self) -> tuple[PodStart, ...]:
        """The starts since the last call, each once."""
        taken, self._starts = tuple(self._starts), []
        return taken

    def _ready(self, pod: Pod, ready_at: float) -> None:
        waited = pod.uid in self._waiting
        self._waiting.discard(pod.uid)
        if waited and ready_at >= pod.created_at and EX_STANDBY not in pod.labels:
            self._starts.append(PodStart(pod.key, pod.labels, pod.created_at, ready_at))
