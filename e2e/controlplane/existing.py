"""Provider `kubeconfig`: a cluster that somebody else runs; only simulated nodes are added, where asked for."""

import os
from pathlib import Path

from .cluster import Cluster, save_cluster
from .components import Folders
from .files import write_atomically
from .kubeconfigs import access_from
from .simulation import kwok_component, launch_images, stages
from .supervisor import Supervisor


def start_existing(name: str, directory: Path, nodes: int, node_grace_seconds: float) -> Cluster:
    """Takes the first file of $KUBECONFIG, or ~/.kube/config, as the administrator's kubeconfig."""
    source = Path((os.environ.get("KUBECONFIG") or "~/.kube/config").split(os.pathsep)[0]).expanduser()
    return adopt(name, directory, source, (nodes, node_grace_seconds), "kubeconfig")


def adopt(name: str, directory: Path, kubeconfig: Path, simulated: tuple[int, float], provider: str) -> Cluster:
    """Makes a Cluster of a kubeconfig; with nodes above 0 it runs kwok and the puller against it."""
    nodes, node_grace_seconds = simulated
    server = access_from(kubeconfig).server
    folders = Folders(directory)
    folders.logs.mkdir(parents=True, exist_ok=True)
    write_atomically(folders.kubeconfig("admin"), kubeconfig.read_text())
    write_atomically(folders.kubeconfig("kwok"), kubeconfig.read_text())
    cluster = Cluster(name, directory, folders.kubeconfig("admin"), server, folders.logs, provider)
    save_cluster(cluster)
    if nodes:
        write_atomically(folders.stages, stages())
        launch_images(folders)
        Supervisor(folders).start_with_ports(lambda: kwok_component(folders, node_grace_seconds))
        cluster.add_nodes(nodes)
    return cluster
