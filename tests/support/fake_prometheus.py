"""A Prometheus with a memory: answers from Python functions, counts what it was asked, and fails on command."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from support.fake_server import FakeServer

Labels = Mapping[str, str]
Series = tuple[Labels, float | None]
Evaluate = Callable[[float], Sequence[Series]]
"""What a query answers at a time: series with their value, None where a series has no sample then."""


@dataclass(frozen=True)
class Asked:
    endpoint: str
    form: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def points(self) -> int:
        begin, end, step = (float(self.form[name]) for name in ("start", "end", "step"))
        return math.floor((end - begin) / step + 1e-6) + 1


@dataclass
class FakePrometheus(FakeServer):
    """`queries` maps PromQL to its function; a query it does not know matches no series.

    `broken` makes every request fail: a status with a body, "hang", "garbage" or "drop"; `broken_queries` does so for
    single ones. `refusals` maps PromQL to the error text of a 400. `stopped` maps PromQL to the time of its last
    sample: an instant query sees it for as long as it looks back, and answers with the time asked about, as Prometheus.
    """

    queries: dict[str, Evaluate] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    broken: str | tuple[int, str] | None = None
    broken_queries: dict[str, str | tuple[int, str]] = field(default_factory=dict)
    stopped: dict[str, float] = field(default_factory=dict)
    slow_seconds: dict[str, float] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    _now_asking: int = 0

    def count(self, query: str | None = None) -> int:
        """Requests so far, the breaker's probes aside."""
        known = [asked for asked in self.asked if asked.form["query"] != "vector(1)"]
        return len([asked for asked in known if query is None or asked.form["query"] == query])

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/prefix/api/v1/query", self._serve)
        app.router.add_post("/prefix/api/v1/query_range", self._serve)
        return app

    @property
    def url(self) -> str:
        return f"http://{self.host}/prefix"

    async def _serve(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        asked = Asked(request.path.rsplit("/", 1)[1], form, dict(request.headers))
        self.asked.append(asked)
        self._now_asking += 1
        self.most_at_once = max(self.most_at_once, self._now_asking)
        try:
            await asyncio.sleep(self.slow_seconds.get(form["query"], 0))
            broken = self.broken or self.broken_queries.get(form["query"])
            return await self._fail(request, broken) if broken else self._answer(asked.endpoint, form)
        finally:
            self._now_asking -= 1

    async def _fail(self, request: web.Request, how: str | tuple[int, str]) -> web.Response:
        if isinstance(how, tuple):
            return web.Response(status=how[0], text=how[1], headers={"Location": "/elsewhere"})
        if how == "hang":
            await self.gone.wait()
        if how == "drop":
            assert request.transport is not None
            request.transport.close()
        return web.Response(text="<html>not json</html>")

    def _answer(self, endpoint: str, form: Mapping[str, str]) -> web.Response:
        query = form["query"]
        if query in self.refusals:
            return _error(400, "bad_data", self.refusals[query])
        if query in self.raw:
            return web.json_response({"status": "success", "data": self.raw[query]})
        if query == "vector(1)":
            return _success("vector", [{"metric": {}, "value": [0, "1"]}])
        evaluate = self.queries.get(query, lambda _: [])
        return _instant(evaluate, form, self.stopped.get(query)) if endpoint == "query" else _range(evaluate, form)


def _instant(evaluate: Evaluate, form: Mapping[str, str], stopped: float | None) -> web.Response:
    now = float(form["time"])
    at = now if stopped is None else min(now, stopped)
    lookback = float(form.get("lookback_delta", "300s").removesuffix("s"))
    series = evaluate(at) if now - at < lookback else []
    found = [{"metric": labels, "value": [now, _number(value)]} for labels, value in series if value is not None]
    return _success("vector", found[: int(form["limit"])])


def _range(evaluate: Evaluate, form: Mapping[str, str]) -> web.Response:
    begin, end, step = (float(form[name]) for name in ("start", "end", "step"))
    if (end - begin) / step > 11_000:
        return _error(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries")
    points: dict[str, list[tuple[float, str]]] = {}
    for index in range(math.floor((end - begin) / step + 1e-6) + 1):
        at = begin + index * step
        for labels, value in evaluate(at):
            if value is not None:
                points.setdefault(json.dumps(labels, sort_keys=True), []).append((at, _number(value)))
    result = [{"metric": json.loads(labels), "values": values} for labels, values in points.items()]
    return _success("matrix", result[: int(form["limit"])])


def _number(value: float) -> str:
    """As Go prints it."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)


def _success(kind: str, result: Any) -> web.Response:
    return web.json_response({"status": "success", "data": {"resultType": kind, "result": result}})


def _error(status: int, kind: str, text: str) -> web.Response:
    return web.json_response({"status": "error", "errorType": kind, "error": text}, status=status)
