"""A pod that has the kubelet of one node pull an image that is mounted as a volume: a pull pod (ADR 32)."""

from __future__ import annotations

from typing import Any

from edgewarm.manifests.pull_pod import PullOrder
from edgewarm.model.data import DataItem
from edgewarm.model.names import DATA_NAME, DATA_USED
from edgewarm.model.objects import PolicyObject
from edgewarm.model.rungs import RungName
from edgewarm.model.template import PodTemplate
from edgewarm.model.units import format_time


def data_order(policy: PolicyObject, node: str, item: DataItem, template: PodTemplate, speed: float) -> PullOrder:
    """One item for one node; `speed` in bytes/s, 0 where unknown."""
    images, notes = (item.reference,), {DATA_NAME: item.name}
    return PullOrder(policy.key, policy.uid, node, images, template, item.size, speed, RungName.DATA, notes)


def last_used(at: float) -> dict[str, Any]:
    """A merge patch."""
    return {"metadata": {"annotations": {DATA_USED: format_time(at)}}}
