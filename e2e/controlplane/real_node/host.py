"""What a real node has of the host: a bridge, control groups, and a room of its own for mounts.

All are named after the cluster's folder, so that they are found again when nothing but its path is known.
"""

import hashlib
import json
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from controlplane import places
from controlplane.errors import ControlPlaneError
from controlplane.files import locked

from . import cgroups

POD_RANGE = "10.245"  # beside the simulated pods' 10.244 and the Services' 10.96
HOST_TOOLS = ("unshare", "nsenter", "mount", "ip", "sh", "sleep")

# What the kubelet would set on the host; it finds these files in its room instead, and sets nothing.
SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
EMPTY_PLACES = ("/run/containerd", "/run/netns", "/var/lib/cni", "/var/log/containers")
KEPT_PLACES = {"containerd": "/var/lib/containerd", "kubelet": "/var/lib/kubelet", "pod-logs": "/var/log/pods"}


@dataclass(frozen=True)
class HostNames:
    """The names of one node's things on the host."""

    token: str

    @property
    def bridge(self) -> str:
        return f"ew{self.token}"

    @property
    def cgroup(self) -> str:
        return f"edgewarm-{self.token}"


def host_names(cluster_folder: Path) -> HostNames:
    return HostNames(hashlib.sha256(str(cluster_folder.resolve()).encode()).hexdigest()[:8])


def create_bridge(name: str) -> str:
    """Makes the pods' bridge with the first address of a free /24; returns that network's first three numbers."""
    with locked(places.cache_folder() / "bridges.lock"):
        taken = {address.rpartition(".")[0] for address in _addresses()}
        network = next((one for n in range(1, 255) if (one := f"{POD_RANGE}.{n}") not in taken), None)
        if network is None:
            raise ControlPlaneError(f"every network {POD_RANGE}.n.0/24 is taken on this machine: remove a bridge")
        _ip("link", "add", name, "type", "bridge")
        _ip("address", "add", f"{network}.1/24", "dev", name)
        _ip("link", "set", name, "up")
    return network


def interfaces() -> set[str]:
    return {path.name for path in Path("/sys/class/net").iterdir()}


def room_script() -> str:
    """Runs in a fresh mount namespace with the node's folder as $1; its mounts go with its last process."""
    lines = ["mount --make-rshared /"]
    lines += [f'mkdir -p "{place}"; mount --bind "$1/{name}" "{place}"' for name, place in KEPT_PLACES.items()]
    lines += [f'mkdir -p "{place}"; mount -t tmpfs edgewarm "{place}"' for place in EMPTY_PLACES]
    lines += [f'mount --bind "$1/sysctl/{name}" "/proc/sys/{name}"' for name in SYSCTLS]
    return "\n".join([*lines, ': > "$1/room-is-ready"', "exec sleep infinity"])


def write_room_files(folder: Path) -> None:
    for name in KEPT_PLACES:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, value in SYSCTLS.items():
        path = folder / "sysctl" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value + "\n")


def ports(bridge: str) -> list[str]:
    """The pods' ends of a bridge."""
    folder = Path("/sys/class/net") / bridge / "brif"
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def release(names: HostNames) -> None:
    """Ends what runs in the node's group and gives back what it had of the host; needs nothing but the names."""
    cgroups.end_processes(names.cgroup)
    cgroups.remove(names.cgroup)
    # network namespaces go with their last process, but when the kernel has time: not 20 s after, on a busy machine
    for port in ports(names.bridge):
        with suppress(ControlPlaneError):  # it went by itself just now
            _ip("link", "delete", port)
    if names.bridge in interfaces():
        _ip("link", "delete", names.bridge)


def _addresses() -> list[str]:
    links = json.loads(_ip("-json", "-4", "address", "show"))
    return [str(one["local"]) for link in links for one in link.get("addr_info", []) if "local" in one]


def _ip(*arguments: str) -> str:
    finished = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if finished.returncode:
        raise ControlPlaneError(f"`ip {' '.join(arguments)}` failed: {finished.stderr.strip()}")
    return finished.stdout
