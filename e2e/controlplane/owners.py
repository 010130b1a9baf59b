"""Which cluster belongs to which process, so that what a killed test run left is ended by the next start."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .files import read_json, write_json
from .places import cache_folder
from .processes import process_state


@dataclass(frozen=True)
class Owned:
    """A cluster in a folder of its process's choosing."""

    name: str
    directory: Path


def remember(name: str, directory: Path, pid: int) -> None:
    """The cluster ends with this process: at the latest when the next one starts."""
    state = process_state(pid)
    write_json(
        _file(directory),
        {"name": name, "directory": str(directory), "pid": pid, "start_ticks": state[1] if state else 0},
    )


def forget(directory: Path) -> None:
    _file(directory).unlink(missing_ok=True)


def orphans() -> Iterator[Owned]:
    """Clusters whose process is gone."""
    for file in sorted((cache_folder() / "owners").glob("*.json")):
        found = read_json(file)
        state = process_state(found["pid"])
        if state is None or state[0] in "ZX" or state[1] != found["start_ticks"]:
            yield Owned(found["name"], Path(found["directory"]))


def _file(directory: Path) -> Path:
    token = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:16]
    return cache_folder() / "owners" / f"{token}.json"
