"""The fake API server: requests in, the store's answers out, faults in between, everything on record."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from support.fake_api import merging
from support.fake_api.faults import Fault, Faults
from support.fake_api.merging import Json
from support.fake_api.scaling import scale_of, scaled
from support.fake_api.selecting import selected
from support.fake_api.served import Address, Catalogue, Served
from support.fake_api.store import Refused, Store, Validator
from support.fake_api.watching import Watches

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Request:
    """One request as it arrived, and the status it got (0: the connection was cut)."""

    verb: str
    path: str
    query: Mapping[str, str]
    body: Any
    content_type: str
    status: int
    headers: Mapping[str, str]


class FakeApi:
    """`async with FakeApi() as api:` or start() and stop(); it keeps its port and its objects over a restart."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.store = Store(clock)
        self.kinds = Catalogue()
        self.requests: list[Request] = []
        self.token = "fake-token"
        self.valid_tokens: set[str] | None = None  # None: everyone is let in
        self._faults = Faults()
        self._watches = Watches(self.store)
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def __aenter__(self) -> FakeApi:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        application = web.Application(client_max_size=16 * 2**20)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Cut all connections and stop listening."""
        for watch in self._watches.of(None):
            watch.frozen = False
            watch.abort()
        await asyncio.sleep(0)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def kubeconfig(self, path: Path) -> Path:
        """Write a kubeconfig for this server to `path`."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": {"server": self.url}}],
            "users": [{"name": "fake", "user": {"token": self.token}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
        }
        path.write_bytes(msgspec.json.encode(config))  # JSON is YAML
        return path

    # --- the world, from the test's side -----------------------------------------------------------------------------

    def put(self, obj: Json) -> Json:
        """Create or replace, status included, as no client could."""
        served = self.kinds.by_kind(obj["kind"])
        meta = obj["metadata"]
        namespace = meta.get("namespace", "default") if served.namespaced else ""
        key = (namespace, meta.get("name", ""))
        if key in self.store.objects(served):
            return self.store.update(served, key, obj, everything=True)
        return self.store.create(served, namespace, obj, with_status=True)

    def get(self, kind: str, namespace: str, name: str) -> Json | None:
        return self.store.objects(self.kinds.by_kind(kind)).get((namespace, name))

    def objects(self, kind: str) -> list[Json]:
        return list(self.store.objects(self.kinds.by_kind(kind)).values())

    def delete(self, kind: str, namespace: str, name: str) -> None:
        self.store.delete(self.kinds.by_kind(kind), (namespace, name))

    def serve(self, served: Served) -> None:
        """Install a kind."""
        self.kinds.add(served)

    def unserve(self, served: Served) -> None:
        """Remove a kind and its objects; its watches end."""
        self.kinds.remove(served)
        self.store.drop_kind(served)
        self.close_watches(served.plural)

    def validate(self, kind: str, validator: Validator) -> None:
        """Refuse with 422 what `validator` gives a reason for."""
        self.store.validators[kind] = validator

    # --- faults ------------------------------------------------------------------------------------------------------

    def fail(
        self,
        status: int | None,
        times: float = 1,
        verbs: Iterable[str] = (),
        plurals: Iterable[str] = (),
        **more: Any,
    ) -> Fault:
        """The next `times` matching requests get `status` (0: no answer, None: only `latency`); see `Fault`."""
        return self._faults.add(Fault(status, times, verbs=frozenset(verbs), plurals=frozenset(plurals), **more))

    def recover(self) -> None:
        """Take back all faults that have not happened yet."""
        self._faults.clear()

    def compact(self) -> None:
        """From now on no older version can be watched or paged from (410)."""
        self.store.compact()

    def watchers(self, plural: str | None = None) -> int:
        return len(self._watches.of(plural))

    def bookmark(self, plural: str | None = None) -> None:
        for watch in self._watches.of(plural):
            watch.bookmark(self.store.version)

    def watch_error(self, code: int, plural: str | None = None, reason: str = "InternalError") -> None:
        """An ERROR event on the open watches, which then end."""
        for watch in self._watches.of(plural):
            watch.error(code, reason, "injected by the test")
            watch.close()

    def close_watches(self, plural: str | None = None) -> None:
        for watch in self._watches.of(plural):
            watch.close()

    def drop_watches(self, plural: str | None = None) -> None:
        """Cut the connections without a goodbye."""
        for watch in self._watches.of(plural):
            watch.abort()

    def freeze_watches(self, plural: str | None = None) -> None:
        """Half-open: the connections stay, nothing arrives."""
        for watch in self._watches.of(plural):
            watch.frozen = True

    # --- HTTP --------------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        address = self.kinds.address(request.path)
        verb = _verb(request, address)
        plural = address.served.plural if address else ""
        fault = self._faults.take(verb, plural, self.clock())
        if fault is not None and fault.latency:
            await asyncio.sleep(fault.latency)
        status = 0
        try:
            response = await self._answer(request, address, verb, body, fault)
            status = response.status
        finally:
            if verb != "watch":
                self._note(request, verb, body, status)
        return response

    async def _answer(
        self, request: web.Request, address: Address | None, verb: str, body: bytes, fault: Fault | None
    ) -> web.StreamResponse:
        try:
            if fault is not None and fault.status is not None:
                return self._refuse(request, fault)
            self._authenticate(request)
            if address is None:
                return self._discover(request)
            if verb == "watch":
                self._note(request, verb, body, 200)
                return await self._watches.serve(request, address)
            return _json(self._dispatch(request, address, verb, body), 201 if verb == "create" else 200)
        except Refused as refused:
            return _status(refused.code, refused.reason, str(refused))

    def _note(self, request: web.Request, verb: str, body: bytes, status: int) -> None:
        decoded = msgspec.json.decode(body) if body else None
        self.requests.append(
            Request(verb, request.path, dict(request.query), decoded, request.content_type, status, request.headers)
        )

    def _authenticate(self, request: web.Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.valid_tokens is not None and token not in self.valid_tokens:
            raise Refused(401, "Unauthorized", "Unauthorized")

    def _refuse(self, request: web.Request, fault: Fault) -> web.Response:
        if not fault.status:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return _status(fault.status, "Injected", fault.message, headers)

    def _discover(self, request: web.Request) -> web.Response:
        if request.path == "/version":
            return _json({"major": "1", "minor": "36", "gitVersion": "v1.36.0-fake"})
        found = self.kinds.discovery(request.path)
        if found is None:
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        return _json(found)

    def _dispatch(self, request: web.Request, address: Address, verb: str, body: bytes) -> Json:
        match verb:
            case "list":
                return self._list(request, address)
            case "get":
                obj = self.store.get(address.served, (address.namespace, address.name))
                return scale_of(obj) if address.subresource == "scale" else obj
            case "create":
                return self.store.create(address.served, address.namespace, msgspec.json.decode(body))
            case "delete":
                _hold(self.store.get(address.served, (address.namespace, address.name)), _preconditions(body))
                self.store.delete(address.served, (address.namespace, address.name))
                return {"kind": "Status", "apiVersion": "v1", "status": "Success", "code": 200}
        return self._write(request, address, msgspec.json.decode(body))

    def _list(self, request: web.Request, address: Address) -> Json:
        """Chunks are cut from the keys in order; a token names its version and is refused once that is compacted."""
        query = request.query
        version, after = self.store.version, None
        if token := query.get("continue"):
            version, *name = msgspec.json.decode(base64.urlsafe_b64decode(token))
            after = tuple(name)
            if version < self.store.floor:
                raise Refused(410, "Expired", "the provided continue parameter is too old")
        held = sorted(self.store.objects(address.served).items())
        found = [
            (key, obj)
            for key, obj in held
            if (after is None or key > after)
            and address.namespace in ("", key[0])
            and selected(obj, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        ]
        limit = int(query.get("limit", "0")) or len(found)
        meta = {"resourceVersion": str(version)}
        if len(found) > limit:
            following = msgspec.json.encode([version, *found[limit - 1][0]])
            meta["continue"] = base64.urlsafe_b64encode(following).decode()
        items = [obj for _, obj in found[:limit]] or None
        kind, api_version = f"{address.served.kind}List", address.served.api_version
        return {"kind": kind, "apiVersion": api_version, "metadata": meta, "items": items}

    def _write(self, request: web.Request, address: Address, given: Json) -> Json:
        key = (address.namespace, address.name)
        if request.method == "PUT":
            return self.store.update(address.served, key, given, address.subresource)
        if request.content_type == "application/apply-patch+yaml":
            return self._apply(request, address, given)
        if request.content_type == "application/strategic-merge-patch+json":
            return self._resize(address, key, given)
        if request.content_type != "application/merge-patch+json":
            raise Refused(415, "UnsupportedMediaType", f"the fake does not know {request.content_type}")
        current = self.store.get(address.served, key)
        _hold(current, {"uid": given.get("metadata", {}).get("uid")})
        if address.subresource == "scale":
            changed = merging.merge_patch(scale_of(current), given)
            return scale_of(self.store.update(address.served, key, scaled(current, changed)))
        return self.store.update(address.served, key, merging.merge_patch(current, given), address.subresource)

    def _resize(self, address: Address, key: tuple[str, str], given: Json) -> Json:
        """Only what containers request and may use at most changes, and only where the kubelet tells what they have."""
        if address.subresource != "resize" or not address.served.resize:
            raise Refused(415, "UnsupportedMediaType", "the fake knows strategic merge patches of /resize only")
        current = self.store.get(address.served, key)
        _hold(current, {"uid": given.get("metadata", {}).get("uid")})
        if not all("resources" in one for one in current.get("status", {}).get("containerStatuses") or [{}]):
            raise Refused(422, "Invalid", "spec: Forbidden: Pod running on node without support for resize")
        asked = {one["name"]: one["resources"] for one in given["spec"]["containers"]}
        wanted = [{"name": name, "resources": resources} for name, resources in asked.items()]
        version = {"metadata": {"resourceVersion": given.get("metadata", {}).get("resourceVersion")}}
        return self.store.update(
            address.served, key, merging.strategic(current, {**version, "spec": {"containers": wanted}})
        )

    def _apply(self, request: web.Request, address: Address, given: Json) -> Json:
        """Server-side apply; creates the object on the main resource only."""
        served, key, manager = address.served, (address.namespace, address.name), request.query["fieldManager"]
        if (given.get("apiVersion"), given.get("kind")) != (served.api_version, served.kind):
            raise Refused(400, "BadRequest", f"apply needs apiVersion {served.api_version} and kind {served.kind}")
        if key not in self.store.objects(served) and not address.subresource:
            created = self.store.create(served, address.namespace, given)
            self.store.applied[created["metadata"]["uid"], manager, ""] = given
            return created
        current = self.store.get(served, key)
        own = (current["metadata"]["uid"], manager, address.subresource)
        others = [config for who, config in self.store.applied.items() if who[0] == own[0] and who != own]
        merged = merging.apply(current, given, self.store.applied.get(own), others)
        result = self.store.update(served, key, merged, address.subresource)
        self.store.applied[own] = given
        return result


def _preconditions(body: bytes) -> Json:
    found: Json = (msgspec.json.decode(body) if body else {}).get("preconditions", {})
    return found


def _hold(obj: Json, wanted: Json) -> None:
    """409 unless the object is the one that was meant."""
    for name, value in wanted.items():
        if value is not None and obj["metadata"].get(name) != value:
            raise Refused(409, "Conflict", f"Precondition failed: {name} is not {value}")


def _verb(request: web.Request, address: Address | None) -> str:
    if request.method != "GET":
        return _VERBS.get(request.method, request.method.lower())
    if address is None or address.name:
        return "get"
    return "watch" if request.query.get("watch") in ("true", "1") else "list"


def _json(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    encoded = msgspec.json.encode(body)
    return web.Response(body=encoded, status=status, content_type="application/json", headers=headers)


def _status(code: int, reason: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return _json({**body, "message": message, "reason": reason, "code": code}, code, headers)
