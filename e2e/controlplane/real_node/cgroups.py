"""The control groups of one real node: where its pods and processes live, and the list of what must end with it.

Whatever a node starts, shims and containers too, is born in its group or put there by runc. So the group names exactly
our processes, also after everyone who remembered them was killed.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from controlplane.waiting import wait_until

MOUNT = Path("/sys/fs/cgroup")
GONE_SECONDS = 60.0


def hierarchies(mount: Path = MOUNT) -> list[Path]:
    """One folder with version 2; with version 1 one per controller."""
    if (mount / "cgroup.controllers").exists():
        return [mount]
    found = sorted(mount.iterdir()) if mount.exists() else []
    return [path for path in found if not path.is_symlink() and (path / "cgroup.procs").exists()]


def create(name: str) -> Path:
    """Makes the node's group; returns the file into which its daemons write their pid."""
    for hierarchy in hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):  # version 1 takes no process into a group without them
            if (group / file).exists() and hierarchy != MOUNT:
                (group / file).write_text((hierarchy / file).read_text())
    daemons = _tracking() / name / "daemons"
    daemons.mkdir(exist_ok=True)
    return daemons / "cgroup.procs"


def processes(name: str) -> set[int]:
    """Every process in the node's group, in any hierarchy."""
    return {pid for hierarchy in hierarchies() for group in _groups(hierarchy / name) for pid in _pids(group)}


def end_processes(name: str) -> None:
    """SIGKILL to all of them, until none is left: a process that forks is met again."""

    def none_left() -> bool:
        found = processes(name)
        for pid in found:
            _kill(pid)
        return not found

    wait_until(f"the processes of control group {name} to end", none_left, GONE_SECONDS)


def remove(name: str) -> None:
    """Removes the empty groups, innermost first; the kernel may still count a process that has just ended."""

    def gone() -> bool:
        for hierarchy in hierarchies():
            for group in _groups(hierarchy / name):
                _remove_one(group)
        return not any((hierarchy / name).exists() for hierarchy in hierarchies())

    wait_until(f"control group {name} to go", gone, GONE_SECONDS)


def _tracking() -> Path:
    """The hierarchy in which daemons are put: the only one, or that of the pids controller."""
    found = hierarchies()
    return next((path for path in found if path.name == "pids"), found[0])


def _groups(root: Path) -> Iterator[Path]:
    """Innermost first."""
    for folder, _, _ in os.walk(root, topdown=False):
        yield Path(folder)


def _pids(group: Path) -> list[int]:
    try:
        return [int(line) for line in (group / "cgroup.procs").read_text().split()]
    except OSError:  # it went while we looked
        return []


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _remove_one(group: Path) -> None:
    try:
        group.rmdir()
    except OSError:
        return
