"""The /scale subresource: autoscaling/v1 Scale, cut out of the object and written back into it."""

from __future__ import annotations

import copy

from support.fake_api.merging import Json
from support.fake_api.store import Refused


def scale_of(obj: Json) -> Json:
    """The Scale of a workload; it carries the workload's own resourceVersion."""
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    meta = {name: obj["metadata"][name] for name in names if name in obj["metadata"]}
    labels = obj["spec"].get("selector", {}).get("matchLabels", {})
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": meta,
        "spec": {"replicas": obj["spec"].get("replicas", 1)},
        "status": {
            "replicas": obj.get("status", {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }


def scaled(obj: Json, scale: Json) -> Json:
    """The workload with the replicas of `scale`, naming the version that `scale` names."""
    replicas = scale["spec"].get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        message = f"spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0"
        raise Refused(422, "Invalid", f'Scale.autoscaling "{obj["metadata"]["name"]}" is invalid: {message}')
    result = copy.deepcopy(obj)
    result["spec"]["replicas"] = replicas
    result["metadata"]["resourceVersion"] = scale["metadata"]["resourceVersion"]
    return result
