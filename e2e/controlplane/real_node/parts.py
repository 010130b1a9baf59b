"""The command line of every process of a real node, as data."""

import sys
from dataclasses import dataclass
from pathlib import Path

from controlplane.components import Component

from .host import room_script
from .settings import LABELS, NODE, KubeletPlace

# joins the control group, then becomes the program: the pid stays the one that was started
JOIN = 'echo $$ > "$1"; PATH="$2:$PATH"; shift 2; exec "$@"'


@dataclass(frozen=True)
class NodeFolders:
    """The files of one real node, all below its cluster's folder."""

    cluster: Path

    @property
    def root(self) -> Path:
        return self.cluster / "real-node"

    @property
    def rate(self) -> Path:
        return self.root / "rate"

    @property
    def kubelet_config(self) -> Path:
        return self.root / "kubelet.yaml"

    @property
    def containerd_config(self) -> Path:
        return self.root / "containerd.toml"

    @property
    def kubeconfig(self) -> Path:
        return self.cluster / "kubeconfigs" / "kubelet.kubeconfig"

    @property
    def registry_config(self) -> Path:
        return self.root / "registry.yaml"


@dataclass(frozen=True)
class Group:
    """The node's control group, by the file that takes pids, and the folder of its binaries."""

    procs: Path
    binaries: Path

    def command(self, *argv: str) -> tuple[str, ...]:
        """argv as a process of the group."""
        return ("/bin/sh", "-euc", JOIN, "join", str(self.procs), str(self.binaries), *argv)

    def binary(self, name: str) -> str:
        return str(self.binaries / name)


@dataclass(frozen=True)
class Room:
    """The group and the node's mounts, which are those of a process that holds them."""

    group: Group
    holder: int

    def command(self, *argv: str) -> tuple[str, ...]:
        """argv as a process of the group, among the mounts."""
        return self.group.command("nsenter", f"--mount=/proc/{self.holder}/ns/mnt", "--", *argv)


def registry(group: Group, folders: NodeFolders, port: int) -> Component:
    argv = group.command(group.binary("registry"), "serve", str(folders.registry_config))
    return Component("registry", argv, port, "/v2/", False)


def link(group: Group, folders: NodeFolders, port: int, registry_port: int) -> Component:
    argv = (sys.executable, "-m", "controlplane.real_node.link", "--listen", str(port), "--to", str(registry_port))
    return Component("link", group.command(*argv, "--rate", str(folders.rate)), port, "/v2/", False)


def holder(group: Group, folders: NodeFolders) -> Component:
    """Holds the node's mounts: when it and all that entered have ended, they are gone."""
    argv = ("unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-euc", room_script(), "room")
    return Component("node-room", group.command(*argv, str(folders.root)), 0, "", False)


def containerd(room: Room, folders: NodeFolders, port: int) -> Component:
    argv = room.command(
        room.group.binary("containerd"), "--config", str(folders.containerd_config), "--log-level", "warn"
    )
    return Component("containerd", argv, port, "/v1/metrics", False)


def kubelet(binary: Path, room: Room, folders: NodeFolders, place: KubeletPlace) -> Component:
    flags = {
        "config": folders.kubelet_config,
        "kubeconfig": folders.kubeconfig,
        "hostname-override": NODE,
        "node-ip": place.address,  # not the host's own: nobody outside this machine can ask this kubelet
        "node-labels": ",".join(f"{key}={value}" for key, value in LABELS.items()),
    }
    argv = room.command(str(binary), *(f"--{name}={value}" for name, value in flags.items()))
    return Component("kubelet", argv, place.health_port, "/healthz", False)
