"""Once a second: what each Deployment asks for and has ready, and the ready endpoints of the Service of its name."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from controlplane import Cluster
from controlplane.api import ApiError
from controlplane.curves import Curve

Target = tuple[str, str]
"""(namespace, name)."""
SERVICE = "kubernetes.io/service-name"


@dataclass(frozen=True)
class Sample:
    """One Deployment at one moment."""

    at: float
    replicas: int
    ready: int
    endpoints: int = 0


@dataclass
class Recorder:
    """A thread that watches some Deployments, by (namespace, name); an API server that is away leaves a gap."""

    cluster: Cluster
    targets: Sequence[Target]
    samples: dict[Target, list[Sample]] = field(default_factory=dict)
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
            try:
                self._look()
            except (ApiError, OSError):
                continue

    def _look(self) -> None:
        """Two requests, however many there are to watch."""
        api, at = self.cluster.api(), time.time()
        slices = api.get(f"/apis/discovery.k8s.io/v1/endpointslices?labelSelector={SERVICE}")["items"]
        behind: Counter[Target] = Counter()
        for one in slices:
            meta = one["metadata"]
            ready = sum(bool(found["conditions"].get("ready")) for found in one.get("endpoints") or ())
            behind[meta["namespace"], meta["labels"][SERVICE]] += ready
        for found in api.get("/apis/apps/v1/deployments")["items"]:
            target = found["metadata"]["namespace"], found["metadata"]["name"]
            if target in self.targets:
                ready = found["status"].get("readyReplicas", 0)
                sample = Sample(at, found["spec"]["replicas"], ready, behind[target])
                self.samples.setdefault(target, []).append(sample)

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


def first_endpoints(samples: Sequence[Sample], count: int) -> float | None:
    """When `count` endpoints were first seen ready, in a run of samples that begins below."""
    return next((sample.at for sample in samples if sample.endpoints >= count), None)


def short_pod_seconds(samples: Sequence[Sample], curve: Curve, capacity: float) -> float:
    """Pod-seconds that demand needed and that were not ready."""
    return sum(max(0, need_at(curve, capacity, a.at) - a.ready) * (b.at - a.at) for a, b in pairwise(samples))
