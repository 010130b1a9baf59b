"""How far a pull pod has got, and what one node says about its disk and its images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgewarm.model.images import listed


@dataclass(frozen=True, slots=True)
class PullProgress:
    """Of the pod's `images`, `pulled` are there; `trouble` is why the next one is not, as the node or scheduler says.

    `refused`: it is the image that cannot be had, and not the pod that has no place.
    `ended_at`: the pod has ended, and asks for no room any more; the time is 0 where nobody told it. `node` and `key`
    are the node and the images that it was made for, `size` (bytes) and `speed` (bytes/s) what was expected of them.
    """

    images: int
    pulled: int
    trouble: str = ""
    refused: bool = False
    ended_at: float | None = None
    node: str = ""
    key: str = ""
    size: int = 0
    speed: int = 0

    @property
    def done(self) -> bool:
        """All of them are there."""
        return self.images > 0 and self.pulled == self.images

    @property
    def is_busy(self) -> bool:
        """Not at its end, and not waiting for its next try."""
        return self.ended_at is None and not self.done and not self.trouble


@dataclass(frozen=True, slots=True)
class NodeImages:
    """The images that a node lists: canonical name -> bytes; `entries` of them, each under several names.

    `total` is in bytes, each image counted once.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    entries: int = 0
    total: int = 0

    def has(self, image: str) -> bool | None:
        """None: the list is full, and may have left it out."""
        return listed(image, self.sizes.keys(), self.entries)


NO_IMAGES = NodeImages()
