"""Unpack a Debian package into the cache: never installed, so no root is needed and no service starts."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from .files import locked
from .places import cache_folder


def unpacked(package: str, wanted: str) -> Path | None:
    """The folder of the unpacked package, where it holds the file `wanted`; None where apt cannot give it."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    folder = cache_folder() / f"{package}-package"
    with locked(cache_folder() / f"{package}-package.lock"):
        if not (folder / wanted).exists() and not _unpack(package, folder):
            return None
    return folder if (folder / wanted).exists() else None


def succeeds(argv: list[str], folder: Path = Path("/")) -> bool:
    """Whether a command ran and ended well."""
    try:
        return subprocess.run(argv, cwd=folder, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _unpack(package: str, folder: Path) -> bool:
    with tempfile.TemporaryDirectory(dir=cache_folder()) as name:
        temporary = Path(name)
        if not _download(package, temporary):
            return False
        found = next(temporary.glob(f"{package}_*.deb"), None)
        if found is None or not succeeds(["dpkg-deb", "-x", str(found), str(temporary / "root")], temporary):
            return False
        shutil.rmtree(folder, ignore_errors=True)
        (temporary / "root").rename(folder)
    return True


def _download(package: str, folder: Path) -> bool:
    download = ["apt-get", "download", package]
    # without package lists (a fresh container) the first attempt fails, and an update needs root
    return succeeds(download, folder) or (succeeds(["apt-get", "update"], folder) and succeeds(download, folder))
