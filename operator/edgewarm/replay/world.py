"""The engine's ports as memory: an API server that never refuses, pods that take their time, a trace for a source.

Nothing here reads a clock or the network: `now` is set by whoever runs the passes.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from edgewarm.api.parse import parse_decision
from edgewarm.api.wired import parse_conditions
from edgewarm.engine.ports import Manifest
from edgewarm.model.decision import DecisionRecord, Phase
from edgewarm.model.demand import DemandRequest, FloatArray, History, Measured, Missing, MissingKind, Reading
from edgewarm.model.identity import Key, SeriesKey, TargetRef
from edgewarm.model.names import SCALING_DECISION, WARMING_POLICY
from edgewarm.model.numbers import PolicyNumbers
from edgewarm.model.objects import PolicyObject
from edgewarm.model.operations import Operation, Tally
from edgewarm.model.stages import Pull
from edgewarm.model.units import format_time
from edgewarm.model.view import ClusterView, Note
from edgewarm.model.workload import PodStart, Selector, Workload
from edgewarm.replay.starts import Starts
from edgewarm.replay.trace import Trace

Claim = tuple[str, TargetRef]
READY_AT_ONCE = Starts(0.0)
GAP = Missing(MissingKind.NO_SERIES, "the trace has no value here")
ROUNDING = 1e-6  # of a step
KEPT_NOTES = 50


@dataclass
class MemoryCluster:
    """A cluster of the policies' own workloads, `replicas` each and ready when it begins; `now` dates what it is given.

    A pod that is added serves when its start time is over; of those that are removed, starting pods go first, the last
    to be ready before the others.
    """

    items: dict[Key, PolicyObject]
    replicas: int = 4
    lead: Starts = READY_AT_ONCE
    now: float = 0.0
    workloads: dict[Claim, Workload] = field(default_factory=dict)
    decisions: dict[Key, DecisionRecord] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    writes: int = 0

    def __post_init__(self) -> None:
        self._starting: dict[Claim, list[tuple[float, float]]] = {}  # (ready at, started at), in order
        self._starts: list[PodStart] = []
        for key, item in self.items.items():
            if item.policy is not None:
                ref, labels = item.policy.target, Selector((("app", item.policy.target.name),))
                count = self.replicas
                self.workloads[key.namespace, ref] = Workload(
                    key.namespace, ref, f"w-{ref.name}", "1", count, count, labels
                )

    def view(self) -> ClusterView:
        """Everything there is now."""
        for claim, starting in self._starting.items():
            if starting and starting[0][0] <= self.now:
                self._arrive(claim, starting)
        return ClusterView(dict(self.items), {}, dict(self.workloads), {}, dict(self.decisions))

    def _arrive(self, claim: Claim, starting: list[tuple[float, float]]) -> None:
        due = [one for one in starting if one[0] <= self.now]
        del starting[: len(due)]
        workload = self.workloads[claim]
        self.workloads[claim] = replace(workload, ready=workload.ready + len(due))
        labels = dict(workload.selector.labels)
        pod = Key(claim[0], f"{workload.ref.name}-pod")
        self._starts += [PodStart(pod, labels, started_at, ready_at) for ready_at, started_at in due]

    def take_starts(self) -> Sequence[PodStart]:
        """The first Readys since the last call."""
        found, self._starts = self._starts, []
        return found

    def take_pulls(self) -> Sequence[Pull]:
        """Nothing is pulled."""
        return ()

    async def scale(self, workload: Workload, replicas: int) -> None:
        """Start or remove pods; visible in the next view."""
        self.writes += 1
        claim = (workload.namespace, workload.ref)
        seen, starting = self.workloads[claim], self._starting.setdefault(claim, [])
        more, ready = replicas - seen.replicas, seen.ready
        for seconds in self.lead.seconds(self.now, max(more, 0)):
            insort(starting, (self.now + float(seconds), self.now))
        cancelled = min(max(-more, 0), len(starting))
        del starting[len(starting) - cancelled :]
        ready -= max(-more, 0) - cancelled
        version = str(int(seen.resource_version) + 1)
        self.workloads[claim] = replace(seen, replicas=replicas, ready=ready, resource_version=version)

    async def stirred(self) -> None:
        """Nobody waits for it in a replay."""

    async def carry_out(self, operation: Operation) -> None:
        """Counted only: there are no pods here, so no rung plans anything; see `replay.pods`."""
        self.writes += 1

    async def create_decision(self, manifest: Manifest) -> None:
        """Stored as the API server would."""
        self.writes += 1
        name = manifest["metadata"]["name"]
        meta = {**manifest["metadata"], "uid": f"uid-{name}", "creationTimestamp": format_time(self.now)}
        record = parse_decision({**manifest, "metadata": meta})
        if record is not None:
            self.decisions[record.key] = record

    async def delete_decision(self, key: Key) -> None:
        """Gone at once."""
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
        """The last notes are kept."""
        self.writes += 1
        self.notes = [*self.notes[-KEPT_NOTES:], note]


@dataclass
class TraceDemand:
    """A source that answers every question from one trace, a step late: a step is known when it is over."""

    trace: Trace

    async def read(self, requests: Mapping[SeriesKey, DemandRequest], now: float) -> Mapping[SeriesKey, Reading]:
        """The value of the step before."""
        value = self.at(now)
        reading = GAP if math.isnan(value) else Measured(now, value)
        return dict.fromkeys(requests, reading)

    async def history(
        self, requests: Mapping[SeriesKey, DemandRequest], start: float, end: float, step_seconds: float
    ) -> Mapping[SeriesKey, History]:
        """What `read` would have answered on the grid start, start + step, .. <= end."""
        count = math.floor((end - start) / step_seconds + ROUNDING) + 1
        times = start + step_seconds * np.arange(count, dtype=np.float64)
        return dict.fromkeys(requests, History(start, step_seconds, self.known(times)))

    def at(self, now: float) -> float:
        """Demand as it is known at one Unix time; NaN where it is not."""
        index = math.floor(now / self.trace.step_seconds + ROUNDING) - self.trace.first - 1
        return float(self.trace.values[index]) if 0 <= index < len(self.trace.values) else math.nan

    def known(self, times: FloatArray) -> FloatArray:
        """The same at many times (N,)."""
        return np.array([self.at(float(now)) for now in times])


@dataclass
class MemoryTelemetry:
    """The last numbers of each policy."""

    numbers: dict[Key, PolicyNumbers] = field(default_factory=dict)
    totals: Mapping[str, Any] = field(default_factory=dict)

    def policy(self, key: Key, numbers: PolicyNumbers) -> None:
        """Keep them."""
        self.numbers[key] = numbers

    def data_removed(self, tally: Tally) -> None:
        """Nothing is staged in a replay."""

    def decided(self, key: Key, reason: str, mode: str) -> None:
        """Nobody counts."""

    def promoted(self, key: Key, count: int) -> None:
        """No pods."""

    def parked(self, key: Key, count: int) -> None:
        """No pods."""

    def moved(self, key: Key, count: int) -> None:
        """No pods."""

    def retain(self, keys: Collection[Key]) -> None:
        """Forget every other policy."""
        if len(keys) < len(self.numbers):
            kept = set(keys)
            self.numbers = {key: value for key, value in self.numbers.items() if key in kept}

    def policies(self, states: Mapping[str, int]) -> None:
        """Keep them."""
        self.totals = dict(states)
