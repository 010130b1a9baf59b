"""What the administrator says about placeholders."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeRoomSettings:
    """The image of a container that only waits, and the PriorityClass by which any other pod pushes it out."""

    image: str = "registry.k8s.io/pause:3.10"
    priority_class: str = "edgewarm-node-room"
