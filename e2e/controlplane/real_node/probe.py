"""Whether this machine can run a real node, and if not, why, in one sentence."""

import functools
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from controlplane.packages import succeeds, unpacked
from controlplane.places import cache_folder

from . import cgroups
from .host import HOST_TOOLS


@functools.cache
def refusal() -> str:
    """Empty where it can. Asks the kernel by doing each thing once, and undoes it."""
    for asked in (_platform, _root, _tools, _kernel_messages, _groups, _mounts, _bridges, _runtime):
        reason = asked()
        if reason:
            return reason
    return ""


@functools.cache
def snapshotter() -> str:
    """overlayfs, or native (whole copies) where the cache's file system takes no overlay."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return "overlayfs" if _in_fresh_mounts(OVERLAY, str(folder)).returncode == 0 else "native"


def find_runc() -> Path | None:
    """runc or crun on PATH, else Debian's runc, unpacked into the cache."""
    found = shutil.which("runc") or shutil.which("crun")
    if found:
        return Path(found)
    folder = unpacked("runc", "usr/sbin/runc")
    runc = folder / "usr/sbin/runc" if folder else None
    return runc if runc and succeeds([str(runc), "--version"]) else None


OVERLAY = """folder=$(mktemp -d "$1/overlay.XXXXXX")
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/lower" "$folder/upper" "$folder/work" "$folder/merged"
mount -t overlay overlay -o "lowerdir=$folder/lower,upperdir=$folder/upper,workdir=$folder/work" "$folder/merged"
umount "$folder/merged"
"""


def _platform() -> str:
    machine = platform.machine()
    return "" if sys.platform == "linux" and machine == "x86_64" else f"it needs Linux on x86_64, this is {machine}"


def _root() -> str:
    return "" if os.geteuid() == 0 else "it needs root, for mounts, control groups and a bridge"


def _tools() -> str:
    missing = [tool for tool in HOST_TOOLS if shutil.which(tool) is None]
    return f"missing on PATH: {', '.join(missing)} (Debian: apt-get install util-linux iproute2)" if missing else ""


def _kernel_messages() -> str:
    return "" if Path("/dev/kmsg").exists() else "/dev/kmsg is missing, and a kubelet ends without it"


def _groups() -> str:
    if not cgroups.hierarchies():
        return f"no control groups are mounted at {cgroups.MOUNT}"
    name = f"edgewarm-probe-{os.getpid()}"
    try:
        cgroups.create(name)
        cgroups.remove(name)
    except OSError as error:
        return f"control groups cannot be made: {error}"
    return ""


def _mounts() -> str:
    tried = _in_fresh_mounts("mount -t tmpfs edgewarm /mnt")
    return f"a mount in a namespace of our own is refused: {tried.stderr.strip()}" if tried.returncode else ""


def _bridges() -> str:
    name = f"ewp{os.getpid()}"
    tried = subprocess.run(["ip", "link", "add", name, "type", "bridge"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"a bridge cannot be made: {tried.stderr.strip()}"
    subprocess.run(["ip", "link", "delete", name], check=True)
    return ""


def _runtime() -> str:
    return "" if find_runc() else "no runc or crun on PATH, and apt gives none: install runc"


def _in_fresh_mounts(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-euc", script, "probe", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False)
