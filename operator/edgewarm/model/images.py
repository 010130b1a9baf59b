"""Names of container images, compared as a node's kubelet lists them.

| what a pod says             | what a kubelet lists                            |
|-----------------------------|-------------------------------------------------|
| nginx                       | docker.io/library/nginx:latest                  |
| team/web:1                  | docker.io/team/web:1                            |
| registry.example/web        | registry.example/web:latest                     |
| web:1@sha256:ab             | docker.io/library/web@sha256:ab: a digest names |
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

FULL_LIST = 50
"""`nodeStatusMaxImages` of a kubelet: a list as long as this may have left out others (the smallest)."""

_DOCKER_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


@lru_cache(maxsize=4096)
def canonical(reference: str) -> str:
    """The whole name: registry, repository, and digest or tag (`latest` where neither is told)."""
    name, at, digest = reference.partition("@")
    registry, path = _split(name)
    repository, tag = _cut(path)
    return f"{registry}/{repository}@{digest}" if at else f"{registry}/{repository}:{tag or 'latest'}"


def repository(reference: str) -> str:
    """Without digest and tag: docker.io/team/web."""
    registry, path = _split(reference.partition("@")[0])
    return f"{registry}/{_cut(path)[0]}"


def listed(reference: str, names: Collection[str], entries: int) -> bool | None:
    """Whether a node has the image; `names` are canonical. None: a full list of `entries` may have left it out."""
    if canonical(reference) in names:
        return True
    return None if entries >= FULL_LIST else False


def _split(name: str) -> tuple[str, str]:
    """Registry and path; what has no registry comes from Docker Hub, whose own images have the folder library."""
    first, slash, rest = name.partition("/")
    if slash and first in _DOCKER_HUB:
        return "docker.io", rest if "/" in rest else f"library/{rest}"
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "docker.io", name if slash else f"library/{name}"


def _cut(path: str) -> tuple[str, str]:
    """Repository and tag."""
    folder, slash, last = path.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{folder}{slash}{name}", tag
