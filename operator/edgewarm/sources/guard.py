"""Between us and one source: at most so many queries at a time, none while its circuit is open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from edgewarm.sources.breaker import Admission, Breaker
from edgewarm.sources.trouble import INNOCENT, Cause, NoAnswer, QueryError

Clock = Callable[[], float]
Answer = TypeVar("Answer")

FULL_SHARE = 0.9
"""A query that had less than this share of the timeout, because it queued, is no witness against the source."""


class Guard:
    """One lane to a source: live queries have one, history another, so that neither blocks the other.

    `probe` asks something that costs nothing; only it is sent while the circuit is half open, and all others wait for
    its outcome, so a source that is back serves everybody in the same pass. While the circuit is open the last trouble
    is repeated, word for word: a status message that changed in every pass would be written in every pass.
    """

    def __init__(
        self,
        name: str,
        timeout_seconds: float,
        slots: int,
        breaker: Breaker,
        probe: Callable[[], Awaitable[object]],
        clock: Clock,
    ) -> None:
        self._name = name
        self._timeout_seconds = timeout_seconds
        self._slots = asyncio.Semaphore(slots)
        self._door = asyncio.Lock()
        self._breaker = breaker
        self._probe = probe
        self._clock = clock
        self._last_trouble = "failed several times in a row"

    async def ask(self, call: Callable[[], Awaitable[Answer]], deadline: float | None = None) -> Answer:
        """The answer of `call`, or QueryError. `deadline` is of the event loop's clock and includes the queueing."""
        loop = asyncio.get_running_loop()
        waiting = True
        began = loop.time()
        try:
            async with asyncio.timeout_at(deadline), self._slots:
                waiting = False
                began = loop.time()
                await self._admit()
                return await self._counted(call)
        except TimeoutError as error:
            if waiting:
                text = f"was busy with other queries for {self._timeout_seconds:g} s"
                raise NoAnswer(Cause.QUEUED, text) from error
            late = NoAnswer(Cause.TIMEOUT, f"gave no answer within {self._timeout_seconds:g} s")
            self._late(late, loop.time() - began)
            raise late from error

    async def _counted(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        asked_at = self._clock()
        try:
            answer = await call()
        except QueryError as error:
            self._learn(error, asked_at)
            raise
        self._breaker.succeeded(self._clock())
        return answer

    def _learn(self, error: QueryError, asked_at: float) -> None:
        if error.cause in INNOCENT:
            self._breaker.succeeded(self._clock())
        else:
            self._last_trouble = error.text
            self._breaker.failed(asked_at, self._clock())

    def _late(self, error: QueryError, seconds: float) -> None:
        """Our deadline cut a query off before the HTTP client's own time-out did."""
        if seconds >= FULL_SHARE * self._timeout_seconds:
            self._learn(error, self._clock() - seconds)

    async def _admit(self) -> None:
        async with self._door:
            match self._breaker.admit(self._clock()):
                case Admission.YES:
                    return
                case Admission.PROBE:
                    await self._counted_probe()
                case Admission.NO:
                    raise NoAnswer(Cause.CIRCUIT_OPEN, self._last_trouble)

    async def _counted_probe(self) -> None:
        asked_at = self._clock()
        try:
            await self._probe()
        except QueryError as error:
            self._learn(error, asked_at)
            if error.cause not in INNOCENT:
                raise
        else:
            self._breaker.succeeded(self._clock())
