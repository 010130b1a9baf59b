"""Deployments with ReplicaSets between them and their pods: adoption, the order of deletion, rollouts at one stroke.

As far as promotions depend on it the real controllers are followed: a ReplicaSet adopts orphans that its selector
matches, and of too many pods deletes the unassigned first, then Pending ones, then those not Ready, then those
of the lowest deletion cost, then the youngest.
"""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

from support.fake_api.merging import Json
from support.fake_api.server import FakeApi

REVISION = "deployment.kubernetes.io/revision"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
HASH = "pod-template-hash"


class FakeReplicaSets:
    """Driven by `tick(now)`; sees to the Deployments that carry a revision, and makes any pod Ready in time.

    Containers that request cpu are resized in place one tick after they were asked to; while `deferred`, they wait.
    """

    def __init__(self, api: FakeApi, delay: float, node: str = "node-1") -> None:
        self._api = api
        self.delay = delay
        self._node = node
        self._born: dict[str, float] = {}
        self.deferred = False

    def tick(self, now: float) -> None:
        for deployment in self._api.objects("Deployment"):
            if REVISION in deployment["metadata"].get("annotations", {}):
                self._reconcile(deployment, now)
        for pod in self._api.objects("Pod"):
            # those of pulls are the business of FakeKubelets
            pulls = (pod["metadata"].get("labels") or {}).get("edgewarm.io/rung") in ("Image", "Data")
            if owner_of(pod).get("kind") in ("ReplicaSet", "WarmingPolicy") and not pulls:
                self._age(pod, now)

    def _reconcile(self, deployment: Json, now: float) -> None:
        meta, wanted = deployment["metadata"], deployment["spec"].get("replicas", 1)
        current = self._current(deployment)
        for one in self._sets(deployment):
            mine = one["metadata"]["uid"] == current["metadata"]["uid"]
            one = self._api.put({**one, "spec": {**one["spec"], "replicas": wanted if mine else 0}})
            self._fill(one, now)
        pods = [pod for one in self._sets(deployment) for pod in self._pods(one)]
        ready = sum(map(is_ready, pods))
        found = self._api.get("Deployment", meta["namespace"], meta["name"])
        assert found is not None
        progress = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
        counts = {"replicas": len(pods), "readyReplicas": ready, "availableReplicas": ready}
        seen = {"observedGeneration": found["metadata"]["generation"], "conditions": [progress]}
        annotations = {**found["metadata"]["annotations"], REVISION: current["metadata"]["annotations"][REVISION]}
        self._api.put(
            {**found, "metadata": {**found["metadata"], "annotations": annotations}, "status": {**counts, **seen}}
        )

    def _sets(self, deployment: Json) -> list[Json]:
        uid = deployment["metadata"]["uid"]
        return [one for one in self._api.objects("ReplicaSet") if owner_of(one).get("uid") == uid]

    def _current(self, deployment: Json) -> Json:
        template = deployment["spec"]["template"]
        digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:8]
        known = self._sets(deployment)
        found = next((one for one in known if one["metadata"]["labels"][HASH] == digest), None)
        if found is not None:
            return found
        meta, labelled = deployment["metadata"], copy.deepcopy(template)
        labelled["metadata"]["labels"][HASH] = digest
        selector = {"matchLabels": {**deployment["spec"]["selector"]["matchLabels"], HASH: digest}}
        return self._api.put(
            {
                "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{meta['name']}-{digest}",
                    "namespace": meta["namespace"],
                    "labels": {**template["metadata"]["labels"], HASH: digest},
                    "annotations": {REVISION: str(len(known) + 1)},
                    "ownerReferences": [_reference(deployment)],
                },
                "spec": {"replicas": 0, "selector": selector, "template": labelled},
                "status": {"replicas": 0},
            }
        )

    def _pods(self, replica_set: Json) -> list[Json]:
        uid = replica_set["metadata"]["uid"]
        return [pod for pod in self._api.objects("Pod") if owner_of(pod).get("uid") == uid]

    def _fill(self, replica_set: Json, now: float) -> None:
        """Adopt, then make or delete."""
        wanted = replica_set["spec"]["selector"]["matchLabels"].items()
        for pod in self._api.objects("Pod"):
            if not owner_of(pod) and wanted <= pod["metadata"].get("labels", {}).items():
                self._api.put({**pod, "metadata": {**pod["metadata"], "ownerReferences": [_reference(replica_set)]}})
        surplus = len(self._pods(replica_set)) - replica_set["spec"]["replicas"]
        for _ in range(-surplus):
            self._make(replica_set, now)
        doomed = sorted(self._pods(replica_set), key=self._worth)[: max(0, surplus)]
        for pod in doomed:
            self._api.delete("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
        self._api.put({**replica_set, "status": {"replicas": len(self._pods(replica_set))}})

    def _worth(self, pod: Json) -> tuple[bool, bool, int, float]:
        cost = int(pod["metadata"].get("annotations", {}).get(DELETION_COST, "0"))
        return pod["status"]["phase"] != "Pending", is_ready(pod), cost, -self._born.get(pod["metadata"]["uid"], 0.0)

    def _make(self, replica_set: Json, now: float) -> None:
        template = replica_set["spec"]["template"]
        self._api.put(
            {
                "kind": "Pod",
                "metadata": {
                    "generateName": f"{replica_set['metadata']['name']}-",
                    "namespace": replica_set["metadata"]["namespace"],
                    "labels": dict(template["metadata"]["labels"]),
                    "creationTimestamp": self._api.store.timestamp(now),
                    "ownerReferences": [_reference(replica_set)],
                },
                "spec": {**copy.deepcopy(template["spec"]), "nodeName": self._node},
                "status": {"phase": "Pending"},
            }
        )

    def _age(self, pod: Json, now: float) -> None:
        """What scheduler and kubelet do."""
        born = self._born.setdefault(pod["metadata"]["uid"], now)
        if is_ready(pod):
            self._resize(pod)
        elif now >= born + self.delay and self._is_heard(sent_to(pod) or self._node):
            ready = {"type": "Ready", "status": "True", "lastTransitionTime": self._api.store.timestamp(now)}
            spec = {**pod["spec"], "nodeName": sent_to(pod) or self._node}
            given = {"containerStatuses": _given(pod)} if _given(pod) else {}
            self._api.put({**pod, "spec": spec, "status": {"phase": "Running", "conditions": [ready], **given}})

    def _is_heard(self, node: str) -> bool:
        """Not while its Node object says that it is silent; a node without an object is as it always was."""
        told = (self._api.get("Node", "", node) or {}).get("status", {}).get("conditions", [])
        return all(one["status"] == "True" for one in told if one["type"] == "Ready")

    def _resize(self, pod: Json) -> None:
        status = pod["status"]
        if not _given(pod):
            return
        conditions = [one for one in status["conditions"] if one["type"] != "PodResizePending"]
        if self.deferred and _given(pod) != status["containerStatuses"]:
            waits = {"type": "PodResizePending", "status": "True", "reason": "Deferred", "message": "no cpu is left"}
            self._api.put({**pod, "status": {**status, "conditions": [*conditions, waits]}})
        else:
            changed = {"conditions": conditions, "containerStatuses": _given(pod)}
            self._api.put({**pod, "status": {**status, **changed}})


def _given(pod: Json) -> list[Json]:
    """What a kubelet that gives all that is asked tells of the containers; nothing of pods that request no cpu."""
    resources = {one["name"]: one.get("resources") or {} for one in pod["spec"]["containers"] if "name" in one}
    if not any("cpu" in one.get("requests", {}) for one in resources.values()):
        return []
    return [{"name": name, "resources": copy.deepcopy(one)} for name, one in resources.items()]


def sent_to(pod: Json) -> str:
    """The node that its required affinity names; "" where it names none."""
    affinity = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    terms = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get("nodeSelectorTerms", [])
    return next((name for term in terms for one in term.get("matchFields", ()) for name in one["values"]), "")


def owner_of(obj: Json) -> Json:
    """Its controller; empty where it has none."""
    owners: list[Json] = obj["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), {})


def is_ready(pod: Json) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _reference(obj: Json) -> dict[str, Any]:
    names = {"apiVersion": obj["apiVersion"], "kind": obj["kind"]}
    return {**names, "name": obj["metadata"]["name"], "uid": obj["metadata"]["uid"], "controller": True}
