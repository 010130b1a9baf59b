"""A fake API server, a client for it, and time that passes only when told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from edgewarm.cluster.client import ApiClient
from edgewarm.cluster.credentials import Credentials
from edgewarm.cluster.informer import Informer, Timing
from support.fake_api import FakeApi


class Clock:
    """A clock that stands still."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Naps:
    """A sleep that remembers what was asked and hardly sleeps."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await asyncio.sleep(min(seconds, 0.002))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with FakeApi() as fake:
        yield fake


@pytest.fixture
def counted() -> list[tuple[str, str, int]]:
    return []


@pytest.fixture
async def client(
    api: FakeApi, clock: Clock, naps: Naps, tmp_path: Path, counted: list[tuple[str, str, int]]
) -> AsyncIterator[ApiClient]:
    credentials = Credentials(str(api.kubeconfig(tmp_path / "kubeconfig")))
    made = ApiClient(credentials, clock, naps, on_request=lambda *request: counted.append(request))
    yield made
    await made.close()


@pytest.fixture
def timing(clock: Clock, naps: Naps) -> Timing:
    return Timing(clock=clock, sleep=naps, random=Random(1), idle_seconds=5.0, page_size=3)


@pytest.fixture
async def run() -> AsyncIterator[Callable[[Informer[Any]], asyncio.Task[None]]]:
    """Runs informers until the test ends; a bug in one fails the test."""
    tasks: list[asyncio.Task[None]] = []

    def start(informer: Informer[Any]) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(informer.run()))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert result is None or isinstance(result, asyncio.CancelledError), repr(result)
