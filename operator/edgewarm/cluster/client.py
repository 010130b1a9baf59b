"""The API server over HTTP: raw bytes in and out, every failure one of `model.errors`, writes rationed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from edgewarm.cluster.credentials import Credentials, Endpoint
from edgewarm.cluster.failures import Busy, Unauthenticated, failure
from edgewarm.cluster.limits import TokenBucket
from edgewarm.cluster.resources import Resource
from edgewarm.model.errors import EdgewarmError, Unavailable
from edgewarm.model.identity import Key
from edgewarm.model.names import FIELD_MANAGER

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"  # JSON is YAML, so the body is JSON
CORE = Resource("", "v1", "", "APIResourceList", namespaced=False)
_JSON = "application/json"
_METHODS = {"get": "GET", "list": "GET", "watch": "GET", "create": "POST", "patch": "PATCH", "delete": "DELETE"}
_WRITES = frozenset({"create", "patch", "delete"})

OnRequest = Callable[[str, str, int], None]
"""Called with verb, resource ("deployments/scale") and HTTP status, 0 where there was no answer."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Limits of the client; times in seconds."""

    request_seconds: float = 30.0
    connect_seconds: float = 10.0
    writes_per_second: float = 50.0
    write_burst: float = 100.0
    attempts: int = 3  # for answers that say "not now" (429 with Retry-After) or "who are you" (401)
    patience_seconds: float = 10.0  # a longer Retry-After is the caller's to wait for


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `doing` says it in words, for the errors."""

    verb: str
    resource: Resource
    path: str
    subresource: str = ""
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str = _JSON

    @property
    def counted_as(self) -> str:
        plural = self.resource.plural or self.resource.kind
        return f"{plural}/{self.subresource}" if self.subresource else plural

    @property
    def doing(self) -> str:
        return f"{self.verb} {self.counted_as} ({self.path})"


class ApiClient:
    """Requests to one API server, in its own words: get, list, watch, create, patch, delete."""

    def __init__(
        self,
        credentials: Credentials,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        settings: ClientSettings | None = None,
        on_request: OnRequest | None = None,
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._sleep = sleep
        self._settings = settings or ClientSettings()
        self._on_request = on_request or (lambda verb, resource, code: None)
        self._writes = TokenBucket(self._settings.writes_per_second, self._settings.write_burst)
        self._session: aiohttp.ClientSession | None = None

    async def get(self, resource: Resource, key: Key, subresource: str = "") -> bytes:
        return await self._send(Call("get", resource, resource.path_of(key, subresource), subresource))

    async def list_page(self, resource: Resource, limit: int, token: str = "") -> bytes:
        """One page of a consistent list over all namespaces; `limit` 0 asks for everything at once."""
        asked = (("limit", str(limit) if limit else ""), ("continue", token), ("fieldSelector", resource.fields))
        query = tuple((name, value) for name, value in asked if value)
        return await self._send(Call("list", resource, resource.path(), query=query))

    async def create(self, resource: Resource, namespace: str, manifest: Mapping[str, Any]) -> bytes:
        query = (("fieldManager", FIELD_MANAGER),)
        return await self._send(
            Call("create", resource, resource.path(namespace), query=query, body=msgspec.json.encode(manifest))
        )

    async def delete(self, resource: Resource, key: Key, options: Mapping[str, Any] | None = None) -> None:
        """`options` are fields of DeleteOptions: preconditions, gracePeriodSeconds."""
        plain = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        options = {**plain, **(options or {})}
        await self._send(Call("delete", resource, resource.path_of(key), body=msgspec.json.encode(options)))

    async def merge_patch(self, resource: Resource, key: Key, body: Mapping[str, Any], subresource: str = "") -> bytes:
        """RFC 7386; guarded by `metadata.resourceVersion` if the body carries one."""
        query = (("fieldManager", FIELD_MANAGER),)
        return await self._patch(resource, key, subresource, query, body, MERGE_PATCH)

    async def strategic_patch(
        self, resource: Resource, key: Key, body: Mapping[str, Any], subresource: str = ""
    ) -> bytes:
        """As the fields' own patch strategies say: lists that are maps are merged by key. Built-in kinds only."""
        query = (("fieldManager", FIELD_MANAGER),)
        return await self._patch(resource, key, subresource, query, body, STRATEGIC_PATCH)

    async def core_resources(self) -> bytes:
        """The APIResourceList of the core group: what is served of it, subresources too."""
        return await self._send(Call("get", CORE, CORE.path()))

    async def apply(self, resource: Resource, key: Key, body: Mapping[str, Any], subresource: str = "") -> bytes:
        """Server-side apply: the fields in `body` are ours, those we no longer send go away."""
        query = (("fieldManager", FIELD_MANAGER), ("force", "true"))
        return await self._patch(resource, key, subresource, query, body, APPLY_PATCH)

    async def watch(
        self, resource: Resource, resource_version: str, seconds: int, idle_seconds: float
    ) -> AsyncGenerator[bytes]:
        """The lines of a watch over all namespaces, until the server closes it; silence of `idle_seconds` fails.

        The first line is empty: the server has accepted the watch, which on a quiet kind may be all for a minute.
        """
        query = (
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", resource_version),
            ("timeoutSeconds", str(seconds)),
            *((("fieldSelector", resource.fields),) if resource.fields else ()),
        )
        call = Call("watch", resource, resource.path(), query=query)
        timeout = aiohttp.ClientTimeout(connect=self._settings.connect_seconds, sock_read=idle_seconds)
        response = await self._respond(call, timeout)
        try:
            yield b""
            with _network_failures(call):
                async for line in _lines(response.content):
                    yield line
        finally:
            response.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _patch(
        self,
        resource: Resource,
        key: Key,
        subresource: str,
        query: tuple[tuple[str, str], ...],
        body: Mapping[str, Any],
        content_type: str,
    ) -> bytes:
        path = resource.path_of(key, subresource)
        return await self._send(
            Call("patch", resource, path, subresource, query, msgspec.json.encode(body), content_type)
        )

    async def _send(self, call: Call) -> bytes:
        if call.verb in _WRITES and (wait := self._writes.reserve(self._clock())):
            await self._sleep(wait)
        settings = self._settings
        timeout = aiohttp.ClientTimeout(total=settings.request_seconds, connect=settings.connect_seconds)
        response = await self._respond(call, timeout)
        with _network_failures(call):
            return await response.read()

    async def _respond(self, call: Call, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        for attempt in range(1, self._settings.attempts + 1):
            await self._credentials.endpoint()
            generation = self._credentials.generation
            response = await self._open(call, timeout)
            if response.status < 400:
                return response
            with _network_failures(call):
                body = await response.read()
            problem = failure(call.doing, response.status, body, _retry_after(response))
            if attempt == self._settings.attempts or not await self._cured(problem, attempt, generation):
                raise problem
        raise AssertionError("the last attempt either returns or raises")

    async def _cured(self, problem: EdgewarmError, attempt: int, generation: int) -> bool:
        """Do what the answer asks for, if that is worth another attempt."""
        if isinstance(problem, Unauthenticated) and attempt == 1:
            await self._credentials.renew(generation)
            return True
        if isinstance(problem, Busy) and 0 < problem.retry_after <= self._settings.patience_seconds:
            await self._sleep(problem.retry_after)
            return True
        return False

    async def _open(self, call: Call, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        endpoint = await self._credentials.endpoint()
        headers = {"Accept": _JSON, "User-Agent": _USER_AGENT}
        if (authorization := await self._credentials.authorization()) is not None:
            headers["Authorization"] = authorization
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        try:
            with _network_failures(call):
                response = await self._connected(endpoint).request(
                    _METHODS[call.verb],
                    URL(endpoint.host + call.path, encoded=True).with_query(call.query),
                    data=call.body,
                    headers=headers,
                    timeout=timeout,
                    ssl=endpoint.tls,
                    server_hostname=endpoint.server_name,
                    proxy=endpoint.proxy,
                    allow_redirects=False,
                )
        except Unavailable:
            self._on_request(call.verb, call.counted_as, 0)
            raise
        self._on_request(call.verb, call.counted_as, response.status)
        return response

    def _connected(self, endpoint: Endpoint) -> aiohttp.ClientSession:
        if self._session is None:
            # Go's clients never send loopback through a proxy of the environment; aiohttp would.
            local = URL(endpoint.host).host in ("127.0.0.1", "::1", "localhost")
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64),
                trust_env=not local,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


@contextmanager
def _network_failures(call: Call) -> Iterator[None]:
    """Everything that goes wrong below HTTP is Unavailable: the request may or may not have been carried out."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        found = str(error) or type(error).__name__
        raise Unavailable(f"{call.doing}: no answer from the API server: {found}; it will be tried again") from error


def _retry_after(response: aiohttp.ClientResponse) -> float:
    """Seconds; the API server never sends the date form, which counts as 0."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Whole lines of any length (aiohttp's own reader refuses long ones); a torn last line is dropped."""
    pieces: list[bytes] = []
    async for chunk in content.iter_any():
        *whole, rest = chunk.split(b"\n")
        if whole:
            pieces.append(whole[0])
            yield b"".join(pieces)
            for line in whole[1:]:
                yield line
            pieces = []
        if rest:
            pieces.append(rest)


def _user_agent() -> str:
    try:
        return f"edgewarm/{version('edgewarm')}"
    except PackageNotFoundError:  # run from a checkout
        return "edgewarm/unknown"


_USER_AGENT = _user_agent()
