"""The operator's program as an image: this very Python, what it was installed with, a git client, and our sources.

The project's Dockerfile needs an engine that is not there; what runs in the container is the same program.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from .oci import Image, layer

NOT_NEEDED = {
    "__pycache__",
    "test",
    "tests",
    "idlelib",
    "ensurepip",
    "tkinter",
    "lib2to3",
    "site-packages",
    "turtledemo",
}
"""Of the standard library."""
TOOLS = re.compile(r"(mypy|mypyc|pip|setuptools|hypothesis|kubernetes|cryptography|pytest|_pytest|ruff|.*__mypyc)\b.*")
"""Of the installed packages: tools of developers, and what only the operator itself needs."""
LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")


def operator_image(sources: Path) -> Image:
    """`edgewarm` as in the chart's image; `sources` is the folder that has the package."""
    python, stdlib = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    packages = Path(sysconfig.get_path("purelib"))
    files = [
        python,
        *_below(stdlib, NOT_NEEDED.__contains__),
        *_below(packages, lambda name: bool(TOOLS.fullmatch(name))),
        *_git(),
    ]
    found = {str(path): path.read_bytes() for path in files}
    found |= {path: Path(path).resolve().read_bytes() for path in _libraries(files)}
    own = {f"/app/{path.relative_to(sources)}": path.read_bytes() for path in _below(sources / "edgewarm", _is_cache)}
    environment = {
        "PYTHONPATH": f"/app:{packages}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/tmp",
        "PYTHONUNBUFFERED": "1",
    }
    return Image([layer(found), layer(own)], [str(python), "-m", "edgewarm"], environment)


def _git() -> Iterator[Path]:
    """The client, and what it asks HTTPS servers with."""
    folder = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
    yield Path(shutil.which("git") or "git")
    yield Path(folder) / "git-remote-https"


def _is_cache(name: str) -> bool:
    return name == "__pycache__"


def _below(folder: Path, left_out: Callable[[str], bool]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if left_out(path.name) or path.name.startswith("config-"):  # what extensions are built with
            continue
        if path.is_dir():
            yield from _below(path, _is_cache)
        else:
            yield path


def _libraries(files: Iterable[Path]) -> set[str]:
    """What the dynamic linker loads for them, itself included."""
    linked = [str(path) for path in files if path.suffix == ".so" or path.parent.name in {"bin", "git-core"}]
    told = subprocess.run(["ldd", *linked], capture_output=True, text=True, check=False).stdout
    return {match[1] for match in LIBRARY.finditer(told)}
