"""Find prometheus and promtool: on PATH, else unpacked from Debian's package, else built from the Go module."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from .binaries import build_binaries, prometheus_module
from .packages import succeeds, unpacked


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
    folder = unpacked("prometheus", "usr/bin/promtool")
    if folder is None:
        return None
    found = PrometheusBinaries(folder / "usr/bin/prometheus", folder / "usr/bin/promtool")
    # a Debian binary wants glibc, which another system may not have
    return found if succeeds([str(found.prometheus), "--version"]) else None


def _from_module() -> PrometheusBinaries:
    built = build_binaries(prometheus_module())
    return PrometheusBinaries(built["prometheus"], built["promtool"])
