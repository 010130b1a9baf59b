"""Statuses: need, reason and conditions are written at once, numbers once a minute, an unchanged status never."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgewarm.engine.ports import Manifest

NUMBERS_SECONDS = 60.0
AT_ONCE = ("observedGeneration", "reason", "need", "lastDecision")
AT_ONCE_REPLICAS = ("current", "wanted")


def urgent_part(status: Mapping[str, Any]) -> Manifest:
    """What a reader must not wait for; a condition's message and times follow its reason."""
    conditions = [(c["type"], c["status"], c["reason"]) for c in status.get("conditions", ())]
    replicas = status.get("replicas", {})
    return {
        "conditions": conditions,
        "rungs": [(one["rung"], one["wanted"], one["reason"]) for one in status.get("rungs", ())],
        **{name: status.get(name) for name in AT_ONCE},
        **{name: replicas.get(name) for name in AT_ONCE_REPLICAS},
    }


def is_due(old: Manifest, old_at: float, new: Manifest, now: float) -> bool:
    """Whether `new` should be written now, given what was written at `old_at`."""
    if new == old:
        return False
    return urgent_part(new) != urgent_part(old) or now - old_at >= NUMBERS_SECONDS
