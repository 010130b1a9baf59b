"""Bring a cluster up with the provider that fits this machine, find it again, and take it down."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from . import owners
from .cluster import RECORD, Cluster, load_cluster
from .components import Folders
from .errors import ControlPlaneError
from .existing import start_existing
from .files import locked
from .kind import delete_kind, start_kind
from .local import start_local
from .places import cache_folder, cluster_folder, clusters_folder
from .real_node.node import add_real_node, end_real_node, remove_real_node, require_real_node
from .supervisor import Supervisor

PROVIDERS: dict[str, Callable[[str, Path, int, float], Cluster]] = {
    "local": start_local,
    "kind": start_kind,
    "kubeconfig": start_existing,
}
NODE_GRACE_SECONDS = 40.0


def default_provider() -> str:
    """kind where a Docker engine answers; a client without an engine is common, and then it is local."""
    docker = shutil.which("docker")
    if docker is None:
        return "local"
    try:
        asked = subprocess.run([docker, "info"], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return "local"
    return "local" if asked.returncode else "kind"


def up(
    name: str = "edgewarm",
    nodes: int = 3,
    *,
    provider: str | None = None,
    directory: Path | None = None,
    node_grace_seconds: float = NODE_GRACE_SECONDS,
    real_node: bool = False,
) -> Cluster:
    """Brings a cluster up; leftovers of a crashed one are cleared first, a living one is an error.

    In a `directory` of the caller's choice it belongs to the calling process: once that is gone, the next `up` ends it.
    """
    chosen = provider or ("local" if real_node else default_provider())
    start = _starter(chosen)
    if real_node:
        require_real_node(chosen)
    folder = (directory or cluster_folder(name)).resolve()
    clean()
    _refuse_living(name, folder)
    if folder.exists():
        down(name, directory=folder)
    folder.mkdir(parents=True, mode=0o700)
    if directory is not None:
        owners.remember(name, folder, os.getpid())
    try:
        cluster = start(name, folder, nodes, node_grace_seconds)
        if real_node:
            add_real_node(cluster, node_grace_seconds)
    except BaseException:
        # keep the logs for the reader of the error, end the processes
        Supervisor(Folders(folder)).stop_all()
        owners.forget(folder)
        raise
    return cluster


def clean() -> list[str]:
    """Ends the clusters of processes that are gone, a killed test run's; returns their folders."""
    ended = []
    with locked(cache_folder() / "owners.lock"):
        for orphan in owners.orphans():
            down(orphan.name, directory=orphan.directory)
            end_real_node(orphan.directory)  # also where the folder was removed by hand
            owners.forget(orphan.directory)
            ended.append(str(orphan.directory))
    return ended


def down(name: str = "edgewarm", *, directory: Path | None = None) -> None:
    """Ends exactly the processes that were started for this cluster, then removes its folder."""
    folder = (directory or cluster_folder(name)).resolve()
    if not folder.exists():
        return
    if not _is_ours(folder):
        raise ControlPlaneError(f"{folder} is not empty and no cluster was started in it: choose another folder")
    _leave(folder)
    Supervisor(Folders(folder)).stop_all()
    if (folder / RECORD).exists() and load_cluster(folder).provider == "kind":
        delete_kind(name)
    shutil.rmtree(folder)
    owners.forget(folder)


def find_cluster(name: str = "edgewarm", *, directory: Path | None = None) -> Cluster:
    return load_cluster((directory or cluster_folder(name)).resolve())


def cluster_names() -> list[str]:
    folder = clusters_folder()
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.exists() else []


def _leave(folder: Path) -> None:
    """The real node goes first, while there is an API server to take its Node object from."""
    if not (folder / "real-node").exists():
        return
    try:
        remove_real_node(load_cluster(folder))
    except (ControlPlaneError, OSError):  # no API server to ask: the node's object goes with the cluster's data
        end_real_node(folder)


def _starter(provider: str) -> Callable[[str, Path, int, float], Cluster]:
    if provider not in PROVIDERS:
        raise ControlPlaneError(f"no provider {provider!r}: choose one of {', '.join(PROVIDERS)}")
    return PROVIDERS[provider]


def _refuse_living(name: str, folder: Path) -> None:
    running = Supervisor(Folders(folder)).running()
    if running:
        raise ControlPlaneError(
            f"cluster {name!r} is up already in {folder} ({', '.join(running)}): "
            f"use it, or take it down with `python -m controlplane down --name {name}`"
        )


def _is_ours(folder: Path) -> bool:
    known = {RECORD, "components", "processes", "pki", "stages.yaml"}
    names = {path.name for path in folder.iterdir()}
    return not names or bool(names & known)
