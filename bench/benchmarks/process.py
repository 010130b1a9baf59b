"""The whole operator as a process: forecasts per second of one core, the time of a read over HTTP, and its memory.

`edgewarm run`, kopf and informers included, against an API server and a Prometheus in memory, which run in a process of
their own. A *prediction* is one workload's forecast of one window (single step or maximum) with all its quantiles.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

import numpy as np
from rich.progress import Progress

from benchmarks.process_world import NAMESPACE, name
from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.mixture import LEVELS
from edgewarm.forecast.windows import GRID

PATIENCE_SECONDS = 1800.0
IDLE = 1  # policies of process_world that have no target
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Size:
    """`count` policies, read `reads_per_second` for `seconds`; `steps` of the model alone."""

    count: int
    seconds: float
    pass_seconds: float
    steps: int
    reads_per_second: float = 10.0


FULL, QUICK = Size(1000, 240.0, 15.0, 20), Size(5, 3.0, 1.0, 5)


def run(quick: bool, progress: Progress) -> dict[str, Any]:
    """All numbers of the section."""
    size = QUICK if quick else FULL
    task = progress.add_task(f"process: {size.count} policies", total=None)
    with tempfile.TemporaryDirectory() as folder:
        found = _measured(Path(folder), size)
    progress.update(task, total=1, completed=1)
    return {"policies": size.count, "windows": GRID.count, "levels": len(LEVELS), **_step(size), **found}


def _step(size: Size) -> dict[str, Any]:
    """The model's step alone, in CPU seconds: learn a value per row, then forecast every window."""
    fleet, random, free = FleetModel(size.count), np.random.default_rng(1), np.zeros(size.count, dtype=bool)
    began = time.process_time()
    for step in range(size.steps):
        fleet.update(step, random.uniform(50.0, 100.0, size.count), free)
        fleet.forecast()
    seconds = (time.process_time() - began) / size.steps
    return {"step_seconds": seconds, "step_predictions_per_second": size.count * GRID.count / seconds}


def _measured(folder: Path, size: Size) -> dict[str, Any]:
    with _process("benchmarks.process_world", str(folder), str(size.count)):
        _until(lambda: (folder / "sources.yaml").exists() and (folder / "kubeconfig").exists())
        command = ["run", "--sources", str(folder / "sources.yaml"), "--host", "127.0.0.1", "--port", "0"]
        command += ["--port-file", str(folder / "port"), "--pass-seconds", str(size.pass_seconds)]
        with _process("edgewarm", *command, "--log-level", "error", kubeconfig=folder / "kubeconfig") as pid:
            _until(lambda: (folder / "port").exists())
            with closing(Reader(int((folder / "port").read_text()), size)) as reader:
                _until(lambda: len(reader.listed() or ()) == IDLE)
                time.sleep(2 * size.pass_seconds)
                base = resident(pid)
                (folder / "fill").touch()
                _until(lambda: _forecasting(reader.listed()) == size.count)
                return {"base_bytes": base, **_busy(pid, reader, size)}


def _busy(pid: int, reader: Reader, size: Size) -> dict[str, Any]:
    """Read forecasts while passes run; what the process then used."""
    before, began = cpu_seconds(pid), time.monotonic()
    reader.read()
    seconds, used = time.monotonic() - began, cpu_seconds(pid) - before
    latencies, made = sorted(reader.latencies), max(1, len(reader.steps) - 1)  # the first was there before
    return {
        "seconds": seconds,
        "cpu_seconds": used,
        "steps": made,
        "predictions_per_cpu_second": size.count * GRID.count * made / used,
        "reads": len(latencies),
        "read_ms_p50": 1000 * median(latencies),
        "read_ms_p95": 1000 * quantiles(latencies, n=20)[-1],
        "read_ms_slowest": 1000 * latencies[-1],
        "read_bytes": reader.size,
        "resident_bytes": resident(pid),
        "peak_bytes": resident(pid, "VmHWM"),
    }


class Reader:
    """GETs forecasts of policies drawn at random, one after the other."""

    def __init__(self, port: int, size: Size) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60.0)
        self._size = size
        self._random = Random(1)
        self.latencies: list[float] = []
        self.steps: set[str] = set()  # of the model, as they were seen
        self.size = 0

    def listed(self) -> list[Any] | None:
        """Policies of GET /forecasts, None while there is no answer."""
        status, body = self._get("/forecasts")
        found: list[Any] | None = json.loads(body)["forecasts"] if status == 200 else None
        return found

    def read(self) -> None:
        """As often as the size says, for as long as it says; a read is due whether or not the last one was late."""
        began, index, due = time.monotonic(), 0, 0.0
        while time.monotonic() - began < self._size.seconds:
            index, due = index + 1, began + index / self._size.reads_per_second
            time.sleep(max(0.0, due - time.monotonic()))
            status, body = self._get(f"/forecasts/{NAMESPACE}/{name(self._random.randrange(self._size.count))}")
            if status != 200:
                raise RuntimeError(f"a forecast was not told: {status} {body.decode()}")
            self.latencies.append(time.monotonic() - due)
            self.size = len(body)
            self.steps.add(json.loads(body)["seenAt"])

    def close(self) -> None:
        self._connection.close()

    def _get(self, path: str) -> tuple[int, bytes]:
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def _forecasting(listed: list[Any] | None) -> int:
    return sum(one["reason"] == "Forecasting" for one in listed or ())


@contextmanager
def _process(module: str, *arguments: str, kubeconfig: Path | None = None) -> Iterator[int]:
    """The pid of `python -m module`, which ends with the block."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "MALLOC_ARENA_MAX": "2"}
    env |= {} if kubeconfig is None else {"KUBECONFIG": str(kubeconfig)}
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        try:
            yield process.pid
        finally:
            process.terminate()


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"the operator was not there after {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.2)


def resident(pid: int, field: str = "VmRSS") -> int:
    """Bytes; VmHWM is the peak. Linux only, as the operator's image is."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{field}:")).split()[1]) * 1024


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
