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
class Inside:
    """How a process enters the node: its control group, its mounts (those of a pid), its PATH."""

    procs: Path
    path: Path
    room: int

    def command(self, *argv: str) -> tuple[str, ...]:
        """argv in the group and among the mounts."""
        return joined(self, "nsenter", f"--mount=/proc/{self.room}/ns/mnt", "--", *argv)


def joined(inside: Inside, *argv: str) -> tuple[str, ...]:
    """argv in the group only."""
    return ("/bin/sh", "-euc", JOIN, "join", str(inside.procs), str(inside.path), *argv)


def registry(binary: Path, folders: NodeFolders, port: int) -> Component:
    return Component("registry", (str(binary), "serve", str(folders.registry_config)), port, "/v2/", False)


def link(folders: NodeFolders, port: int, registry_port: int) -> Component:
    argv = (sys.executable, "-m", "controlplane.real_node.link", "--listen", str(port), "--to", str(registry_port))
    return Component("link", (*argv, "--rate", str(folders.rate)), port, "/v2/", False)


def room(inside: Inside, folders: NodeFolders) -> Component:
    """Holds the node's mounts: when it and all that entered have ended, they are gone."""
    argv = ("unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-euc", room_script(), "room")
    return Component("node-room", joined(inside, *argv, str(folders.root)), 0, "", False)


def containerd(binary: Path, inside: Inside, folders: NodeFolders, port: int) -> Component:
    argv = inside.command(str(binary), "--config", str(folders.containerd_config), "--log-level", "warn")
    return Component("containerd", argv, port, "/v1/metrics", False)


def kubelet(binary: Path, inside: Inside, folders: NodeFolders, place: KubeletPlace) -> Component:
    flags = {
        "config": folders.kubelet_config,
        "kubeconfig": folders.kubeconfig,
        "hostname-override": NODE,
        "node-ip": place.address,  # not the host's own: nobody outside this machine can ask this kubelet
        "node-labels": ",".join(f"{key}={value}" for key, value in LABELS.items()),
    }
    argv = inside.command(str(binary), *(f"--{name}={value}" for name, value in flags.items()))
    return Component("kubelet", argv, place.health_port, "/healthz", False)
