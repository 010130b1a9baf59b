"""Resident memory of fresh processes: the operator's imports, and a thousand learned rows on top of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from rich.progress import Progress

from benchmarks import goals

CHILD = "benchmarks.memory_child"
ROWS = 1000
TWO_WEEKS = 14 * 1440


def run(quick: bool, progress: Progress) -> dict[str, Any]:
    """What the child saw, and the same per row."""
    rows, steps = (100, 60) if quick else (ROWS, TWO_WEEKS)
    task = progress.add_task(f"memory: {rows} rows, {steps} steps", total=None)
    seen = child(rows, steps)
    progress.update(task, total=1, completed=1)
    grown = seen["learned_bytes"] - seen["imported_bytes"]
    return {"rows": rows, "steps": steps, **seen, "bytes_per_row": grown / rows, "goals": goals.of_memory(quick)}


def child(rows: int, steps: int) -> dict[str, Any]:
    """Run `memory_child` in a process of its own, with our import paths."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", CHILD, str(rows), str(steps)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
