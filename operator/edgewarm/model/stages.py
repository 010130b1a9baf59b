"""The stages of a pod's start, and what a pod and its node tell about them.

created --Scheduling--> scheduled .. acknowledged --Data, Image, Start--> its containers run --Ready--> Ready
(the API server's clock)             (the node's clock)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """One stage of a start, in the order in which they come; each is spared by one rung of the ladder."""

    SCHEDULING = "Scheduling"  # until a node has room: node room
    IMAGE = "Image"  # pulls of the containers' images: image
    DATA = "Data"  # volumes that must be filled or attached, image volumes: data
    START = "Start"  # containers are made and run, init containers are done: standby
    READY = "Ready"  # until the first Ready: standby


STAGES = tuple(Stage)


class PullOf(StrEnum):
    """Which part of a pod an image was pulled for."""

    CONTAINER = "Container"
    INIT = "Init"
    VOLUME = "Volume"


@dataclass(frozen=True, slots=True)
class Pull:
    """A kubelet's word that an image is there: after `seconds`, waiting included, of which `moving` were transfer.

    Both are 0 where it was there already. `size` is in bytes, as the runtime counts it; None where it was not told.
    """

    pod_uid: str
    node: str
    image: str
    of: PullOf
    seconds: float = 0.0
    moving: float = 0.0
    size: int | None = None

    @property
    def present(self) -> bool:
        return self.seconds == 0.0 and self.size is None


@dataclass(frozen=True, slots=True)
class Milestones:
    """When a pod got how far, Unix seconds; None where it has not, or where nobody told.

    `started_at` is when the last of its containers ran, None once one of them ran twice. `images` are the canonical
    names that its containers need. `fills`: it mounts volumes with data; `init_fills`: so do its init containers.
    """

    scheduled_at: float | None = None
    acknowledged_at: float | None = None
    sandbox_at: float | None = None
    initialized_at: float | None = None
    started_at: float | None = None
    images: frozenset[str] = frozenset()
    fills: bool = False
    init_fills: bool = False


NO_MILESTONES = Milestones()
