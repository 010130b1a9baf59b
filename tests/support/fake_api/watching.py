"""Open watches of the fake: what they still have to say, and the ways in which they can fall silent or end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from support.fake_api.selecting import selected
from support.fake_api.served import Address, Served
from support.fake_api.store import Change, Store

_CLOSE = b""
_ABORT = b"\0"


@dataclass(eq=False)
class Watch:
    """One connection. `frozen` keeps it open and says nothing any more, like a peer that lost power."""

    served: Served
    namespace: str
    labels: str
    fields: str
    lines: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    frozen: bool = False

    def offer(self, change: Change) -> None:
        if change.served != self.served or self.namespace not in ("", change.object["metadata"].get("namespace", "")):
            return
        if selected(change.object, self.labels, self.fields):
            self.say(change.type, change.encoded)

    def say(self, kind: str, encoded: bytes) -> None:
        if not self.frozen:
            self.lines.put_nowait(b'{"type":"%s","object":%s}\n' % (kind.encode(), encoded))

    def bookmark(self, version: int) -> None:
        meta = {"resourceVersion": str(version), "creationTimestamp": None}
        body = {"kind": self.served.kind, "apiVersion": self.served.api_version, "metadata": meta}
        self.say("BOOKMARK", msgspec.json.encode(body))

    def error(self, code: int, reason: str, message: str) -> None:
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
        self.say("ERROR", msgspec.json.encode({**body, "reason": reason, "message": message}))

    def close(self) -> None:
        self.lines.put_nowait(_CLOSE)

    def abort(self) -> None:
        self.lines.put_nowait(_ABORT)


class Watches:
    """All open watches of one server."""

    def __init__(self, store: Store) -> None:
        self.open: set[Watch] = set()
        self._store = store
        store.listeners.append(self._changed)

    def _changed(self, change: Change) -> None:
        for watch in self.open:
            watch.offer(change)

    def of(self, plural: str | None) -> list[Watch]:
        return [watch for watch in self.open if plural is None or watch.served.plural == plural]

    async def serve(self, request: web.Request, address: Address) -> web.StreamResponse:
        """Replay what happened since the version asked for, then everything new, until the time is up."""
        query = request.query
        watch = Watch(address.served, address.namespace, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        self._replay(watch, query.get("resourceVersion", ""))
        self.open.add(watch)
        try:
            async with asyncio.timeout(float(query.get("timeoutSeconds", "3600"))):
                await self._pump(watch, request, response)
        except TimeoutError:
            while watch.frozen:
                await asyncio.sleep(3600)
        finally:
            self.open.discard(watch)
        return response

    def _replay(self, watch: Watch, version: str) -> None:
        if version in ("", "0"):
            for obj in self._store.objects(watch.served).values():
                watch.offer(Change(0, watch.served, "ADDED", obj, msgspec.json.encode(obj)))
        elif int(version) < self._store.floor:
            watch.error(410, "Expired", f"too old resource version: {version} ({self._store.floor})")
            watch.close()
        else:
            for change in self._store.history:
                if change.version > int(version):
                    watch.offer(change)

    async def _pump(self, watch: Watch, request: web.Request, response: web.StreamResponse) -> None:
        while True:
            line = await watch.lines.get()
            if line is _CLOSE:
                return
            if line is _ABORT:
                if request.transport is not None:
                    request.transport.abort()
                return
            await response.write(line)
