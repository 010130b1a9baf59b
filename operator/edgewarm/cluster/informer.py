"""A diffing informer: list, watch, resume, and after any gap compare keys, so that nothing deleted lives on.

What happens                                    | then
------------------------------------------------|-----------------------------------------------------------
list: all pages read                            | replace and diff keys; watch from its version
list: 410, a continue token expired             | list again from the start, after the second time unpaged
list: 404, the kind is not installed            | empty and synced; look again after `absent_seconds`
list: 404, but objects are known                | believed only after three answers (a starting server says 404 too)
list: anything else                             | back off, list again; keep what we have
watch: closed by the server after its time      | watch again from the last version seen
watch: 410, as status or as ERROR event         | list (at once the first time)
watch: ERROR event, network, 5xx, silence       | back off, watch again; after three in a row list
an object that cannot be decoded                | logged; what was known of it stays

`Gone`, `NotFound` and the rest come from `failures`. The version is opaque: never compared, only handed back.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import structlog

from edgewarm.cluster.failures import Busy, Gone, failure, status_of
from edgewarm.cluster.limits import Backoff
from edgewarm.cluster.resources import Resource
from edgewarm.model.errors import EdgewarmError, NotFound, Unavailable
from edgewarm.model.identity import Key

T = TypeVar("T")
_log = structlog.get_logger(__name__)

PATIENCE = 3
"""Failures in a row after which a watch is given up for a new list, and a 404 is believed."""


class Reads(Protocol):
    """What an informer needs of the client."""

    async def list_page(self, resource: Resource, limit: int, token: str = "") -> bytes: ...

    def watch(
        self, resource: Resource, resource_version: str, seconds: int, idle_seconds: float
    ) -> AsyncGenerator[bytes]: ...


@dataclass(frozen=True)
class Timing:
    """The clock and the patience of an informer; seconds.

    The API server sends a bookmark about once a minute, so a watch silent for longer than `idle_seconds` is dead.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    random: Random = field(default_factory=Random)
    watch_seconds: tuple[int, int] = (240, 300)
    idle_seconds: float = 90.0
    absent_seconds: float = 60.0
    backoff_seconds: tuple[float, float] = (1.0, 30.0)
    page_size: int = 500


