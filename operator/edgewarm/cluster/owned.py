"""Pods by their controller, kept current by the pod informer: what a ReplicaSet has, what a policy holds.

Inner mappings are replaced, never changed, so a view that was handed out stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgewarm.model.identity import Key
from edgewarm.model.workload import Pod


class OwnedPods:
    """uid of the controller -> its pods."""

    def __init__(self) -> None:
        self._pods: dict[str, Mapping[Key, Pod]] = {}

    def changed(self, old: Pod | None, new: Pod | None) -> None:
        """One change as the informer reports it."""
        if old is not None and old.owner is not None and (new is None or new.owner != old.owner):
            self._drop(old.owner.uid, old.key)
        if new is not None and new.owner is not None:
            self._pods[new.owner.uid] = {**self._pods.get(new.owner.uid, {}), new.key: new}

    def snapshot(self) -> Mapping[str, Mapping[Key, Pod]]:
        return dict(self._pods)

    def _drop(self, uid: str, key: Key) -> None:
        left = {name: pod for name, pod in self._pods.get(uid, {}).items() if name != key}
        if left:
            self._pods[uid] = left
        else:
            self._pods.pop(uid, None)
