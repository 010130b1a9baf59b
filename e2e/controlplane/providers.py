"""Bring a cluster up with the provider that fits this machine, find it again, and take it down."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from .cluster import RECORD, Cluster, load_cluster
from .components import Folders
from .errors import ControlPlaneError
from .existing import start_existing
from .kind import delete_kind, start_kind
from .local import start_local
from .places import cluster_folder, clusters_folder
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
) -> Cluster:
    """Brings a cluster up; leftovers of a crashed one are cleared first, a living one is an error."""
    start = _starter(provider or default_provider())
    folder = (directory or cluster_folder(name)).resolve()
    _refuse_living(name, folder)
    if folder.exists():
        down(name, directory=folder)
    folder.mkdir(parents=True, mode=0o700)
    try:
        return start(name, folder, nodes, node_grace_seconds)
    except BaseException:
        # keep the logs for the reader of the error, end the processes
        Supervisor(Folders(folder)).stop_all()
        raise


def down(name: str = "edgewarm", *, directory: Path | None = None) -> None:
    """Ends exactly the processes that were started for this cluster, then removes its folder."""
    folder = (directory or cluster_folder(name)).resolve()
    if not folder.exists():
        return
    if not _is_ours(folder):
        raise ControlPlaneError(f"{folder} is not empty and no cluster was started in it: choose another folder")
    Supervisor(Folders(folder)).stop_all()
    if (folder / RECORD).exists() and load_cluster(folder).provider == "kind":
        delete_kind(name)
    shutil.rmtree(folder)


def find_cluster(name: str = "edgewarm", *, directory: Path | None = None) -> Cluster:
    return load_cluster((directory or cluster_folder(name)).resolve())


def cluster_names() -> list[str]:
    folder = clusters_folder()
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.exists() else []


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
