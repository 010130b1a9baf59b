"""Provider `local`: etcd, API server, controller manager, scheduler and kwok as plain processes on loopback."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import components
from .api import ApiError
from .binaries import build_binaries, kubernetes_module
from .certificates import Authority, create_authority, create_service_account_key, save, sign_client, sign_server
from .cluster import Cluster, save_cluster
from .components import AUDIT_POLICY, Component, Folders
from .files import write_atomically
from .kubeconfigs import write_client_kubeconfig
from .network import free_ports
from .simulation import kwok_component, launch_images, stages
from .supervisor import Supervisor
from .waiting import wait_until

# kwok acts for all kubelets and writes nodes, leases, pods and events: the test's machinery, not a subject of it
USERS = {
    "admin": ("kubernetes-admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "kwok": ("kwok", "system:masters"),
}


def start_local(name: str, directory: Path, nodes: int, node_grace_seconds: float) -> Cluster:
    """Brings a control plane up in an empty folder and returns when it takes pods."""
    binaries = build_binaries(kubernetes_module())
    folders = Folders(directory)
    authority = _write_trust(folders)
    server_port = _start_servers(binaries, folders)
    server = f"https://127.0.0.1:{server_port}"
    _write_kubeconfigs(folders, server, authority)
    cluster = Cluster(name, directory, folders.kubeconfig("admin"), server, folders.logs, "local")
    save_cluster(cluster)
    _start_clients(binaries, folders, node_grace_seconds)
    if nodes:
        cluster.add_nodes(nodes)
    _await_default_service_account(cluster)
    return cluster


def _start_servers(binaries: dict[str, Path], folders: Folders) -> int:
    supervisor = Supervisor(folders)

    def make_etcd() -> Component:
        client, peer = free_ports(2)
        return components.etcd(binaries["etcd"], folders, client, peer)

    etcd_port = supervisor.start_with_ports(make_etcd).port
    return supervisor.start_with_ports(
        lambda: components.api_server(binaries["kube-apiserver"], folders, free_ports(1)[0], etcd_port)
    ).port


def _start_clients(binaries: dict[str, Path], folders: Folders, node_grace_seconds: float) -> None:
    supervisor = Supervisor(folders)
    manager, scheduler = binaries["kube-controller-manager"], binaries["kube-scheduler"]
    makers = (
        lambda: components.controller_manager(manager, folders, free_ports(1)[0], node_grace_seconds),
        lambda: components.scheduler(scheduler, folders, free_ports(1)[0]),
        lambda: kwok_component(folders, node_grace_seconds),
    )
    images = launch_images(folders)
    with ThreadPoolExecutor(len(makers)) as pool:
        list(pool.map(supervisor.start_with_ports, makers))
    supervisor.await_health(images)


def _write_trust(folders: Folders) -> Authority:
    authority = create_authority()
    save(folders.pki, "ca", authority.pem)
    save(folders.pki, "server", sign_server(authority))
    save(folders.pki, "service-account", create_service_account_key())
    save(folders.pki, "kubelet-client", sign_client(authority, "kube-apiserver", "system:masters"))
    write_atomically(folders.root / "audit-policy.yaml", AUDIT_POLICY)
    write_atomically(folders.stages, stages())
    folders.logs.mkdir(parents=True, exist_ok=True)
    return authority


def _write_kubeconfigs(folders: Folders, server: str, authority: Authority) -> None:
    for file, (user, group) in USERS.items():
        client = sign_client(authority, user, group)
        write_client_kubeconfig(folders.kubeconfig(file), server, authority.pem.certificate, client)


def _await_default_service_account(cluster: Cluster) -> None:
    api = cluster.api()

    def exists() -> bool:
        try:
            api.get("/api/v1/namespaces/default/serviceaccounts/default")
        except ApiError as error:
            if error.code != 404:
                raise
            return False
        return True

    log = cluster.logs / "kube-controller-manager.log"
    wait_until("the service account `default`", exists, detail=lambda: f"See {log}")
