"""A pod that has the kubelet of one node pull an image that is mounted as a volume: a pull pod (ADR 32)."""

from __future__ import annotations

from typing import Any

from edgewarm.manifests.pull_pod import PullOrder
from edgewarm.model.data import DataItem
from edgewarm.model.identity import Key
from edgewarm.model.names import DATA_BYTES, DATA_NAME, DATA_USED
from edgewarm.model.rungs import RungName
from edgewarm.model.template import PodTemplate
from edgewarm.model.units import format_time


def data_order(policy: Key, policy_uid: str, node: str, item: DataItem, template: PodTemplate) -> PullOrder:
    """One item for one node."""
    notes = {DATA_NAME: item.name, DATA_BYTES: str(int(item.size))}
    return PullOrder(policy, policy_uid, node, (item.reference,), template, RungName.DATA, notes)


def last_used(at: float) -> dict[str, Any]:
    """A merge patch."""
    return {"metadata": {"annotations": {DATA_USED: format_time(at)}}}
