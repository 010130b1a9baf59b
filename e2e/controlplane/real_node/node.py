"""Bring a real node up beside the simulated ones, use it, and take it away without a trace."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.api import Api, ApiError
from controlplane.binaries import real_node_binaries
from controlplane.certificates import load_authority, sign_client
from controlplane.cluster import Cluster
from controlplane.components import REAL_NODE, Component, Folders
from controlplane.errors import ControlPlaneError
from controlplane.files import last_lines, write_atomically
from controlplane.kubeconfigs import write_client_kubeconfig
from controlplane.network import free_ports
from controlplane.nodes import takes_pods
from controlplane.supervisor import Supervisor
from controlplane.waiting import wait_until

from . import cgroups, host, parts, settings
from .images import pause_image
from .oci import Image, push
from .parts import Group, NodeFolders, Room
from .probe import find_runc, refusal, snapshotter

GRACE_SECONDS = 40.0


@dataclass(frozen=True)
class RealNode:
    """A node whose pods run. They need `settings.TOLERATION`, and the label `type: real` leads to it alone."""

    cluster: Cluster
    name: str = settings.NODE

    def push(self, name: str, image: Image, tag: str = "1") -> str:
        """Pushes to the registry on loopback; returns the reference that pods use."""
        push(self.cluster.supervisor().component("registry").port, name, tag, image)
        return f"{settings.REGISTRY}/{name}:{tag}"

    def shape(self, bytes_per_second: float) -> None:
        """Pulls run at this rate from now on, all together; 0 sets no limit."""
        write_atomically(NodeFolders(self.cluster.directory).rate, f"{bytes_per_second}\n")

    def placement(self) -> dict[str, Any]:
        """What the spec of a pod needs to be scheduled here, and nowhere else."""
        return {"nodeSelector": settings.LABELS, "tolerations": [settings.TOLERATION]}

    def containers(self) -> set[str]:
        """The ids of all containers that the runtime knows, running or ended."""
        holder = self.cluster.supervisor().running()["node-room"].pid
        mounts = ("nsenter", f"--mount=/proc/{holder}/ns/mnt", "--")
        client = (str(real_node_binaries()["ctr"]), "--address", settings.SOCKET, "--namespace", "k8s.io")
        command = (*mounts, *client, "containers", "ls", "-q")
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    def processes(self) -> set[int]:
        """Daemons, shims and containers."""
        return cgroups.processes(host.host_names(self.cluster.directory).cgroup)


def add_real_node(cluster: Cluster, node_grace_seconds: float = GRACE_SECONDS) -> RealNode:
    """Starts the node and returns when it takes pods; what a failed start made is taken away again."""
    require_real_node(cluster.provider)
    folders = NodeFolders(cluster.directory)
    if folders.root.exists():
        raise ControlPlaneError(f"cluster {cluster.name} has its real node already: {settings.NODE}")
    binaries = real_node_binaries()
    try:
        _Start(cluster, binaries, folders).run(max(4, int(node_grace_seconds * 0.8)))
    except BaseException:
        end_real_node(cluster.directory)
        raise
    return RealNode(cluster)


def require_real_node(provider: str) -> None:
    """Raises, with the reason, where no real node can run."""
    if provider != "local":
        raise ControlPlaneError(f"a real node needs provider local, not {provider}: use the nodes that it has")
    reason = refusal()
    if reason:
        raise ControlPlaneError(f"a real node cannot run here: {reason}")


def find_real_node(cluster: Cluster) -> RealNode:
    if not NodeFolders(cluster.directory).root.exists():
        raise ControlPlaneError(f"cluster {cluster.name} has no real node: bring it up with --real-node")
    return RealNode(cluster)


def remove_real_node(cluster: Cluster) -> None:
    """Ends the node; first its Node object and pods go, or others would be scheduled to it and hang."""
    cluster.supervisor().forget("kubelet")  # it would register again
    _delete_objects(cluster.api())
    end_real_node(cluster.directory)


def end_real_node(cluster_folder: Path) -> None:
    """Ends what runs and gives back what the host lent, also after a crash and without an API server."""
    supervisor = Supervisor(Folders(cluster_folder))
    for name in reversed(REAL_NODE):
        supervisor.forget(name)
    host.release(host.host_names(cluster_folder))
    shutil.rmtree(NodeFolders(cluster_folder).root, ignore_errors=not cluster_folder.exists())


def _delete_objects(api: Api) -> None:
    pods = api.get(f"/api/v1/pods?fieldSelector=spec.nodeName%3D{settings.NODE}")["items"]
    paths = [f"/api/v1/namespaces/{one['metadata']['namespace']}/pods/{one['metadata']['name']}" for one in pods]
    for path in [f"/api/v1/nodes/{settings.NODE}", *(f"{path}?gracePeriodSeconds=0" for path in paths)]:
        try:
            api.delete(path)
        except ApiError as error:
            if error.code != 404:
                raise


@dataclass(frozen=True)
class _Start:
    cluster: Cluster
    binaries: dict[str, Path]
    folders: NodeFolders

    def run(self, lease_seconds: int) -> None:
        names = host.host_names(self.cluster.directory)
        host.write_room_files(self.folders.root)
        group = Group(cgroups.create(names.cgroup), self.binaries["containerd"].parent)
        self._start_registry(group)
        network = host.create_bridge(names.bridge)
        room = self._start_room(group)
        self._start_containerd(room, names.bridge, network)
        self._start_kubelet(room, names.cgroup, network, lease_seconds)
        self._await_ready()

    @property
    def _supervisor(self) -> Supervisor:
        return self.cluster.supervisor()

    def _start_registry(self, group: Group) -> None:
        def make() -> Component:
            (port,) = free_ports(1)
            write_atomically(self.folders.registry_config, settings.registry_yaml(self.folders.root / "blobs", port))
            return parts.registry(group, self.folders, port)

        node = RealNode(self.cluster)
        node.shape(0)
        port = self._supervisor.start_with_ports(make).port
        link = self._supervisor.start_with_ports(lambda: parts.link(group, self.folders, free_ports(1)[0], port))
        certificates = self.folders.root / "hosts" / settings.REGISTRY / "hosts.toml"
        write_atomically(certificates, settings.hosts_toml(link.port))
        node.push("pause", pause_image())

    def _start_room(self, group: Group) -> Room:
        self._supervisor.launch(parts.holder(group, self.folders))

        def ready() -> bool:
            if "node-room" not in self._supervisor.running():
                raise ControlPlaneError(f"the node's mounts failed: {last_lines(self.cluster.logs / 'node-room.log')}")
            return (self.folders.root / "room-is-ready").exists()

        wait_until("the node's mounts", ready)
        return Room(group, self._supervisor.running()["node-room"].pid)

    def _start_containerd(self, room: Room, bridge: str, network: str) -> None:
        runtime = settings.Runtime(snapshotter(), find_runc() or Path("runc"), room.group.binaries, self.folders.root)
        write_atomically(runtime.network / "10-edgewarm.conflist", settings.network_list(bridge, network))

        def make() -> Component:
            (port,) = free_ports(1)
            write_atomically(self.folders.containerd_config, settings.containerd_toml(runtime, port))
            return parts.containerd(room, self.folders, port)

        self._supervisor.start_with_ports(make)
        self._fetch_pause(room, runtime)

    def _fetch_pause(self, room: Room, runtime: settings.Runtime) -> None:
        """Now, so that no test's first pull has it to wait for."""
        pull = ("images", "pull", "--local", "--snapshotter", runtime.snapshotter, "--hosts-dir")
        argv = (room.group.binary("ctr"), "--address", settings.SOCKET, "--namespace", "k8s.io", *pull)
        command = room.command(*argv, str(runtime.certificates), settings.PAUSE)
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode:
            raise ControlPlaneError(f"containerd could not pull {settings.PAUSE}: {finished.stderr.strip()[-600:]}")

    def _start_kubelet(self, room: Room, cgroup: str, network: str, lease_seconds: int) -> None:
        authority = load_authority(Folders(self.cluster.directory).pki)
        client = sign_client(authority, f"system:node:{settings.NODE}", "system:nodes")
        write_client_kubeconfig(self.folders.kubeconfig, self.cluster.server, authority.pem.certificate, client)
        trust = Folders(self.cluster.directory).pki / "ca.crt"

        def make() -> Component:
            port, health_port = free_ports(2)
            place = settings.KubeletPlace(f"{network}.1", port, health_port, cgroup, trust)
            write_atomically(self.folders.kubelet_config, settings.kubelet_yaml(place, lease_seconds))
            return parts.kubelet(self.binaries["kubelet"], room, self.folders, place)

        self._supervisor.start_with_ports(make)

    def _await_ready(self) -> None:
        api = self.cluster.api()

        def ready() -> bool:
            nodes = api.get("/api/v1/nodes?labelSelector=type%3Dreal")["items"]
            return any(takes_pods(node) for node in nodes)

        wait_until("the real node to be Ready", ready, 120.0, lambda: f"See {self.cluster.logs / 'kubelet.log'}", 0.1)
