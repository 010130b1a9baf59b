"""List and watch one kind of object for as long as the process lives, through every outage of the API server."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp

from .kubeconfigs import Access

logger = logging.getLogger("controlplane.watching")
RETRY_SECONDS = 0.5


class AsyncApi:
    """Requests that wait for the API server to come back; None means the object is gone or in conflict."""

    def __init__(self, session: aiohttp.ClientSession, access: Access) -> None:
        self._session = session
        self._access = access
        self._headers = {"Authorization": f"Bearer {access.token}"} if access.token else {}

    async def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        while True:
            try:
                async with self._request(method, path, json.dumps(body), content_type) as response:
                    if response.status < 400:
                        return await response.json()
                    if response.status not in (429, 500, 502, 503, 504):
                        logger.info("%s %s: %s", method, path, response.status)
                        return None
            except (aiohttp.ClientError, TimeoutError) as error:
                logger.info("%s %s: %r, trying again", method, path, error)
            await asyncio.sleep(RETRY_SECONDS)

    async def objects(self, path: str, query: Mapping[str, str]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """(ADDED | MODIFIED | DELETED, object) for ever; after each break everything is listed anew."""
        while True:
            listed = await self.call("GET", f"{path}?{urlencode(query)}")
            for item in listed["items"]:
                yield "ADDED", item
            wanted = {**query, "watch": "1", "resourceVersion": listed["metadata"]["resourceVersion"]}
            try:
                async for found in self._events(f"{path}?{urlencode(wanted)}"):
                    yield found
            except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError) as error:
                logger.info("watch of %s broke: %r", path, error)
            await asyncio.sleep(RETRY_SECONDS)

    async def _events(self, path: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        buffer = b""
        async with self._request("GET", path, None, "application/json") as response:
            async for chunk in response.content.iter_any():
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    found = json.loads(line)
                    if found["type"] == "ERROR":
                        return
                    yield found["type"], found["object"]

    def _request(
        self, method: str, path: str, data: str | None, content_type: str
    ) -> "aiohttp.client._RequestContextManager":
        return self._session.request(
            method,
            self._access.server.rstrip("/") + path,
            data=data,
            ssl=self._access.context,
            headers={**self._headers, "Content-Type": content_type},
        )
