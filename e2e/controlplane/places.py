"""Where built binaries and cluster state live: one cache folder, outside any repository."""

import os
from pathlib import Path

from .errors import ControlPlaneError


def cache_folder() -> Path:
    chosen = os.environ.get("EDGEWARM_CACHE")
    if chosen:
        return Path(chosen).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return (Path(base).expanduser() / "edgewarm").resolve()


def clusters_folder() -> Path:
    return cache_folder() / "clusters"


def cluster_folder(name: str) -> Path:
    if not name or not name.replace("-", "").isalnum():
        raise ControlPlaneError(f"cluster name {name!r}: use letters, digits and dashes")
    return clusters_folder() / name


def modules_folder() -> Path:
    return Path(__file__).parent / "gomod"


def stages_folder() -> Path:
    return Path(__file__).parent / "stages"
