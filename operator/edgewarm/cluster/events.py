"""Kubernetes Events about our objects: said once, counted after, never a reason to fail.

core/v1, because `kubectl describe` lists that API (by involvedObject name, namespace, kind and uid) and prints
`count` as "x3 over 20m". The same note (object, reason, message) within `repeat_seconds` is only counted; the first
one after that updates count and lastTimestamp of the Event that is there. Each object has a token bucket, as in
client-go's recorder.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from edgewarm.cluster.limits import TokenBucket
from edgewarm.cluster.resources import EVENTS, Resource, ours
from edgewarm.model.errors import EdgewarmError, NotFound
from edgewarm.model.identity import Key
from edgewarm.model.units import format_time
from edgewarm.model.view import Note

_log = structlog.get_logger(__name__)
COMPONENT = "edgewarm"
_MESSAGE_LIMIT = 1024
_NAME_LIMIT = 253


class Writes(Protocol):
    """What the recorder needs of the client."""

    async def create(self, resource: Resource, namespace: str, manifest: Mapping[str, Any]) -> bytes: ...

    async def merge_patch(
        self, resource: Resource, key: Key, body: Mapping[str, Any], subresource: str = ""
    ) -> bytes: ...


@dataclass(frozen=True, slots=True)
class EventLimits:
    """Repeats are merged within `repeat_seconds`; per object at most `burst` writes, one more per `refill_seconds`."""

    repeat_seconds: float = 600.0
    burst: float = 25.0
    refill_seconds: float = 300.0
    remembered: int = 4096


@dataclass(slots=True)
class _Series:
    event: Key
    count: int
    written_at: float


class EventRecorder:
    """Writes Events; `failed` and `dropped` count what nobody will see."""

    def __init__(self, api: Writes, limits: EventLimits | None = None, instance: str = COMPONENT) -> None:
        self._api = api
        self._limits = limits or EventLimits()
        self._instance = instance
        self._series: OrderedDict[tuple[str, str, str], _Series] = OrderedDict()
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        self.failed = 0
        self.dropped = 0

    async def record(self, note: Note, now: float) -> None:
        """Say `note`, or count it if it was said lately; never raises for the world's or the user's faults."""
        same = (note.uid, note.reason, note.message)
        series = self._series.get(same)
        if series is not None:
            series.count += 1
            if now - series.written_at < self._limits.repeat_seconds:
                return
        if not self._bucket(note.uid).take(now):
            self.dropped += 1
            return
        try:
            self._remember(same, await self._write(note, series, now))
        except EdgewarmError as error:
            self.failed += 1
            _log.warning(
                "event not written", kind=note.kind, object=str(note.key), reason=note.reason, error=str(error)
            )

    async def _write(self, note: Note, series: _Series | None, now: float) -> _Series:
        count = 1 if series is None else series.count
        if series is not None:
            repeated = {"count": count, "lastTimestamp": format_time(now)}
            try:
                await self._api.merge_patch(EVENTS, series.event, repeated)
            except NotFound:  # Events live for an hour
                count = 1
            else:
                return _Series(series.event, count, now)
        manifest = self._manifest(note, now)
        event = Key(manifest["metadata"]["namespace"], manifest["metadata"]["name"])
        await self._api.create(EVENTS, event.namespace, manifest)
        return _Series(event, count, now)

    def _manifest(self, note: Note, now: float) -> dict[str, Any]:
        about = ours(note.kind)
        # Events about cluster-scoped objects must live in "default"; their involvedObject has no namespace.
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": _name(note, now), "namespace": note.key.namespace or "default"},
            "involvedObject": {
                "apiVersion": about.api_version,
                "kind": about.kind,
                "name": note.key.name,
                "uid": note.uid,
                **({"namespace": note.key.namespace} if note.key.namespace else {}),
            },
            "type": "Warning" if note.warning else "Normal",
            "reason": note.reason,
            "message": _cut(note.message),
            "count": 1,
            "firstTimestamp": format_time(now),
            "lastTimestamp": format_time(now),
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "reportingInstance": self._instance,
        }

    def _bucket(self, uid: str) -> TokenBucket:
        if uid not in self._buckets:
            self._buckets[uid] = TokenBucket(1 / self._limits.refill_seconds, self._limits.burst)
        self._buckets.move_to_end(uid)
        while len(self._buckets) > self._limits.remembered:
            self._buckets.popitem(last=False)
        return self._buckets[uid]

    def _remember(self, same: tuple[str, str, str], series: _Series) -> None:
        self._series[same] = series
        self._series.move_to_end(same)
        while len(self._series) > self._limits.remembered:
            self._series.popitem(last=False)


def _name(note: Note, now: float) -> str:
    """The object's name and a digest: unique per note and time, and the same if a write is repeated."""
    said = f"{note.uid}\n{note.reason}\n{note.message}\n{now:.6f}"
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    return f"{note.key.name[: _NAME_LIMIT - 17].rstrip('.-')}.{digest}"


def _cut(message: str) -> str:
    """At most 1,024 bytes, the API server's limit."""
    data = message.encode()
    if len(data) <= _MESSAGE_LIMIT:
        return message
    return data[: _MESSAGE_LIMIT - 3].decode(errors="ignore") + "..."
