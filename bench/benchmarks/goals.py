"""The goals that speed and memory of the forecast core are held against: floor, aim, and what was found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any

import numpy as np

from benchmarks.core_child import repeated, taught
from edgewarm.forecast.switching import SwitchingFleet
from edgewarm.forecast.windows import base_stride

MIB = 2**20
CORE, FIT = "benchmarks.core_child", "benchmarks.fit_child"
PYTHON_OF_RIVALS = "EDGEWARM_RIVALS_PYTHON"
ROUND = base_stride(60.0)  # steps, of which one issues and tests
SETTLED = 4 * 1440  # steps after which a row leans on no prior scale any more


@dataclass(frozen=True)
class Goal:
    """`found` in `unit`; None where it could not be measured, and `note` says why."""

    what: str
    unit: str
    floor: float
    aim: float
    found: float | None
    note: str = ""


def of_speed(quick: bool) -> list[dict[str, Any]]:
    """A tick against refits, and ten times the rows."""
    rows, steps, ticks, fits = (20, 60, ROUND, 1) if quick else (1000, SETTLED, 9 * ROUND, 20)
    fleet = taught(min(rows, 100), steps)
    one = tick_seconds(repeated(fleet, rows), ticks)
    ten = tick_seconds(repeated(fleet, 10 * rows), ROUND if quick else 3 * ROUND)
    fit = _fit_seconds(fits)
    ratio = None if isinstance(fit, str) else rows * fit / one
    note = fit if isinstance(fit, str) else f"{1000 * one:.1f} ms a tick, {fit:.2f} s a fit"
    what = f"one tick, {rows} rows, all experts, against {fits} statsmodels Holt-Winters refits, extrapolated"
    return [
        asdict(Goal(what, "x", 50_000, 300_000, ratio, note)),
        asdict(Goal(f"{rows} -> {10 * rows} rows", "x", 12, 10, ten / one, f"{1000 * ten:.0f} ms")),
    ]


def of_memory(quick: bool) -> list[dict[str, Any]]:
    """The core alone in a process: what it holds, and how soon it decides."""
    rows, steps = (20, 60) if quick else (1000, 14 * 1440)
    with tempfile.TemporaryDirectory() as folder:
        held = child("learn", str(rows), str(steps), folder)
        bytecode = {"PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}  # as an installed package has it
        child("resume", folder, **bytecode)
        resumed = child("resume", folder, **bytecode)
        replayed = child("replay", str(steps), **bytecode)
    note = (
        f"{held['imported_bytes'] / MIB:.0f} MiB imported, arrays {held['state_bytes_per_row'] / 1024:.0f} KiB per row"
    )
    said = "CPU seconds of the whole process"
    return [
        asdict(Goal(f"resident, {rows} rows, {steps} steps", "MiB", 120, 80, held["resident_bytes"] / MIB, note)),
        asdict(Goal(f"import and first decision, {rows} rows, saved state", "s", 0.5, 0.25, resumed["seconds"], said)),
        asdict(Goal(f"the same, one row, replaying {steps} steps", "s", 8, 4, replayed["seconds"], said)),
    ]


def tick_seconds(fleet: SwitchingFleet, ticks: int) -> float:
    """Mean CPU seconds of an update and a forecast; whole rounds, of which one step issues."""
    random, free, spent = np.random.default_rng(3), np.zeros(fleet.size, dtype=bool), []
    first = fleet.forecast().step + 1
    for step in range(first, first + ticks):
        values = random.uniform(50.0, 100.0, fleet.size)
        before = time.process_time()
        fleet.update(step, values, free)
        fleet.forecast()
        spent.append(time.process_time() - before)
    return fmean(spent)


def child(*arguments: str, **environment: str) -> dict[str, float]:
    """Run `core_child` with our import paths, one thread."""
    found: dict[str, float] = json.loads(_ran(sys.executable, CORE, *arguments, **environment))
    return found


def _fit_seconds(fits: int) -> float | str:
    """The median fit, or why there is none."""
    python = os.environ.get(PYTHON_OF_RIVALS, sys.executable)
    try:
        seconds: list[float] = json.loads(_ran(python, FIT, str(fits)))
    except subprocess.CalledProcessError as problem:
        last = (problem.stderr.strip().splitlines() or ["no output"])[-1]
        return f"not measured: {last} (pip install '.[rivals]', or name a Python that has it in {PYTHON_OF_RIVALS})"
    return median(seconds)


def _ran(python: str, module: str, *arguments: str, **environment: str) -> str:
    paths = [path for path in sys.path if path and "site-packages" not in path and "python3" not in path]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"} | environment
    done = subprocess.run([python, "-m", module, *arguments], env=env, capture_output=True, text=True, check=True)
    return done.stdout
