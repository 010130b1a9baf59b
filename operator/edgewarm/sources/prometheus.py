"""One source over HTTP: instant and range queries by POST, limited in bytes, series and time; redirects not followed.

https://prometheus.io/docs/prometheus/latest/querying/api/: a range query may ask for at most 11,000 points per series.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgewarm.sources.http import Http
from edgewarm.sources.settings import Source
from edgewarm.sources.wire import RawSeries, Sample, decode_instant, decode_range, failure

STALE_AFTER_SECONDS = 120.0
"""Older samples are no demand of now. Sent as `lookback_delta`, for an instant answer carries the time that was asked
about, not that of its samples: by its own default of five minutes a source hides that nothing is scraped any more.
https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries (prometheus/prometheus#12088)"""

PROBE = "vector(1)"
"""Costs the source nothing and touches nobody's data."""


class Prometheus:
    """Asks one source; every trouble is a trouble.QueryError. `start` before, `close` after use."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._http = Http(f"source {source.name}", source)

    async def start(self) -> None:
        """Open the session; raises Invalid when caFile cannot be read."""
        await self._http.start()

    async def close(self) -> None:
        await self._http.close()

    async def instant(self, query: str, now: float | None) -> tuple[Sample, ...]:
        """What the query answers at `now` (None: by the source's own clock), series in the order of the source."""
        times = {} if now is None else {"time": _text(now)}
        lookback = f"{STALE_AFTER_SECONDS:g}s"
        body = await self._post("query", self._form(query, lookback_delta=lookback, **times))
        return decode_instant(body, self.source.max_series)

    async def range(self, query: str, start: float, end: float, step_seconds: float) -> tuple[RawSeries, ...]:
        """What the query answers at start, start + step, ... <= end, in one request of at most 11,000 points."""
        form = self._form(query, start=_text(start), end=_text(end), step=_text(step_seconds))
        return decode_range(await self._post("query_range", form), self.source.max_series)

    def _form(self, query: str, **more: str) -> Mapping[str, str]:
        """`limit` keeps a needlessly large answer short (Prometheus 3), one more than we take so that it shows.

        `partial_response` asks Thanos to fail rather than to leave out what some store did not answer.
        """
        limit = str(self.source.max_series + 1)
        timeout = f"{self.source.timeout_seconds:g}s"
        return {"query": query, "timeout": timeout, "limit": limit, "partial_response": "false", **more}

    async def _post(self, endpoint: str, form: Mapping[str, str]) -> bytes:
        status, body = await self._http.post(f"/api/v1/{endpoint}", form)
        if status != 200:
            raise failure(status, body)
        return body


def _text(seconds: float) -> str:
    """Milliseconds are Prometheus' resolution."""
    return f"{seconds:.3f}"
