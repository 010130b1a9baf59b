"""What a workload reads that is not in its images, and what a node holds of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgewarm.model.identity import Part

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file behind HTTP that a pod of the class `fetcher` brings onto the PersistentVolumeClaim `claim`."""

    url: str
    fetcher: str
    claim: str


@dataclass(frozen=True, slots=True)
class DataItem:
    """One piece of data, named by its digest: an OCI image that is mounted as a volume, or a file.

    `size` in bytes; it is staged where P(a pod is needed) is above `threshold`, while as much is asked of each of
    `kinds`, its request type and data category.
    """

    name: str
    image: str
    digest: str
    size: float
    threshold: float = 0.2
    file: FileSource | None = None
    kinds: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        if not DIGEST.fullmatch(self.digest):
            raise ValueError(f"data {self.name}: the digest must be sha256: and 64 hexadecimal digits")
        if not 0 <= self.threshold < 1:
            raise ValueError(f"data {self.name}: the threshold must be a probability below 1, got {self.threshold}")

    @classmethod
    def former(cls, name: str) -> DataItem:
        """What a policy named once: nothing of it is known but its name."""
        return cls(name, "", f"sha256:{'0' * 64}", 0.0)

    @property
    def reference(self) -> str:
        """Of an image, by digest, so that it is the same bytes wherever it is pulled."""
        return f"{self.image}@{self.digest}"


@dataclass(frozen=True, slots=True)
class Staged:
    """What a pod of ours says of the data that it staged: its name and its reference by digest.

    `used_at`: Unix seconds of its last use, None where nothing has read it.
    """

    name: str
    reference: str
    used_at: float | None = None
