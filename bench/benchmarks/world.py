"""The engine's ports as memory: no network, no API server, pods that are ready at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from edgewarm.model.demand import DemandRequest, History, Measured, Reading
from edgewarm.model.identity import Key, SeriesKey, TargetRef
from edgewarm.model.objects import PolicyObject
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.workload import PodStart
from edgewarm.replay.world import MemoryCluster

CAPACITY = 50.0
HISTORY_SECONDS = 7200.0  # a pass costs the same however much was learned
NAMESPACE = "shop"


def policies(count: int) -> dict[Key, PolicyObject]:
    """`count` policies in mode Act that share one query template, each with its own workload."""
    return {item.key: item for item in map(_policy, range(count))}


def _policy(number: int) -> PolicyObject:
    name = f"app-{number:04}"
    request = DemandRequest(NAMESPACE, template="requests", labels=(("app", name),))
    target = TargetRef("apps/v1", "Deployment", name)
    spec = Policy(target, request, CAPACITY, Mode.ACT, history_window_seconds=HISTORY_SECONDS)
    return PolicyObject(Key(NAMESPACE, name), f"uid-{name}", 1, 0.0, spec)


class Fleet(MemoryCluster):
    """Pods that are ready with the next view and tell nothing of their start."""

    def take_starts(self) -> Sequence[PodStart]:
        super().take_starts()
        return ()

    def forecasting(self) -> int:
        """How many policies have learned their history and are Ready."""
        ready = (next((c for c in item.conditions if c.kind == "Ready"), None) for item in self.items.values())
        return sum(found is not None and found.reason == "Forecasting" for found in ready)


class MemoryDemand:
    """A day's wave with noise for every policy, each with its own phase; answers at once."""

    def __init__(self, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)

    async def read(self, requests: Mapping[SeriesKey, DemandRequest], now: float) -> Mapping[SeriesKey, Reading]:
        noise = self._random.normal(1.0, 0.03, len(requests))
        return {
            key: Measured(now, max(0.0, float(_wave(now, index) * noise[index]))) for index, key in enumerate(requests)
        }

    async def history(
        self, requests: Mapping[SeriesKey, DemandRequest], start: float, end: float, step_seconds: float
    ) -> Mapping[SeriesKey, History]:
        times = np.arange(start, end + step_seconds / 2, step_seconds)
        return {
            key: History(start, step_seconds, np.array([_wave(at, index) for at in times]))
            for index, key in enumerate(requests)
        }


def _wave(at: float, index: int) -> float:
    return 200.0 + 100.0 * math.sin(2 * math.pi * at / 86_400.0 + index)
