"""Objects with versions: what etcd and the registry do, with everything that a client can notice.

A write that changes nothing keeps its resourceVersion; one that changes anything outside metadata and status raises
generation; a write to a subresource changes only that part.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from support.fake_api.merging import Json
from support.fake_api.served import Served

ObjectKey = tuple[str, str]
Validator = Callable[[Json], str | None]
"""A reason to refuse the object with 422, or None."""


class Refused(Exception):
    """An answer with a Status."""

    def __init__(self, code: int, reason: str, message: str, causes: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.causes = causes
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Change:
    """One entry of the history: the object as it was right after (for DELETED, at) the change."""

    version: int
    served: Served
    type: str
    object: Json
    encoded: bytes


class Store:
    """All objects, and the history that watches read."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.version = 1
        self.floor = 1  # versions before this one have been compacted
        self.history: list[Change] = []
        self.listeners: list[Callable[[Change], None]] = []
        self.validators: dict[str, Validator] = {}
        self.applied: dict[tuple[str, str, str], Json] = {}  # (uid, manager, subresource) -> configuration
        self._clock = clock
        self._objects: dict[Served, dict[ObjectKey, Json]] = {}

    def objects(self, served: Served) -> dict[ObjectKey, Json]:
        return self._objects.setdefault(served, {})

    def get(self, served: Served, key: ObjectKey) -> Json:
        found = self.objects(served).get(key)
        if found is None:
            raise Refused(404, "NotFound", f'{served.plural} "{key[1]}" not found')
        return found

    def create(self, served: Served, namespace: str, given: Json, *, with_status: bool = False) -> Json:
        obj = copy.deepcopy(given)
        meta = obj.setdefault("metadata", {})
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = f"{meta['generateName']}{uuid4().hex[:5]}"
        key = (namespace if served.namespaced else "", meta["name"])
        if key in self.objects(served):
            raise Refused(409, "AlreadyExists", f'{served.plural} "{key[1]}" already exists')
        if served.status and not with_status:
            obj.pop("status", None)
        obj.update(apiVersion=served.api_version, kind=served.kind)
        meta.update(uid=str(uuid4()), generation=1)
        meta.setdefault("creationTimestamp", self.timestamp())
        if served.namespaced:
            meta["namespace"] = namespace
        self._validate(served, obj)
        return self._commit(served, "ADDED", key, obj)

    def update(self, served: Served, key: ObjectKey, obj: Json, part: str = "", *, everything: bool = False) -> Json:
        """Write `obj` to `part` ("" or "status"); a resourceVersion that it names must be the current one."""
        old = self.get(served, key)
        obj = copy.deepcopy(obj)
        given = obj.get("metadata", {}).get("resourceVersion")
        if given and given != old["metadata"]["resourceVersion"]:
            message = (
                f"the object has been modified; found {old['metadata']['resourceVersion']}, the write names {given}"
            )
            raise Refused(409, "Conflict", f'operation cannot be fulfilled on {served.plural} "{key[1]}": {message}')
        new = obj if everything else _isolated(served, old, obj, part)
        new.update(apiVersion=served.api_version, kind=served.kind)
        new["metadata"] = {**new.get("metadata", {}), **_fixed(old["metadata"])}
        if _spec(new) != _spec(old):
            new["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
        if new == old:
            return old
        self._validate(served, new)
        return self._commit(served, "MODIFIED", key, new)

    def delete(self, served: Served, key: ObjectKey) -> Json:
        """Remove it, and everything that it owns, at once."""
        gone = copy.deepcopy(self.get(served, key))
        del self.objects(served)[key]
        self._record(served, "DELETED", gone)
        uid = gone["metadata"]["uid"]
        orphans = [(kind, k) for kind, held in self._objects.items() for k, obj in held.items() if _owned_by(obj, uid)]
        for kind, orphan in orphans:
            if orphan in self.objects(kind):
                self.delete(kind, orphan)
        return gone

    def drop_kind(self, served: Served) -> None:
        """What a CRD's deletion does to its objects."""
        self._objects.pop(served, None)

    def compact(self) -> None:
        """Forget the history: older versions can no longer be watched from."""
        self.history.clear()
        self.version += 1
        self.floor = self.version

    def timestamp(self, at: float | None = None) -> str:
        return datetime.fromtimestamp(self._clock() if at is None else at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _validate(self, served: Served, obj: Json) -> None:
        problem = self.validators[served.kind](obj) if served.kind in self.validators else None
        if problem:
            name = obj["metadata"]["name"]
            raise Refused(422, "Invalid", f'{served.kind}.{served.group} "{name}" is invalid: {problem}')

    def _commit(self, served: Served, kind: str, key: ObjectKey, obj: Json) -> Json:
        self.objects(served)[key] = obj
        return self._record(served, kind, obj)

    def _record(self, served: Served, kind: str, obj: Json) -> Json:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        encoded = msgspec.json.encode(obj)
        change = Change(self.version, served, kind, obj, encoded)
        self.history.append(change)
        for listener in list(self.listeners):
            listener(change)
        return obj


def _isolated(served: Served, old: Json, new: Json, part: str) -> Json:
    """The old object with only what a write to `part` may change."""
    if part == "status":
        result = copy.deepcopy(old)
        result["status"] = new.get("status", {})
        return result
    if served.status:
        new = {name: value for name, value in new.items() if name != "status"}
        if "status" in old:
            new["status"] = old["status"]
    return new


def _fixed(old: Json) -> Json:
    names = ("name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion")
    return {name: old[name] for name in names if name in old}


def _spec(obj: Json) -> dict[str, Any]:
    return {name: value for name, value in obj.items() if name not in ("metadata", "status")}


def _owned_by(obj: Json, uid: str) -> bool:
    return any(owner.get("uid") == uid for owner in obj["metadata"].get("ownerReferences", ()))
