"""GET /forecasts and /forecasts/NAMESPACE/POLICY[?resource=NAME] as JSON; a refusal is a sentence with a status code.

404   no such policy                     409   Stalled: a person must change something
503   not yet: still learning, say       both with the reason in front of the sentence
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from aiohttp import web

from edgewarm.model.errors import EdgewarmError, Invalid, NotFound
from edgewarm.model.identity import Key

RETRY_AFTER = {"Retry-After": "15"}  # seconds: a pass
HEADERS = {"Cache-Control": "no-store"}


class Forecasts(Protocol):
    """Who knows. Both raise Unavailable while nothing is known yet; `one` also NotFound and Invalid."""

    def all(self) -> Mapping[str, Any]: ...

    def one(self, key: Key, resource: str | None) -> Mapping[str, Any]: ...


def forecast_routes(forecasts: Forecasts) -> tuple[web.RouteDef, ...]:
    """The two addresses."""

    async def serve_all(_: web.Request) -> web.Response:
        try:
            return _json(200, forecasts.all())
        except EdgewarmError as error:
            return _refused(error)

    async def serve_one(request: web.Request) -> web.Response:
        try:
            key = Key(request.match_info["namespace"], request.match_info["policy"])
            return _json(200, forecasts.one(key, request.query.get("resource")))
        except EdgewarmError as error:
            return _refused(error)

    return web.get("/forecasts", serve_all), web.get("/forecasts/{namespace}/{policy}", serve_one)


def _refused(error: EdgewarmError) -> web.Response:
    status = 404 if isinstance(error, NotFound) else 409 if isinstance(error, Invalid) else 503
    return _json(status, {"error": str(error)}, RETRY_AFTER if status == 503 else {})


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode(body),
        content_type="application/json",
        headers={**HEADERS, **(headers or {})},
    )
