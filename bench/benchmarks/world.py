"""The engine's three ports as memory: no network, no API server, pods that are ready at once."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from edgewarm.api.parse import parse_conditions, parse_decision
from edgewarm.engine.ports import Manifest
from edgewarm.model.decision import DecisionRecord, Phase
from edgewarm.model.demand import DemandRequest, History, Measured, Reading
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.names import SCALING_DECISION, WARMING_POLICY
from edgewarm.model.numbers import PolicyNumbers
from edgewarm.model.objects import PolicyObject
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.units import format_time
from edgewarm.model.view import ClusterView, Note
from edgewarm.model.workload import PodStart, Selector, Workload

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


@dataclass
class MemoryCluster:
    """An API server that answers at once and never refuses; `now` dates what it is given."""

    items: dict[Key, PolicyObject]
    now: float = 0.0
    workloads: dict[tuple[str, TargetRef], Workload] = field(default_factory=dict)
    decisions: dict[Key, DecisionRecord] = field(default_factory=dict)
    writes: int = 0

    def __post_init__(self) -> None:
        for key, item in self.items.items():
            if item.policy is not None:
                ref = item.policy.target
                labels = Selector((("app", ref.name),))
                self.workloads[key.namespace, ref] = Workload(key.namespace, ref, f"w-{ref.name}", "1", 4, 4, labels)

    def view(self) -> ClusterView:
        return ClusterView(dict(self.items), {}, dict(self.workloads), {}, dict(self.decisions))

    def take_starts(self) -> Sequence[PodStart]:
        return ()

    async def scale(self, workload: Workload, replicas: int) -> None:
        """Ready with the next view: no lag, no cold start."""
        self.writes += 1
        name = (workload.namespace, workload.ref)
        self.workloads[name] = replace(self.workloads[name], replicas=replicas, ready=replicas)

    async def create_decision(self, manifest: Manifest) -> None:
        self.writes += 1
        name = manifest["metadata"]["name"]
        meta = {**manifest["metadata"], "uid": f"uid-{name}", "creationTimestamp": format_time(self.now)}
        record = parse_decision({**manifest, "metadata": meta})
        if record is not None:
            self.decisions[record.key] = record

    async def delete_decision(self, key: Key) -> None:
        self.writes += 1
        self.decisions.pop(key, None)

    async def apply_status(self, kind: str, key: Key, status: Manifest) -> None:
        """What was written is what the next view shows."""
        self.writes += 1
        if kind == WARMING_POLICY:
            self.items[key] = replace(self.items[key], status=status, conditions=parse_conditions(status))
        elif kind == SCALING_DECISION and key in self.decisions:
            phase, evaluated = Phase(status["phase"]), "evaluation" in status
            self.decisions[key] = replace(self.decisions[key], phase=phase, evaluated=evaluated)

    async def record(self, note: Note, now: float) -> None:
        self.writes += 1

    def forecasting(self) -> int:
        """How many policies have learned their history and are Ready."""
        ready = (next((c for c in item.conditions if c.kind == "Ready"), None) for item in self.items.values())
        return sum(found is not None and found.reason == "Forecasting" for found in ready)


class MemoryDemand:
    """A day's wave with noise for every policy, each with its own phase; answers at once."""

    def __init__(self, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)

    async def read(self, requests: Mapping[Key, DemandRequest], now: float) -> Mapping[Key, Reading]:
        noise = self._random.normal(1.0, 0.03, len(requests))
        return {
            key: Measured(now, max(0.0, float(_wave(now, index) * noise[index]))) for index, key in enumerate(requests)
        }

    async def history(
        self, requests: Mapping[Key, DemandRequest], start: float, end: float, step_seconds: float
    ) -> Mapping[Key, History]:
        times = np.arange(start, end + step_seconds / 2, step_seconds)
        return {
            key: History(start, step_seconds, np.array([_wave(at, index) for at in times]))
            for index, key in enumerate(requests)
        }


def _wave(at: float, index: int) -> float:
    return 200.0 + 100.0 * math.sin(2 * math.pi * at / 86_400.0 + index)


@dataclass
class MemoryTelemetry:
    """The last numbers of each policy."""

    numbers: dict[Key, PolicyNumbers] = field(default_factory=dict)
    totals: Mapping[str, Any] = field(default_factory=dict)

    def policy(self, key: Key, numbers: PolicyNumbers) -> None:
        self.numbers[key] = numbers

    def decided(self, key: Key, reason: str, mode: str) -> None:
        pass

    def retain(self, keys: Collection[Key]) -> None:
        kept = set(keys)
        self.numbers = {key: value for key, value in self.numbers.items() if key in kept}

    def policies(self, states: Mapping[str, int]) -> None:
        self.totals = dict(states)
