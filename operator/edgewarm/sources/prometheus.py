"""One source over HTTP: instant and range queries by POST, limited in bytes, series and time; redirects not followed.

https://prometheus.io/docs/prometheus/latest/querying/api/: a range query may ask for at most 11,000 points per series.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from edgewarm.model.errors import Invalid
from edgewarm.sources.settings import Source
from edgewarm.sources.trouble import Cause, NoAnswer, TooMuch
from edgewarm.sources.wire import RawSeries, Sample, decode_instant, decode_range, failure

READ_SIZE = 1 << 16
PROBE = "vector(1)"
"""Costs the source nothing and touches nobody's data."""


class Prometheus:
    """Asks one source; every trouble is a trouble.QueryError. `start` before, `close` after use."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the session; raises Invalid when caFile cannot be read."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=_tls(self.source), limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self.source.timeout_seconds),
            headers={"Accept": "application/json", **dict(self.source.headers)},
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    async def instant(self, query: str, now: float | None) -> tuple[Sample, ...]:
        """What the query answers at `now` (None: by the source's own clock), series in the order of the source."""
        times = {} if now is None else {"time": _text(now)}
        body = await self._post("query", self._form(query, **times))
        return decode_instant(body, self.source.max_series)

    async def range(self, query: str, start: float, end: float, step_seconds: float) -> tuple[RawSeries, ...]:
        """What the query answers at start, start + step, ... <= end, in one request of at most 11,000 points."""
        form = self._form(query, start=_text(start), end=_text(end), step=_text(step_seconds))
        return decode_range(await self._post("query_range", form), self.source.max_series)

    def _form(self, query: str, **times: str) -> Mapping[str, str]:
        """`limit` keeps a needlessly large answer short (Prometheus 3), one more than we take so that it shows.

        `partial_response` asks Thanos to fail rather than to leave out what some store did not answer.
        """
        limit = str(self.source.max_series + 1)
        timeout = f"{self.source.timeout_seconds:g}s"
        return {"query": query, "timeout": timeout, "limit": limit, "partial_response": "false", **times}

    async def _post(self, endpoint: str, form: Mapping[str, str]) -> bytes:
        if self._session is None:
            raise RuntimeError(f"source {self.source.name} is used before start() or after close()")
        url = f"{self.source.url}/api/v1/{endpoint}"
        headers = self._authorization()
        try:
            async with self._session.post(url, data=form, headers=headers, allow_redirects=False) as response:
                body = await self._read(response)
                if response.status != 200:
                    raise failure(response.status, body)
                return body
        except TimeoutError as error:
            raise NoAnswer(Cause.TIMEOUT, f"gave no answer within {self.source.timeout_seconds:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NoAnswer(Cause.CONNECTION, _connection(error)) from error

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(READ_SIZE):
            body += chunk
            if len(body) > self.source.max_bytes:
                response.close()
                raise TooMuch(f"more than {self.source.max_bytes} bytes (maxBytes)")
        return bytes(body)

    def _authorization(self) -> Mapping[str, str]:
        """Read anew each time: mounted tokens rotate."""
        file = self.source.bearer_token_file
        if file is None:
            return {}
        try:
            return {"Authorization": f"Bearer {file.read_text(encoding='ascii').strip()}"}
        except (OSError, ValueError) as error:
            text = "could not be asked: an administrator must make its bearerTokenFile readable"
            raise NoAnswer(Cause.CONNECTION, text) from error


def _tls(source: Source) -> ssl.SSLContext | bool:
    file: Path | None = source.ca_file
    if file is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(file))
    except (OSError, ssl.SSLError) as error:
        raise Invalid(
            f"source {source.name}: caFile {file} cannot be used ({error}): mount a PEM file there"
        ) from error


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


def _text(seconds: float) -> str:
    """Milliseconds are Prometheus' resolution."""
    return f"{seconds:.3f}"
