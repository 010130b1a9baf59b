"""Whether something changed that a promotion depends on, in a namespace where standbys are.

| change                                                    | stirs |
|-----------------------------------------------------------|-------|
| a ReplicaSet wants another number, or is new              | yes   |
| a pod of a ReplicaSet came, went, became Ready or unready | yes   |
| a rollout began or ended, or the controller caught up     | yes   |
| a standby became Ready, unready or was promoted           | yes   |
| a standby was resized, or its kubelet said that it cannot | yes   |
| anything where no standby is                              | no    |
"""

from __future__ import annotations

import asyncio
from collections import Counter

from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.rungs import RungName
from edgewarm.model.workload import Pod, ReplicaSet, Workload


class Stirring:
    """Fed by the informers, waited for by one reader."""

    def __init__(self) -> None:
        self._standbys: Counter[str] = Counter()  # by namespace
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Until the next change, if there was none since the last call."""
        await self._event.wait()
        self._event.clear()

    def pod(self, old: Pod | None, new: Pod | None) -> None:
        """A change of a pod as the informer reports it."""
        for pod, step in ((old, -1), (new, 1)):
            if pod is not None and pod.labels.get(RUNG_LABEL) == RungName.STANDBY:
                self._standbys[pod.key.namespace] += step
        if _state(old) != _state(new):
            self._stir(old or new)

    def replica_set(self, old: ReplicaSet | None, new: ReplicaSet | None) -> None:
        """A change of a ReplicaSet."""
        if (old.wanted if old else None) != (new.wanted if new else None):
            self._stir(old or new)

    def workload(self, old: Workload | None, new: Workload | None) -> None:
        """A change of a Deployment."""
        if (old.rollout if old else None) != (new.rollout if new else None):
            self._stir(old or new)

    def _stir(self, changed: Pod | ReplicaSet | Workload | None) -> None:
        if changed is not None and self._standbys[changed.key.namespace] > 0:
            self._event.set()


def _state(pod: Pod | None) -> tuple[object, ...]:
    if pod is None:
        return ()
    ready = pod.ready_at is not None
    return pod.uid, pod.owner, pod.is_active, ready, pod.once_ready, pod.phase == "Pending", pod.sizing
