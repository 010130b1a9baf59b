"""The part of kubelets and scheduler that pull pods meet: they are bound, pull one image after the other, and end."""

from __future__ import annotations

from typing import Any

from support.fake_api.merging import Json
from support.fake_api.server import FakeApi

PULL_NODE = "edgewarm.io/pull-node"
SIZE = 100_000_000


class FakeKubelets:
    """Driven by `tick(now)`: a pull takes `seconds`, one at a time on each node; an image in `missing` never comes."""

    def __init__(self, api: FakeApi, seconds: float = 20.0) -> None:
        self._api = api
        self.seconds = seconds
        self.missing: set[str] = set()
        self.most_at_once = 0
        self.most_on_a_node = 0
        self.pulled: list[tuple[str, str]] = []
        self._begun: dict[str, float] = {}

    def node(self, name: str, images: tuple[str, ...] = (), **status: Any) -> Json:
        """A node of the pool `edge` that takes pods."""
        whole = {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "100Gi"},
            "conditions": [{"type": "Ready", "status": "True"}],
            "images": [{"names": [image], "sizeBytes": SIZE} for image in images],
            **status,
        }
        meta = {"name": name, "labels": {"pool": "edge"}}
        return self._api.put({"kind": "Node", "metadata": meta, "spec": {}, "status": whole})

    def tick(self, now: float) -> None:
        """One look at every pull pod."""
        pods = [pod for pod in self._api.objects("Pod") if PULL_NODE in (pod["metadata"].get("annotations") or {})]
        open_ = [pod for pod in pods if pod.get("status", {}).get("phase") not in ("Failed", "Succeeded")]
        pulling = [pod for pod in open_ if not self._is_missing(pod)]
        on_nodes = [pod["metadata"]["annotations"][PULL_NODE] for pod in pulling]
        self.most_at_once = max(self.most_at_once, len(pulling))
        self.most_on_a_node = max([self.most_on_a_node, *(on_nodes.count(node) for node in on_nodes)])
        for pod in open_:
            self._advance(pod, now)

    def _advance(self, pod: Json, now: float) -> None:
        node = pod["metadata"]["annotations"][PULL_NODE]
        begun = self._begun.setdefault(pod["metadata"]["uid"], now)
        bound = {**pod, "spec": {**pod["spec"], "nodeName": node}}
        images = [container["image"] for container in pod["spec"]["containers"]]
        if self._is_missing(pod):
            waiting = {"waiting": {"reason": "ErrImagePull", "message": "manifest unknown"}}
            self._api.put({**bound, "status": _status("Pending", [waiting] * len(images))})
        elif now < begun + self.seconds * len(images):
            waiting = {"waiting": {"reason": "ContainerCreating"}}
            self._api.put({**bound, "status": _status("Pending", [waiting] * len(images))})
        else:
            ended = {"terminated": {"reason": "StartError", "finishedAt": self._api.store.timestamp(now)}}
            self._api.put({**bound, "status": _status("Failed", [ended] * len(images))})
            self._list(node, images)

    def _is_missing(self, pod: Json) -> bool:
        return any(container["image"] in self.missing for container in pod["spec"]["containers"])

    def _list(self, name: str, images: list[str]) -> None:
        self.pulled += [(name, image) for image in images]
        node = self._api.get("Node", "", name)
        assert node is not None
        listed = [*(node["status"].get("images") or []), *({"names": [one], "sizeBytes": SIZE} for one in images)]
        self._api.put({**node, "status": {**node["status"], "images": listed}})


def _status(phase: str, states: list[Json]) -> Json:
    containers = [{"restartCount": 0, "state": state} for state in states]
    return {"phase": phase, "containerStatuses": containers}
