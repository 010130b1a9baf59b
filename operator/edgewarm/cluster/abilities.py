"""What this API server can do that an older one cannot: asked at the start, and now and then, for it is upgraded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
import structlog

from edgewarm.model.errors import EdgewarmError

_log = structlog.get_logger(__name__)
RESIZE = "pods/resize"
AGAIN_SECONDS = 600.0
RETRY_SECONDS = 15.0


class Discovers(Protocol):
    """What is needed of the client."""

    async def core_resources(self) -> bytes: ...


class _Named(msgspec.Struct):
    name: str


class _Served(msgspec.Struct):
    resources: list[_Named]


_SERVED = msgspec.json.Decoder(_Served)


class Abilities:
    """`can_resize` is None until the API server has answered; a failure leaves what was known."""

    def __init__(self, api: Discovers, sleep: Callable[[float], Awaitable[Any]]) -> None:
        self._api = api
        self._sleep = sleep
        self.can_resize: bool | None = None

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self._sleep(AGAIN_SECONDS if await self.ask() else RETRY_SECONDS)

    async def ask(self) -> bool:
        """Ask once; False where there was no answer that can be read."""
        try:
            served = _SERVED.decode(await self._api.core_resources())
        except (EdgewarmError, msgspec.MsgspecError) as problem:
            _log.warning("what the API server can do is not known", problem=str(problem))
            return False
        self.can_resize = any(one.name == RESIZE for one in served.resources)
        return True
