"""`python -m benchmarks.process_world FOLDER COUNT`: an API server and a Prometheus in memory, for `process`.

Writes FOLDER/kubeconfig and FOLDER/sources.yaml, is filled with COUNT policies, their Deployments and pods when
FOLDER/fill appears, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from support.fake_api import FakeApi
from support.fake_prometheus import FakePrometheus, Series

Json = dict[str, Any]
NAMESPACE, QUERY, PODS = "shop", "sum by (namespace, app) (rate(requests_total[1m]))", 4
SOURCES = """\
sources:
- name: prometheus
  type: Prometheus
  url: '{url}'
  templates: [{{name: requests, query: '{query}', namespaceLabel: namespace, arguments: [app]}}]
"""


def name(number: int) -> str:
    """Of the policy, its Deployment and the label of its series."""
    return f"app-{number:04}"


class Demand:
    """A day's wave with 3 % of noise for every policy, each with its own phase."""

    def __init__(self, count: int) -> None:
        self._labels = [{"namespace": NAMESPACE, "app": name(number)} for number in range(count)]
        self._phase = np.arange(count)
        self._random = np.random.default_rng(1)

    def __call__(self, at: float) -> Sequence[Series]:
        wave = 150.0 + 75.0 * np.sin(2 * math.pi * at / 86_400.0 + self._phase)
        values = wave * self._random.normal(1.0, 0.03, len(wave))
        return list(zip(self._labels, values.tolist(), strict=True))


def furnish(api: FakeApi) -> None:
    """One of each of our kinds, idle: kopf falls over the null that the fake answers for an empty list."""
    api.put({"kind": "EdgeNodePool", "metadata": {"name": "edge"}, "spec": {"selector": {"matchLabels": {"a": "b"}}}})
    api.put(_policy("idle"))
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "idle"}
    action = {"rung": "Replica", "from": 1, "to": 2, "executeAt": "2026-01-01T08:00:00Z"}
    spec = {"policy": "idle", "target": target, "mode": "Act", "reason": "Forecast", "summary": "", "actions": [action]}
    api.put({"kind": "ScalingDecision", "metadata": {"name": "idle-1", "namespace": NAMESPACE}, "spec": spec})


def fill(api: FakeApi, count: int) -> None:
    """Policies in mode Observe: decided on and recorded, their pods stay as they are."""
    for number in range(count):
        found = api.put(_deployment(name(number)))
        for index in range(PODS):
            api.put(_pod(f"{name(number)}-{index}", found))
        api.put(_policy(name(number)))


def _deployment(app: str) -> Json:
    spec = {"replicas": PODS, "selector": {"matchLabels": {"app": app}}}
    counts = {"replicas": PODS, "readyReplicas": PODS, "availableReplicas": PODS, "observedGeneration": 1}
    meta = {"name": app, "namespace": NAMESPACE}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec, "status": counts}


def _pod(pod: str, owner: Json) -> Json:
    app, uid = owner["metadata"]["name"], owner["metadata"]["uid"]
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": app, "uid": uid, "controller": True}
    meta = {"name": pod, "namespace": NAMESPACE, "labels": {"app": app}, "ownerReferences": [reference]}
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    spec = {"nodeName": "node-1", "containers": [{"name": "web", "image": "web:1"}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": spec,
        "status": {"phase": "Running", "conditions": [ready]},
    }


def _policy(app: str) -> Json:
    template = {"name": "requests", "arguments": [{"name": "app", "value": app}]}
    spec = {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": app},
        "demand": {"template": template, "capacityPerPod": "50"},
        "forecast": {"historyWindow": "2h"},
    }
    return {"kind": "WarmingPolicy", "metadata": {"name": app, "namespace": NAMESPACE}, "spec": spec}


async def serve(folder: Path, count: int) -> None:
    """Until standard input ends."""
    api, wanted = FakeApi(time.time), folder / "fill"
    await api.start()
    furnish(api)
    async with FakePrometheus({QUERY: Demand(count)}) as prometheus:
        (folder / "sources.yaml").write_text(SOURCES.format(url=prometheus.url, query=QUERY))
        api.kubeconfig(folder / "kubeconfig")
        ending = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        while not ending.done():
            if wanted.exists():
                fill(api, count)
                wanted.unlink()
            api.requests.clear()
            prometheus.asked.clear()
            await asyncio.wait({ending}, timeout=0.1)
    await api.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
