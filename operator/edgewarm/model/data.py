"""What a workload reads that is not in its images, and what a node holds of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgewarm.model.identity import Part

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
COMMIT = re.compile(r"gitCommit:([0-9a-f]{40}|[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file, artifact or commit that a pod of the class `fetcher` brings onto the PersistentVolumeClaim `claim`."""

    url: str
    fetcher: str
    claim: str

    @property
    def is_commit(self) -> bool:
        """It is at the address of a Git repository."""
        return self.url.startswith("git+")


@dataclass(frozen=True, slots=True)
class DataItem:
    """One piece of data, named by its digest: an image that is mounted as a volume, or what is fetched onto a claim.

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
        if not is_digest(self.digest, self.file):
            raise ValueError(f"data {self.name}: the digest must be sha256: or gitCommit: and hexadecimal digits")
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


def is_digest(text: str, file: FileSource | None) -> bool:
    """gitCommit: and the whole id of a commit, else sha256: of a manifest or a file."""
    return (COMMIT if file is not None and file.is_commit else DIGEST).fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Staged:
    """What a pod of ours says of the data that it staged: its name and its reference by digest.

    `used_at`: Unix seconds of its last use, None where nothing has read it.
    """

    name: str
    reference: str
    used_at: float | None = None
