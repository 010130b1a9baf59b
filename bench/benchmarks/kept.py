"""Results of long work, kept below build/bench/kept by what they depend on: a run that was stopped goes on there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build/bench/kept"
SHORT = 16  # hexadecimal digits of a key


def kept(name: str, depends_on: Iterable[object], work: Callable[[], Any], folder: Path = FOLDER) -> Any:
    """What `work` returned (as JSON) when everything in `depends_on` was the same; else do it now and keep it."""
    digest = hashlib.sha256()
    for part in depends_on:
        digest.update((part if isinstance(part, bytes) else repr(part).encode()) + b"\0")
    file = folder / f"{name}-{digest.hexdigest()[:SHORT]}.json"
    if file.exists():
        return json.loads(file.read_text())
    found = json.dumps(work())
    folder.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(".half")
    half.write_text(found)
    half.replace(file)  # whole or not at all
    return json.loads(found)


@cache
def code_of(*rooms: str) -> str:
    """A digest of the sources of these rooms of edgewarm: numbers of other code are not taken up."""
    digest = hashlib.sha256()
    for room in rooms:
        for file in sorted((ROOT / "operator/edgewarm" / room).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()
