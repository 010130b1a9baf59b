"""HTTP to what the administrator declared: POST only, limited in bytes and time, redirects not followed.

Every trouble is a trouble.QueryError, whose text names neither address nor credentials.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import aiohttp

from edgewarm.model.errors import Invalid
from edgewarm.sources.trouble import Cause, NoAnswer, TooMuch

READ_SIZE = 1 << 16


class Endpoint(Protocol):
    """A source or a plug-in, as it was declared."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def timeout_seconds(self) -> float: ...
    @property
    def max_bytes(self) -> int: ...
    @property
    def headers(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def bearer_token_file(self) -> Path | None: ...
    @property
    def ca_file(self) -> Path | None: ...


class Http:
    """Asks one endpoint; `title` is how sentences call it. `start` before, `close` after use."""

    def __init__(self, title: str, endpoint: Endpoint) -> None:
        self._title = title
        self._endpoint = endpoint
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the session; raises Invalid when caFile cannot be read."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls(), limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._endpoint.timeout_seconds),
            headers={"Accept": "application/json", **dict(self._endpoint.headers)},
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    async def post(self, path: str, body: Mapping[str, str] | bytes) -> tuple[int, bytes]:
        """Status and body of the answer; a mapping is sent as a form, bytes as JSON."""
        if self._session is None:
            raise RuntimeError(f"{self._title} is used before start() or after close()")
        kind = {"Content-Type": "application/json"} if isinstance(body, bytes) else {}
        headers, url = {**self._authorization(), **kind}, self._endpoint.url + path
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                return response.status, await self._read(response)
        except TimeoutError as error:
            raise NoAnswer(Cause.TIMEOUT, f"gave no answer within {self._endpoint.timeout_seconds:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NoAnswer(Cause.CONNECTION, _connection(error)) from error

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(READ_SIZE):
            body += chunk
            if len(body) > self._endpoint.max_bytes:
                response.close()
                raise TooMuch(f"more than {self._endpoint.max_bytes} bytes (maxBytes)")
        return bytes(body)

    def _authorization(self) -> Mapping[str, str]:
        """Read anew each time: mounted tokens rotate."""
        file = self._endpoint.bearer_token_file
        if file is None:
            return {}
        try:
            return {"Authorization": f"Bearer {file.read_text(encoding='ascii').strip()}"}
        except (OSError, ValueError) as error:
            text = "could not be asked: an administrator must make its bearerTokenFile readable"
            raise NoAnswer(Cause.CONNECTION, text) from error

    def _tls(self) -> ssl.SSLContext | bool:
        file = self._endpoint.ca_file
        if file is None:
            return True
        try:
            return ssl.create_default_context(cafile=str(file))
        except (OSError, ssl.SSLError) as error:
            problem = f"caFile {file} cannot be used ({error}): mount a PEM file there"
            raise Invalid(f"{self._title}: {problem}") from error


def _connection(error: Exception) -> str:
    """Why there was no connection, in words of ours: aiohttp's own name the address."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "was not reached: the host name of its url does not resolve"
        case aiohttp.ClientConnectorCertificateError():
            return "was not reached: its certificate is not trusted, an administrator must set its caFile"
        case aiohttp.ClientSSLError():
            return "was not reached: TLS failed"
        case aiohttp.ClientConnectorError():
            return "was not reached: no connection"
        case _:
            return "broke the connection before its answer was whole"
