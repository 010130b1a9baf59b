"""A pod that fetches one item onto a claim: `edgewarm fetch` in the image of a fetcher class (ADR 31).

It runs in the policy's namespace without a token, as a user that is not root, and is owned by the policy. Each
is one try: what it had fetched lies on the claim, and the next one goes on from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from edgewarm.manifests.decision import policy_label
from edgewarm.model.data import DataItem, FileSource
from edgewarm.model.fetchers import FetcherClass
from edgewarm.model.names import (
    DATA_NAME,
    FETCH_KEY,
    GROUP,
    HOSTNAME,
    POLICY_LABEL,
    PULL_BYTES,
    PULL_SPEED,
    RUNG_LABEL,
    VERSION,
    WARMING_POLICY,
)
from edgewarm.model.objects import PolicyObject
from edgewarm.model.rungs import DataTerms, RungName
from edgewarm.model.template import PodTemplate

FOLDER = "/data"
SECRET_FOLDER = "/var/run/edgewarm/secret"
USER = 65532
REQUESTS = {"cpu": "10m", "memory": "64Mi"}
FETCH_SECONDS = 6 * 3600
"""A try that takes longer is ended by the kubelet, also while no operator runs; the next one goes on."""


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """One file, by its class; `kept` are the digests that stay on the claim whatever else goes.

    `speed` in bytes/s is what it is expected to take of the link, 0 where unknown. `hosts`: the hostnames of the nodes
    that it may run on, None where it may on any.
    """

    policy: PolicyObject
    item: DataItem
    file: FileSource
    fetcher: FetcherClass
    terms: DataTerms
    template: PodTemplate
    kept: tuple[str, ...] = ()
    speed: float = 0.0
    hosts: tuple[str, ...] | None = None


def fetch_key(item: DataItem) -> str:
    """Short, and another one for another file, digest or claim."""
    file = item.file or FileSource("", "", "")
    return hashlib.sha256("\n".join((file.url, item.digest, file.claim)).encode()).hexdigest()[:16]


def fetch_pod(order: FetchOrder) -> dict[str, Any]:
    """A v1 Pod. It tolerates what the workload tolerates; of the nodes that its policy may hold things on it runs where
    its claim can be mounted."""
    tolerations = order.template.spec.get("tolerations")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(order),
        "spec": {
            **({"tolerations": tolerations} if tolerations else {}),
            **({} if order.hosts is None else {"affinity": {"nodeAffinity": _among(order.hosts)}}),
            "containers": [_container(order)],
            "volumes": _volumes(order),
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "restartPolicy": "Never",
            "activeDeadlineSeconds": FETCH_SECONDS,
            "terminationGracePeriodSeconds": 5,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
        },
    }


def _among(hosts: tuple[str, ...]) -> dict[str, Any]:
    expression = {"key": HOSTNAME, "operator": "In", "values": list(hosts)}
    return {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    }


def _volumes(order: FetchOrder) -> list[dict[str, Any]]:
    """Without the Secret the pod starts all the same, and the program says who asked for a login."""
    found: list[dict[str, Any]] = [{"name": "data", "persistentVolumeClaim": {"claimName": order.file.claim}}]
    if order.fetcher.secret:
        found.append({"name": "secret", "secret": {"secretName": order.fetcher.secret, "optional": True}})
    return found


def _metadata(order: FetchOrder) -> dict[str, Any]:
    key = order.policy.key
    seed = f"{order.policy.uid}\n{fetch_key(order.item)}"
    end = f"-fetch-{hashlib.sha256(seed.encode()).hexdigest()[:10]}"
    owner = {"apiVersion": f"{GROUP}/{VERSION}", "kind": WARMING_POLICY, "name": key.name, "uid": order.policy.uid}
    return {
        "name": key.name[: 63 - len(end)].rstrip("-.") + end,
        "namespace": key.namespace,
        "labels": {
            POLICY_LABEL: policy_label(key.name),
            RUNG_LABEL: RungName.DATA.value,
            "sidecar.istio.io/inject": "false",
        },
        "annotations": {
            DATA_NAME: order.item.name,
            FETCH_KEY: fetch_key(order.item),
            PULL_BYTES: str(round(order.item.size)),
            PULL_SPEED: str(round(order.speed)),
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
            "linkerd.io/inject": "disabled",
        },
        "ownerReferences": [{**owner, "controller": True}],
    }


def _container(order: FetchOrder) -> dict[str, Any]:
    memory = "256Mi" if order.file.is_commit else "128Mi"  # of a commit of 130 MB: 62 MiB, and 105 MiB for git
    mounts: list[dict[str, Any]] = [{"name": "data", "mountPath": FOLDER}]
    if order.fetcher.secret:
        mounts.append({"name": "secret", "mountPath": SECRET_FOLDER, "readOnly": True})
    return {
        "name": "fetch",
        "image": order.fetcher.image,
        "args": ["fetch", order.file.url, *_options(order)],
        "resources": {"requests": REQUESTS, "limits": {"memory": memory}},
        "volumeMounts": mounts,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }


def _options(order: FetchOrder) -> Iterable[str]:
    """Options of `edgewarm fetch`, each with its value in one word, so that no value is taken for an option."""
    fetcher, terms = order.fetcher, order.terms
    given: list[tuple[str, object]] = [
        ("digest", order.item.digest),
        ("name", order.item.name),
        ("size", int(order.item.size)),
        ("into", FOLDER),
        ("class-size", fetcher.most_bytes),
        ("spare", fetcher.spare_bytes),
        ("store-size", int(terms.most_bytes)),
        ("ttl", f"{int(terms.ttl_seconds)}s"),
        ("report", "/dev/termination-log"),
        *(("host", host) for host in fetcher.hosts),
        *(("neighbour", address) for address in fetcher.neighbours),
        *(("keep", digest) for digest in order.kept),
    ]
    if fetcher.secret:
        given.append(("secret", SECRET_FOLDER))
    if fetcher.bytes_per_second:
        given.append(("rate", fetcher.bytes_per_second))
    return [f"--{name}={value}" for name, value in given]
