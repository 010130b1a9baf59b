"""The demand that forecasts are judged on: two seeded series always, recorded ones where a folder of them is given."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from controlplane.curves import MINUTE, DayShape, generated
from edgewarm.model.demand import FloatArray

DAY_SECONDS = 86_400
LONGEST_TRAINING_DAYS = 7
END = 1_767_225_600.0  # 2026-01-01 00:00 UTC: generated series end here
EIGHT = 8 * 3600.0
TIME_COLUMNS = ("timestamp", "ts")
VALUE_COLUMN = "value"


@dataclass(frozen=True)
class Recorded:
    """A file below the folder of traces."""

    source: str
    name: str
    step_seconds: int = 60

    @property
    def path(self) -> Path:
        return Path(self.source) / f"{self.name}.csv.gz"


RECORDED = (
    *(Recorded("ms_cloud_monitoring", name) for name in ("mongo-01", "mongo-02", "mongo-03", "ingress-01")),
    *(Recorded("crane", f"input{number}") for number in (0, 2, 4, 7, 8, 9, 10, 11)),
    Recorded("nab", "elb_request_count_8c0756", 300),
    Recorded("nab", "ec2_cpu_utilization_5f5533", 300),
)


@dataclass(frozen=True)
class Trace:
    """One series on its grid of steps: index 0 is a midnight (UTC), `start` the first sample; NaN is unknown."""

    source: str
    name: str
    step_seconds: int
    start: int
    values: FloatArray

    @property
    def day(self) -> int:
        """Steps of a day."""
        return DAY_SECONDS // self.step_seconds

    @property
    def known_steps(self) -> int:
        return len(self.values) - self.start

    @property
    def training_end(self) -> int:
        """The first step after training: half of the trace, at most seven days."""
        return self.start + min(self.known_steps // 2, LONGEST_TRAINING_DAYS * self.day)

    @property
    def days(self) -> float:
        return self.known_steps / self.day


def trace(source: str, name: str, step_seconds: int, times: FloatArray, values: FloatArray) -> Trace:
    """Samples at unix times on a grid that begins at the first one's midnight; a negative demand is unknown."""
    steps = (times // step_seconds).astype(np.int64)
    midnight = steps.min() * step_seconds // DAY_SECONDS * DAY_SECONDS // step_seconds
    grid = np.full(int(steps.max() - midnight) + 1, np.nan)
    grid[steps - midnight] = np.where(values >= 0, values, np.nan)
    return Trace(source, name, step_seconds, int(steps.min() - midnight), grid)


def synthetic(quick: bool = False) -> list[Trace]:
    """A steep morning with little noise, and a slow, noisy day; `quick` keeps every fifth minute of six days."""
    shapes = {
        "steep": DayShape(),
        "noisy": DayShape(base=40.0, factor=1.6, ramp_seconds=5400.0, noise=0.12, day_spread=0.10),
    }
    days, step = (6, 300) if quick else (14, 60)
    result = []
    for seed, (name, shape) in enumerate(shapes.items(), start=1):
        curve = generated(days, seed, END, ramp_at=EIGHT, shape=shape)
        kept = slice(0, days * DAY_SECONDS // 60, step // int(MINUTE))
        result.append(trace("synthetic", name, step, curve.times[kept], curve.values[kept]))
    return result


def recorded(folder: Path) -> tuple[list[Trace], list[str]]:
    """The traces that the folder has, and a sentence about each that it has not."""
    found, skipped = [], []
    for item in RECORDED:
        if (folder / item.path).exists():
            times, values = _read(folder / item.path)
            found.append(trace(item.source, item.name, item.step_seconds, times, values))
        else:
            skipped.append(f"{item.path} is not in the folder of traces.")
    return found, skipped


def _read(path: Path) -> tuple[FloatArray, FloatArray]:
    rows = csv.reader(gzip.decompress(path.read_bytes()).decode("utf-8-sig").splitlines())
    header = [name.strip().lower() for name in next(rows)]
    time = next(header.index(name) for name in TIME_COLUMNS if name in header)
    value = header.index(VALUE_COLUMN)
    pairs = [(_unix(row[time]), float(row[value] or "nan")) for row in rows if row]
    table = np.array(pairs, dtype=np.float64)
    return table[:, 0], table[:, 1]


def _unix(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
