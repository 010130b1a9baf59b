"""Once a second: how many pods each Deployment asks for and has ready; tests and the demo's report read it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from controlplane import Cluster
from controlplane.api import ApiError
from controlplane.curves import Curve


@dataclass(frozen=True)
class Sample:
    """One Deployment at one moment."""

    at: float
    replicas: int
    ready: int


@dataclass
class Recorder:
    """A thread that watches some Deployments, by (namespace, name); an API server that is away leaves a gap."""

    cluster: Cluster
    targets: Sequence[tuple[str, str]]
    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stopped.wait(1.0):
            for target in self.targets:
                self._look(target)

    def _look(self, target: tuple[str, str]) -> None:
        namespace, name = target
        try:
            found = self.cluster.api().get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
        except (ApiError, OSError):
            return
        ready = found["status"].get("readyReplicas", 0)
        self.samples.setdefault(target, []).append(Sample(time.time(), found["spec"]["replicas"], ready))

    def of(self, namespace: str, name: str) -> list[Sample]:
        return list(self.samples.get((namespace, name), []))


def need_at(curve: Curve, capacity: float, at: float) -> int:
    """Pods that the true demand needs at a moment."""
    return int(-(-curve.at(at) // capacity))


def first_need(curve: Curve, capacity: float, count: int, since: float, until: float) -> float | None:
    """When demand first needs `count` pods between two times, to the second."""
    at = since
    while at <= until:
        if need_at(curve, capacity, at) >= count:
            return at
        at += 1.0
    return None


def first_ready(samples: Sequence[Sample], count: int) -> float | None:
    """When `count` pods were first seen ready, in a run of samples that begins below."""
    return next((sample.at for sample in samples if sample.ready >= count), None)


def short_pod_seconds(samples: Sequence[Sample], curve: Curve, capacity: float) -> float:
    """Pod-seconds that demand needed and that were not ready."""
    return sum(max(0, need_at(curve, capacity, a.at) - a.ready) * (b.at - a.at) for a, b in pairwise(samples))
