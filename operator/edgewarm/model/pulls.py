"""How far a pull pod has got, and what one node says about its disk and its images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgewarm.model.images import listed


@dataclass(frozen=True, slots=True)
class PullProgress:
    """Of the pod's `images`, `pulled` are there; `trouble` is why the next one is not, in the kubelet's words.

    `ended_at`: the pod has ended, and asks for no room any more; the time is 0 where nobody told it. `key` names the
    images that it was made for.
    """

    images: int
    pulled: int
    trouble: str = ""
    ended_at: float | None = None
    key: str = ""

    @property
    def done(self) -> bool:
        """All of them are there."""
        return self.images > 0 and self.pulled == self.images


@dataclass(frozen=True, slots=True)
class NodeImages:
    """The images that a node lists: canonical name -> bytes; `entries` of them, each under several names."""

    sizes: Mapping[str, int] = field(default_factory=dict)
    entries: int = 0

    def has(self, image: str) -> bool | None:
        """None: the list is full, and may have left it out."""
        return listed(image, self.sizes.keys(), self.entries)


NO_IMAGES = NodeImages()
