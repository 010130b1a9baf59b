"""A workload controller, scheduler and kubelet in one: replicas become pods, pods become Ready in time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from support.fake_api.merging import Json
from support.fake_api.replica_sets import REVISION
from support.fake_api.server import FakeApi

KINDS = ("Deployment", "StatefulSet")


class FakeDeploymentController:
    """Driven by `tick(now)`; a pod is Ready `delay(pod)` seconds after its creation, of which `pull` are for its image.

    Simple on purpose: pods belong to the workload itself, there are no ReplicaSets and no rollouts. Deployments with a
    revision are left to `FakeReplicaSets`. A pod without containers tells nothing of its stages.
    """

    def __init__(self, api: FakeApi, delay: float | Callable[[Json], float] = 0.0, node: str = "node-1") -> None:
        self._api = api
        self._delay: Callable[[Json], float] = delay if callable(delay) else lambda pod: delay
        self.node = node
        self.pull = 0.0
        self._made = 0
        self._names: dict[str, list[str]] = {}  # by uid of the workload
        self._created_at: dict[str, float] = {}  # to the fraction of a second, which timestamps on the wire lack

    def tick(self, now: float) -> None:
        """One look at every workload."""
        for kind in KINDS:
            for workload in self._api.objects(kind):
                if REVISION not in workload["metadata"].get("annotations", {}):
                    self._reconcile(workload, now)

    def pods_of(self, workload: Json) -> list[Json]:
        """Oldest first; found among those that it made, not among all pods of the cluster."""
        uid, namespace = workload["metadata"]["uid"], workload["metadata"]["namespace"]
        made = (self._api.get("Pod", namespace, name) for name in self._names.get(uid, ()))
        return [pod for pod in made if pod is not None and _owner(pod) == uid]

    def _reconcile(self, workload: Json, now: float) -> None:
        pods = self.pods_of(workload)
        surplus = len(pods) - workload["spec"].get("replicas", 1)
        for _ in range(-surplus):
            self._create(workload, now)
        # As the ReplicaSet controller does: first those that are not Ready, then the youngest.
        doomed = sorted(reversed(pods), key=_is_ready)[: max(0, surplus)]
        for pod in doomed:
            self._api.delete("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
        for pod in self.pods_of(workload):
            if not _is_ready(pod) and now >= self._created_at[pod["metadata"]["uid"]] + self._delay(pod):
                self._make_ready(pod, now)
        self._report(workload)

    def _create(self, workload: Json, now: float) -> None:
        self._made += 1
        template = workload["spec"].get("template", {})
        meta = workload["metadata"]
        labels = template.get("metadata", {}).get("labels") or workload["spec"]["selector"].get("matchLabels", {})
        pod = self._api.put(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": f"{meta['name']}-{self._made}",
                    "namespace": meta["namespace"],
                    "labels": dict(labels),
                    "creationTimestamp": self._api.store.timestamp(now),
                    "ownerReferences": [_reference(workload)],
                },
                "spec": {**copy.deepcopy(template.get("spec", {"containers": []})), "nodeName": self.node},
                "status": {"phase": "Pending", "conditions": [_condition("False", self._api.store.timestamp(now))]},
            }
        )
        self._created_at[pod["metadata"]["uid"]] = now
        self._names.setdefault(meta["uid"], []).append(pod["metadata"]["name"])

    def _make_ready(self, pod: Json, now: float) -> None:
        created, ready = pod["metadata"]["creationTimestamp"], self._api.store.timestamp(now)
        begun = self._created_at[pod["metadata"]["uid"]]
        conditions = [_condition("True", ready), _condition("True", created, "PodScheduled")]
        running = {"startedAt": self._api.store.timestamp(begun + self.pull)}
        told = [{"restartCount": 0, "state": {"running": running}} for _ in pod["spec"]["containers"]]
        for container in pod["spec"]["containers"]:
            if "image" in container:
                self._tell(pod, container)
        status = {"phase": "Running", "conditions": conditions, "startTime": created, "containerStatuses": told}
        self._api.put({**pod, "status": status})

    def _tell(self, pod: Json, container: Json) -> None:
        """A kubelet's Event."""
        image, took = container["image"], f"{self.pull:g}s"
        message = (
            f'Successfully pulled image "{image}" in {took} ({took} including waiting). Image size: 100000000 bytes.'
        )
        if not self.pull:
            message = f'Container image "{image}" already present on machine'
        self._api.put(
            {
                "kind": "Event",
                "metadata": {"namespace": pod["metadata"]["namespace"], "name": f"{pod['metadata']['name']}.pulled"},
                "reason": "Pulled",
                "message": message,
                "involvedObject": {"uid": pod["metadata"]["uid"], "fieldPath": "spec.containers{web}"},
                "source": {"host": self.node},
            }
        )

    def _report(self, workload: Json) -> None:
        current = self._api.get(workload["kind"], workload["metadata"]["namespace"], workload["metadata"]["name"])
        if current is None:
            return
        pods = self.pods_of(current)
        ready = sum(_is_ready(pod) for pod in pods)
        counts = {"replicas": len(pods), "readyReplicas": ready, "availableReplicas": ready}
        observed = {"observedGeneration": current["metadata"]["generation"]}
        self._api.put({**current, "status": {**current.get("status", {}), **counts, **observed}})


def _is_ready(pod: Json) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _owner(pod: Json) -> Any:
    owners = pod["metadata"].get("ownerReferences", ())
    return next((owner["uid"] for owner in owners if owner.get("controller")), None)


def _reference(workload: Json) -> Json:
    names = {"apiVersion": workload["apiVersion"], "kind": workload["kind"]}
    return {**names, "name": workload["metadata"]["name"], "uid": workload["metadata"]["uid"], "controller": True}


def _condition(status: str, at: str, kind: str = "Ready") -> Json:
    return {"type": kind, "status": status, "lastTransitionTime": at}
