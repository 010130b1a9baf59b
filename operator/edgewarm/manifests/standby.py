"""A standby pod from a workload's template, and the patch that makes it a serving pod.

Nothing but labels, annotations, ownerReferences and by /resize cpu is changed in a running pod, so all else is the
template's: its priority, its node selection (never nodeName), its containers. The only additions keep standbys apart
from each other as the workload's pods are kept apart, since they will be some of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgewarm.decide.promoting import is_standby
from edgewarm.manifests.decision import policy_label
from edgewarm.manifests.placing import kept_apart, on_node
from edgewarm.model.identity import Key
from edgewarm.model.names import (
    API_VERSION,
    PARKED_AT_LABEL,
    POD_TEMPLATE_HASH,
    POLICY_LABEL,
    RUNG_LABEL,
    TEMPLATE_HASH_LABEL,
    WARMING_POLICY,
)
from edgewarm.model.rungs import RungName
from edgewarm.model.sizing import Cpus
from edgewarm.model.template import PodTemplate
from edgewarm.model.workload import Owner, Pod, ReplicaSet

SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"
OUR_LABELS = (POLICY_LABEL, RUNG_LABEL, TEMPLATE_HASH_LABEL, PARKED_AT_LABEL)
OUR_ANNOTATIONS = (SAFE_TO_EVICT, DO_NOT_DISRUPT)


@dataclass(frozen=True, slots=True)
class StandbyDraft:
    """For which policy, from which template of which ReplicaSet, with which labels (see decide.hiding), on which node.

    Without `node` the scheduler chooses.
    """

    policy: Key
    policy_uid: str
    replica_set: ReplicaSet
    template: PodTemplate
    labels: Mapping[str, str]
    node: str | None = None


def standby_labels(policy: str) -> dict[str, str]:
    """What all standbys of a policy have in common, and no other pod has."""
    return {POLICY_LABEL: policy_label(policy), RUNG_LABEL: str(RungName.STANDBY)}


def standby_pod(draft: StandbyDraft) -> dict[str, Any]:
    """The manifest; it goes with its policy, and is safe to evict until it is promoted."""
    body = draft.template.body
    annotations = dict((body.get("metadata") or {}).get("annotations") or {})
    annotations.pop(DO_NOT_DISRUPT, None)
    mine = standby_labels(draft.policy.name)
    owner = _owned(Owner(WARMING_POLICY, draft.policy.name, draft.policy_uid))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{draft.replica_set.key.name}-",
            "namespace": draft.policy.namespace,
            "labels": {**draft.labels, **mine, TEMPLATE_HASH_LABEL: draft.replica_set.template_hash},
            "annotations": {**annotations, SAFE_TO_EVICT: "true"},
            "ownerReferences": [owner],
        },
        "spec": on_node(draft.node, kept_apart(body.get("spec") or {}, draft.template.labels, mine)),
    }


def promotion(pod: Pod, template: PodTemplate, replica_set: ReplicaSet) -> dict[str, Any]:
    """The merge patch: the template's labels and annotations, the ReplicaSet's hash, and nobody's but its own.

    Labels and annotations that others added (admission, the network plug-in) stay: its twins have them too.
    """
    if not is_standby(pod):
        raise ValueError(f"only a standby can be promoted, got {pod.key}")
    return serving(template, replica_set)


def serving(template: PodTemplate, replica_set: ReplicaSet) -> dict[str, Any]:
    """The same, for a pod that is known to be one of ours."""
    wanted = (template.body.get("metadata") or {}).get("annotations") or {}
    return {
        "metadata": {
            "labels": {
                **dict.fromkeys(OUR_LABELS),
                **template.labels,
                POD_TEMPLATE_HASH: replica_set.template_hash,
            },
            "annotations": {**dict.fromkeys(OUR_ANNOTATIONS), **wanted},
            "ownerReferences": None,
        }
    }


def parking(pod: Pod, labels: Mapping[str, str], policy: Owner, replica_set: ReplicaSet, now: float) -> dict[str, Any]:
    """The merge patch that takes a serving pod out of its ReplicaSet and Services; `labels` as a standby has them."""
    mine = {**standby_labels(policy.name), TEMPLATE_HASH_LABEL: replica_set.template_hash}
    wanted = {**labels, **mine, PARKED_AT_LABEL: str(int(now))}
    patch = relabelled(pod, wanted)
    patch["metadata"] |= {"annotations": {SAFE_TO_EVICT: "true"}, "ownerReferences": [_owned(policy)]}
    return patch


def resized(wanted: Cpus) -> dict[str, Any]:
    """The strategic merge patch of /resize that gives containers this cpu, in whole millicores, and nothing else."""
    containers = []
    for name, cpu in wanted.items():
        found = {"requests": cpu.request, "limits": cpu.limit}
        amounts = {kind: {"cpu": f"{round(cores * 1000)}m"} for kind, cores in found.items() if cores is not None}
        containers.append({"name": name, "resources": amounts})
    return {"spec": {"containers": containers}}


def _owned(policy: Owner) -> dict[str, Any]:
    """The ownerReference; blockOwnerDeletion would need a right to finalizers."""
    return {"apiVersion": API_VERSION, "kind": policy.kind, "name": policy.name, "uid": policy.uid, "controller": True}


def relabelled(pod: Pod, labels: Mapping[str, str]) -> dict[str, Any]:
    """The merge patch that gives a standby other labels."""
    gone = dict.fromkeys(key for key in pod.labels if key not in labels)
    changed = {key: value for key, value in labels.items() if pod.labels.get(key) != value}
    return {"metadata": {"labels": {**gone, **changed}}}
