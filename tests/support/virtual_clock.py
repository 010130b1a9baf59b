"""A clock for tests that moves when it is told to, and wakes who sleeps on it."""

from __future__ import annotations

import asyncio


class VirtualClock:
    """Seconds that pass when told to; who sleeps on it wakes when its time has come."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._sleepers: dict[asyncio.Future[None], tuple[float, str]] = {}

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers[future] = (self.now + seconds, task.get_name() if task else "")
        try:
            await future
        finally:
            self._sleepers.pop(future, None)

    def asleep(self, task_name: str) -> bool:
        return any(name == task_name for _, name in self._sleepers.values())

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [future for future, (at, _) in self._sleepers.items() if at <= self.now]
        for future in due:
            del self._sleepers[future]
            future.set_result(None)
