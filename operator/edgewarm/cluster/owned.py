"""Objects by their controller, kept current by their informer: the pods of a ReplicaSet, what a policy holds.

Inner mappings are replaced, never changed, so a view that was handed out stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

from edgewarm.model.identity import Key
from edgewarm.model.workload import Owner


class Controlled(Protocol):
    """What has a controller, or none."""

    @property
    def key(self) -> Key: ...

    @property
    def owner(self) -> Owner | None: ...


C = TypeVar("C", bound=Controlled)


class OwnedBy(Generic[C]):
    """uid of the controller -> its objects."""

    def __init__(self) -> None:
        self._objects: dict[str, Mapping[Key, C]] = {}

    def changed(self, old: C | None, new: C | None) -> None:
        """One change as the informer reports it."""
        if old is not None and old.owner is not None and (new is None or new.owner != old.owner):
            self._drop(old.owner.uid, old.key)
        if new is not None and new.owner is not None:
            self._objects[new.owner.uid] = {**self._objects.get(new.owner.uid, {}), new.key: new}

    def snapshot(self) -> Mapping[str, Mapping[Key, C]]:
        return dict(self._objects)

    def tuples(self) -> Mapping[str, tuple[C, ...]]:
        """The same without their keys."""
        return {uid: tuple(found.values()) for uid, found in self._objects.items()}

    def _drop(self, uid: str, key: Key) -> None:
        left = {name: one for name, one in self._objects.get(uid, {}).items() if name != key}
        if left:
            self._objects[uid] = left
        else:
            self._objects.pop(uid, None)
