"""Conditions as they stand in a status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from edgewarm.manifests.text import clipped
from edgewarm.model.conditions import Condition
from edgewarm.model.units import format_time


def conditions(found: Iterable[Condition]) -> list[dict[str, Any]]:
    """One entry per condition, in the given order."""
    return [
        {
            "type": condition.kind,
            "status": condition.status,
            "reason": condition.reason,
            "message": clipped(condition.message, 32768),
            "lastTransitionTime": format_time(condition.since),
            "observedGeneration": condition.generation,
        }
        for condition in found
    ]
