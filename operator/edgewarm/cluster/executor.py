"""Carries out the operations of the rungs, and knows which of them the caches do not show yet.

| operation | guarded by                      | seen once the informer tells of                     |
|-----------|---------------------------------|-----------------------------------------------------|
| create    | its name, if it has one         | an object of that uid                               |
| delete    | preconditions uid and version   | that uid on its way out, or gone                    |
| patch     | uid and version in the body     | that uid in another version than the one patched    |

What is not seen within `FORGET_SECONDS` is no longer waited for, as the ReplicaSet controller does
(https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/controller_utils.go, ExpectationsTimeout).
What is made has a bucket of its own, so that a thousand standbys never hold up one change of replicas; what gives way,
or begins to serve, never waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import structlog

from edgewarm.cluster.limits import TokenBucket
from edgewarm.cluster.resources import OWNED, Resource
from edgewarm.model.identity import Key
from edgewarm.model.operations import CreateObject, DeleteObject, Operation, PatchObject

_log = structlog.get_logger(__name__)
FORGET_SECONDS = 300.0
CREATIONS_PER_SECOND = 20.0
CREATIONS_BURST = 40.0


class Writes(Protocol):
    """What the executor needs of the client."""

    async def create(self, resource: Resource, namespace: str, manifest: Mapping[str, Any]) -> bytes: ...

    async def delete(self, resource: Resource, key: Key, options: Mapping[str, Any] | None = None) -> None: ...

    async def merge_patch(
        self, resource: Resource, key: Key, body: Mapping[str, Any], subresource: str = ""
    ) -> bytes: ...

    async def strategic_patch(
        self, resource: Resource, key: Key, body: Mapping[str, Any], subresource: str = ""
    ) -> bytes: ...


class Seen(Protocol):
    """What the executor reads of an object in a cache."""

    @property
    def uid(self) -> str: ...

    @property
    def resource_version(self) -> str: ...

    @property
    def deleting(self) -> bool: ...


class _Meta(msgspec.Struct, rename="camel"):
    name: str
    uid: str
    namespace: str = ""


class _Written(msgspec.Struct):
    metadata: _Meta


@dataclass(frozen=True, slots=True)
class _Unseen:
    """A write; `version` is the one it replaced (patch), `gone` that it was a delete."""

    owner: str
    at: float
    version: str = ""
    gone: bool = False

    def shows_in(self, found: Seen | None) -> bool:
        if self.gone:
            return found is None or found.deleting
        return found is not None and found.resource_version != self.version


_WRITTEN = msgspec.json.Decoder(_Written)


class Executor:
    """`lookup` finds an object of a kind in its cache."""

    def __init__(
        self,
        api: Writes,
        clock: Callable[[], float],
        lookup: Callable[[str, Key], Seen | None],
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._clock = clock
        self._lookup = lookup
        self._sleep = sleep
        self._bucket = TokenBucket(CREATIONS_PER_SECOND, CREATIONS_BURST)
        self._unseen: dict[str, _Unseen] = {}  # by uid of the object

    async def carry_out(self, operation: Operation) -> None:
        """Do it; Conflict where the object is not what was seen, NotFound where it is gone."""
        resource = OWNED[operation.kind]
        match operation:
            case CreateObject():
                if wait := self._bucket.reserve(self._clock()):
                    await self._sleep(wait)
                meta = _WRITTEN.decode(
                    await self._api.create(resource, operation.namespace, operation.manifest)
                ).metadata
                key = Key(operation.namespace, meta.name)
                self._wrote(operation, key, meta.uid, _Unseen(operation.owner, self._clock()))
            case DeleteObject():
                await self._api.delete(resource, operation.key, _delete_options(operation))
                self._wrote(operation, operation.key, operation.uid, _Unseen(operation.owner, self._clock(), gone=True))
            case PatchObject():
                patch = self._api.strategic_patch if operation.subresource else self._api.merge_patch
                await patch(resource, operation.key, _guarded(operation), operation.subresource)
                unseen = _Unseen(operation.owner, self._clock(), operation.resource_version)
                self._wrote(operation, operation.key, operation.uid, unseen)
        _log.info("rung operation", what=type(operation).__name__, kind=operation.kind, why=operation.why)

    def changed(self, old: Seen | None, new: Seen | None) -> None:
        """One change of an owned kind as its informer reports it."""
        if new is not None:
            unseen = self._unseen.get(new.uid)
            if unseen is not None and unseen.shows_in(new):
                del self._unseen[new.uid]
        if old is not None and (new is None or new.uid != old.uid):
            self._unseen.pop(old.uid, None)  # gone, whatever was written to it

    def unseen(self) -> frozenset[str]:
        """The owners that something was written for which the caches do not show yet."""
        now = self._clock()
        for uid in [uid for uid, one in self._unseen.items() if now - one.at > FORGET_SECONDS]:
            _log.warning("a write was never seen in the cache", uid=uid)
            del self._unseen[uid]
        return frozenset(one.owner for one in self._unseen.values())

    def _wrote(self, operation: Operation, key: Key, uid: str, unseen: _Unseen) -> None:
        """Wait for the cache, unless the watch was faster than the answer."""
        found = self._lookup(operation.kind, key)
        mine = found if found is not None and found.uid == uid else None
        if not unseen.shows_in(mine):
            self._unseen[uid] = unseen


def _delete_options(operation: DeleteObject) -> Mapping[str, Any]:
    guard = {"uid": operation.uid, "resourceVersion": operation.resource_version}
    grace = {} if operation.grace_seconds is None else {"gracePeriodSeconds": operation.grace_seconds}
    return {"preconditions": guard, **grace}


def _guarded(operation: PatchObject) -> Mapping[str, Any]:
    meta = {**operation.body.get("metadata", {}), "uid": operation.uid}
    return {**operation.body, "metadata": {**meta, "resourceVersion": operation.resource_version}}
