"""Find prometheus and promtool: on PATH, else unpacked from Debian's package, else built from the Go module."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .binaries import build_binaries, prometheus_module
from .files import locked
from .places import cache_folder


@dataclass(frozen=True)
class PrometheusBinaries:
    prometheus: Path
    promtool: Path


def find_prometheus() -> PrometheusBinaries:
    server, tool = shutil.which("prometheus"), shutil.which("promtool")
    if server and tool:
        return PrometheusBinaries(Path(server), Path(tool))
    return _from_package() or _from_module()


def _from_package() -> PrometheusBinaries | None:
    """Unpacks, never installs: no root needed, and no system service starts on a fixed port."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    folder = cache_folder() / "prometheus-package"
    found = PrometheusBinaries(folder / "usr/bin/prometheus", folder / "usr/bin/promtool")
    with locked(cache_folder() / "prometheus-package.lock"):
        if not found.promtool.exists() and not _unpack(folder):
            return None
    return found if _runs(found) else None


def _unpack(folder: Path) -> bool:
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder()) as name:
        temporary = Path(name)
        if not _download(temporary):
            return False
        package = next(temporary.glob("prometheus_*.deb"), None)
        if package is None or not _succeeds(["dpkg-deb", "-x", str(package), str(temporary / "root")], temporary):
            return False
        shutil.rmtree(folder, ignore_errors=True)
        (temporary / "root").rename(folder)
    return True


def _download(folder: Path) -> bool:
    download = ["apt-get", "download", "prometheus"]
    # without package lists (a fresh container) the first attempt fails, and an update needs root
    return _succeeds(download, folder) or (_succeeds(["apt-get", "update"], folder) and _succeeds(download, folder))


def _runs(found: PrometheusBinaries) -> bool:
    """A Debian binary wants glibc, which another system may not have."""
    return _succeeds([str(found.prometheus), "--version"], Path("/"))


def _succeeds(argv: list[str], folder: Path) -> bool:
    try:
        return subprocess.run(argv, cwd=folder, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _from_module() -> PrometheusBinaries:
    built = build_binaries(prometheus_module())
    return PrometheusBinaries(built["prometheus"], built["promtool"])