class _Meta(msgspec.Struct, gc=False, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""


class _Head(msgspec.Struct, gc=False):
    metadata: _Meta


class _ListMeta(msgspec.Struct, gc=False, rename="camel"):
    resource_version: str = ""
    continue_token: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None  # Go writes an empty list as null


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


_HEAD = msgspec.json.Decoder(_Head)
_PAGE = msgspec.json.Decoder(_Page)
_EVENT = msgspec.json.Decoder(_Event)


class Informer(Generic[T]):
    """All objects of one kind, kept current. `decode` turns the raw bytes of one into a value, None for "not ours"."""

    def __init__(
        self,
        api: Reads,
        resource: Resource,
        decode: Callable[[msgspec.Raw], T | None],
        timing: Timing,
        on_change: Callable[[T | None, T | None], None] | None = None,
    ) -> None:
        self.resource = resource
        self.revision = 0  # rises with every change, so that readers rebuild only what changed
        self._api = api
        self._decode = decode
        self._timing = timing
        self._on_change = on_change or (lambda old, new: None)
        self._objects: dict[Key, T] = {}
        self._versions: dict[Key, str] = {}
        self._version: str | None = None  # None: a list is due
        self._expired = 0
        self._backoff = Backoff(timing.random, *timing.backoff_seconds)
        self._alive_at = -math.inf
        self._first_list = asyncio.Event()
        self._snapshot: Mapping[Key, T] = MappingProxyType({})
        self._snapshot_revision = 0

    def get(self, key: Key) -> T | None:
        """One object, without a snapshot of all."""
        return self._objects.get(key)

    @property
    def objects(self) -> Mapping[Key, T]:
        """A snapshot: it does not change under the reader, and costs a copy only after a change."""
        if self._snapshot_revision != self.revision:
            self._snapshot = MappingProxyType(dict(self._objects))
            self._snapshot_revision = self.revision
        return self._snapshot

    @property
    def synced(self) -> bool:
        return self._first_list.is_set()

    async def wait_synced(self) -> None:
        await self._first_list.wait()

    def age(self, now: float) -> float:
        """Seconds since the API server last said anything about this kind; infinite before the first time."""
        return now - self._alive_at

    async def run(self) -> None:
        """Follow the kind until cancelled; no answer of the API server ends it."""
        while True:
            try:
                await (self._list() if self._version is None else self._watch())
            except Gone as problem:
                await self._restart(problem)
            except NotFound as problem:
                await self._missing(problem)
            except EdgewarmError as problem:
                await self._stumble(problem)

    async def _list(self) -> None:
        fresh: dict[Key, tuple[str, T | None]] = {}
        limit, token = (self._timing.page_size if self._expired < 2 else 0), ""
        while True:
            page = await self._page(limit, token)
            for raw in page.items or ():
                self._collect(raw, fresh)
            self._alive()
            token = page.metadata.continue_token
            if not token:
                break
        self._replace(fresh)
        self._version = page.metadata.resource_version
        self._expired = 0

    async def _page(self, limit: int, token: str) -> _Page:
        body = await self._api.list_page(self.resource, limit, token)
        try:
            return _PAGE.decode(body)
        except msgspec.MsgspecError as error:
            raise Unavailable(f"listing {self.resource.plural}: not a list: {error}; it will be tried again") from error

    def _collect(self, raw: msgspec.Raw, fresh: dict[Key, tuple[str, T | None]]) -> None:
        """Decode one listed object into `fresh`, unless we hold that very version of it."""
        head = _head(raw)
        key, version = _key(head), head.metadata.resource_version
        if self._versions.get(key) == version:
            fresh[key] = version, self._objects.get(key)
        else:
            fresh[key] = version, self._decoded(key, raw)

    def _replace(self, fresh: Mapping[Key, tuple[str, T | None]]) -> None:
        for key in [key for key in self._versions if key not in fresh]:
            self._forget(key)
        for key, (version, value) in fresh.items():
            self._store(key, version, value)
        self._first_list.set()

    async def _watch(self) -> None:
        timing = self._timing
        seconds = timing.random.randint(*timing.watch_seconds)
        heard = False
        watch = self._api.watch(self.resource, self._version or "", seconds, timing.idle_seconds)
        async with aclosing(watch) as lines:
            async for line in lines:
                self._receive(line)
                heard = heard or bool(line)
        self._alive()
        self._backoff.reset()
        if not heard:  # a server that closes every watch at once must not make us spin
            await timing.sleep(timing.backoff_seconds[0])

    def _receive(self, line: bytes) -> None:
        if not line:  # the server accepted the watch: alive, but it has yet to prove that it lasts
            self._alive()
            return
        try:
            event = _EVENT.decode(line)
        except msgspec.MsgspecError as error:
            raise Unavailable(f"watching {self.resource.plural}: not an event: {error}; resuming") from error
        if event.type == "ERROR":
            status = status_of(event.object)
            raise failure(f"watch {self.resource.plural}", status.code or 500, event.object)
        self._apply(event)
        self._alive()
        self._backoff.reset()

    def _apply(self, event: _Event) -> None:
        head = _head(event.object)
        key, version = _key(head), head.metadata.resource_version
        if event.type in ("ADDED", "MODIFIED"):
            self._store(key, version, self._decoded(key, event.object))
        elif event.type == "DELETED":
            self._forget(key)
        self._version = version or self._version  # a BOOKMARK does only this

    def _decoded(self, key: Key, raw: msgspec.Raw) -> T | None:
        try:
            return self._decode(raw)
        except (msgspec.MsgspecError, EdgewarmError, ValueError, TypeError, LookupError) as error:
            _log.warning("object not understood", kind=self.resource.kind, object=str(key), error=str(error))
            return self._objects.get(key)

    def _store(self, key: Key, version: str, value: T | None) -> None:
        self._versions[key] = version
        self._set(key, value)

    def _forget(self, key: Key) -> None:
        self._versions.pop(key, None)
        self._set(key, None)

    def _set(self, key: Key, new: T | None) -> None:
        old = self._objects.get(key)
        if old == new:  # a node's heartbeat changes nothing that we read
            return
        if new is None:
            del self._objects[key]
        else:
            self._objects[key] = new
        self.revision += 1
        self._on_change(old, new)

    def _alive(self) -> None:
        self._alive_at = self._timing.clock()

    async def _restart(self, problem: Gone) -> None:
        """A list from the start: at once the first time, later with back-off."""
        self._expired += self._version is None
        self._version = None
        delay = self._backoff.next()
        if self._backoff.failures > 1:
            await self._wait(delay, problem)

    async def _missing(self, problem: NotFound) -> None:
        listed = self._version is None
        self._version = None
        if not listed or (self._versions and self._backoff.failures < PATIENCE - 1):
            await self._stumble(problem)
            return
        self._alive()
        self._replace({})
        self._backoff.reset()
        await self._timing.sleep(self._timing.absent_seconds)

    async def _stumble(self, problem: EdgewarmError) -> None:
        delay = self._backoff.next()
        if self._backoff.failures >= PATIENCE:
            self._version = None
        if isinstance(problem, Busy):
            delay = max(delay, problem.retry_after)
        await self._wait(delay, problem)

    async def _wait(self, delay: float, problem: EdgewarmError) -> None:
        _log.warning("informer backs off", kind=self.resource.kind, seconds=round(delay, 1), error=str(problem))
        await self._timing.sleep(delay)


def _head(raw: msgspec.Raw) -> _Head:
    try:
        return _HEAD.decode(raw)
    except msgspec.MsgspecError as error:
        raise Unavailable(f"reading an object: no metadata: {error}; it will be tried again") from error


def _key(head: _Head) -> Key:
    return Key(head.metadata.namespace, head.metadata.name)
