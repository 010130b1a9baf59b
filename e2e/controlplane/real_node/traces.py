"""What of a cluster's real node can be seen on this host, by kind: all of it must be gone once the node is."""

import os
from collections.abc import Iterator
from pathlib import Path

from . import cgroups
from .host import HostNames, host_names, ports

KINDS = ("processes", "control groups", "mounts", "interfaces", "network namespaces")


def traces(cluster_folder: Path, namespaces: frozenset[str] = frozenset()) -> dict[str, set[str]]:
    """Only kinds of which something is there; `namespaces` are those that pods once had, as `net:[inode]`."""
    names = host_names(cluster_folder)
    found = {
        "processes": {str(pid) for pid in cgroups.processes(names.cgroup)},
        "control groups": {str(path) for path in _control_groups(names)},
        "mounts": set(_mounts(str(cluster_folder.resolve()))),
        "interfaces": {name for name in (names.bridge, *ports(names.bridge)) if _interface(name)},
        "network namespaces": {one for one in namespaces if any(_mounts(one))} | (namespaces & set(_entered())),
    }
    return {kind: things for kind, things in found.items() if things}


def pod_namespaces(cluster_folder: Path) -> frozenset[str]:
    """The network namespaces of the node's processes but for the host's own."""
    pids = cgroups.processes(host_names(cluster_folder).cgroup)
    return frozenset(_entered(sorted(pids))) - {os.readlink("/proc/self/ns/net")}


def _control_groups(names: HostNames) -> Iterator[Path]:
    for hierarchy in cgroups.hierarchies():
        if (hierarchy / names.cgroup).exists():
            yield hierarchy / names.cgroup


def _interface(name: str) -> bool:
    return (Path("/sys/class/net") / name).exists()


def _mounts(mention: str) -> Iterator[str]:
    """Mount points, in anybody's mount namespace, whose line mentions a folder or a network namespace."""
    for pid in _all_pids():
        for line in _read(Path(f"/proc/{pid}/mountinfo")).splitlines():
            if mention in line:
                yield line.split()[4]


def _entered(pids: list[int] | None = None) -> Iterator[str]:
    for pid in _all_pids() if pids is None else pids:
        try:
            yield os.readlink(f"/proc/{pid}/ns/net")
        except OSError:  # it ended while we looked
            continue


def _all_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
