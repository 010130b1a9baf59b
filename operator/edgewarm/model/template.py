"""A workload's pod template as it came over the wire, kept as bytes until somebody builds a pod from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """The JSON of a PodTemplateSpec. Equal bytes are equal templates; the opposite need not hold."""

    raw: bytes = b"{}"

    @property
    def body(self) -> dict[str, Any]:
        """A new dict each time, so that a builder may change it."""
        found: dict[str, Any] = msgspec.json.decode(self.raw)
        return found

    @property
    def labels(self) -> Mapping[str, str]:
        found: Mapping[str, str] = (self.body.get("metadata") or {}).get("labels") or {}
        return found

    @property
    def spec(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body.get("spec") or {}
        return found
