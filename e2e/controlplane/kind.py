"""Provider `kind`: a cluster in Docker containers by kind, with our simulated nodes beside its own."""

import subprocess
from pathlib import Path

from .binaries import build_binaries, kind_module
from .cluster import Cluster
from .errors import ControlPlaneError
from .existing import adopt

WAIT = "120s"


def start_kind(name: str, directory: Path, nodes: int, node_grace_seconds: float) -> Cluster:
    """Creates the kind cluster and writes its kubeconfig into our folder, never into ~/.kube/config."""
    kubeconfig = directory / "kind.kubeconfig"
    _run("create", "cluster", "--name", name, "--kubeconfig", str(kubeconfig), "--wait", WAIT)
    return adopt(name, directory, kubeconfig, (nodes, node_grace_seconds), "kind")


def delete_kind(name: str) -> None:
    _run("delete", "cluster", "--name", name)


def _run(*arguments: str) -> None:
    kind = build_binaries(kind_module())["kind"]
    finished = subprocess.run([str(kind), *arguments], capture_output=True, text=True, check=False)
    if finished.returncode:
        tail = "\n".join(finished.stderr.strip().splitlines()[-15:])
        raise ControlPlaneError(f"`kind {' '.join(arguments)}` failed:\n{tail}")
