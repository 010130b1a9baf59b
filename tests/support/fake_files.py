"""A file server with a memory: tells which bytes it was asked for, and fails on command."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from types import TracebackType

from aiohttp import web


@dataclass
class FakeFiles:
    """`files` by path. Each entry of `breaks` ends one answer after so many bytes, in order.

    `statuses` are answered first, one each; `redirects` by path. `ranges` False: it always answers with the whole.
    `sent` counts the bytes of bodies; `asked` has path and Range header of every request. With `secure` it speaks TLS.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    breaks: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    lengths: bool = True
    silent: bool = False
    pause_seconds: float = 0.0
    sent: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    address: str = "127.0.0.1"
    host: str = ""
    secure: ssl.SSLContext | None = None
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> FakeFiles:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.address, 0, ssl_context=self.secure).start()
        self.host = f"{self.address}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gone.set()
        assert self._runner is not None
        await self._runner.cleanup()

    def url(self, path: str) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host}{path}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """What others that have files, too, do first."""
        return await self._serve(request)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.get("Range", "")))
        if self.silent:
            await self._gone.wait()
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        if request.path in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[request.path]})
        if request.path not in self.files:
            return web.Response(status=404)
        return await self._send(request, self.files[request.path])

    async def _send(self, request: web.Request, content: bytes) -> web.StreamResponse:
        start, headers = self._start(request), {"ETag": self.tags.get(request.path, '"1"')}
        if start is not None and start >= len(content):
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
        if start is not None:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        body = content[start or 0 :]
        if self.lengths:
            headers["Content-Length"] = str(len(body))
        answer = web.StreamResponse(status=200 if start is None else 206, headers=headers)
        await answer.prepare(request)
        if self.breaks:
            await self._write(answer, body[: self.breaks.pop(0)])
            assert request.transport is not None
            request.transport.close()
            return answer
        await self._write(answer, body)
        return answer

    async def _write(self, answer: web.StreamResponse, body: bytes) -> None:
        for begin in range(0, len(body), 1 << 16):
            chunk = body[begin : begin + (1 << 16)]
            await answer.write(chunk)
            self.sent += len(chunk)
            if self.pause_seconds:
                await asyncio.sleep(self.pause_seconds)
        await asyncio.sleep(0.02)  # so that what was written is read before the connection goes

    def _start(self, request: web.Request) -> int | None:
        """The first byte asked for, of the version that it is asked of."""
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        tag = request.headers.get("If-Range")
        fits = tag in {None, self.tags.get(request.path, '"1"')}
        return int(found[1]) if found and self.ranges and fits else None
