"""Atomic and private file writes, the tail of a log, and a lock between processes."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    temporary.replace(path)


def write_json(path: Path, value: Any) -> None:
    write_atomically(path, json.dumps(value, indent=1) + "\n")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())


def last_lines(path: Path, count: int = 15, window: int = 16_384) -> str:
    """The end of a log; reads only the last bytes, since logs of a control plane grow large."""
    if not path.exists():
        return "(no log was written)"
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - window))
        text = stream.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-count:])


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits for, then holds, an advisory lock; the kernel lets go of it if this process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
