"""The demand that forecasts are judged on: two seeded series always, recorded ones where a folder of them is given."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from controlplane.curves import MINUTE, DayShape, generated
from edgewarm.model.demand import FloatArray
from edgewarm.replay import trace as replay
from edgewarm.replay.reading import ReadingOptions, read_csv
from edgewarm.replay.regular import regular
from edgewarm.replay.samples import Samples

DAY_SECONDS = 86_400
LONGEST_TRAINING_DAYS = 7
END = 1_767_225_600.0  # 2026-01-01 00:00 UTC: generated series end here
EIGHT = 8 * 3600.0


@dataclass(frozen=True)
class Recorded:
    """A file below the folder of traces; `value` is the column where it cannot be found, `last_days` what is kept."""

    source: str
    name: str
    step_seconds: int = 60
    value: str | None = None
    last_days: int | None = None

    @property
    def path(self) -> Path:
        return Path(self.source) / f"{self.name}.csv.gz"

    def read(self, folder: Path, step_seconds: int | None = None) -> replay.Trace:
        """At its own step, or as means of longer ones."""
        untimed = self.source == "datacenter_usage"
        step = self.step_seconds if untimed or step_seconds is None else step_seconds
        found = read_csv(folder / self.path, ReadingOptions(value=self.value, step_seconds=step))
        cut = 0 if self.last_days is None else max(0, len(found.values) - self.last_days * DAY_SECONDS // step)
        return dataclasses.replace(found, name=self.name, first=found.first + cut, values=found.values[cut:])


RECORDED = (
    *(Recorded("ms_cloud_monitoring", f"mongo-0{number}") for number in (1, 2, 3)),
    *(Recorded("ms_cloud_monitoring", name) for name in ("ingress-01", "machine-01")),
    *(Recorded("crane", f"input{number}") for number in (0, 2, 4, 7, 8, 9, 10, 11)),
    Recorded("nab", "elb_request_count_8c0756", 300),
    Recorded("nab", "ec2_cpu_utilization_5f5533", 300),
    Recorded("nab", "rds_cpu_utilization_cc0c53", 300),
    Recorded("datacenter_usage", "alibaba2018_cluster_avg_300s", 300, "cpu_util_percent"),
    Recorded("datacenter_usage", "google2019_instance_usage_300s", 300, "avg_cpu"),
    *(Recorded("nab", f"Twitter_volume_{name}", 300) for name in ("AMZN", "GOOG", "UPS")),
    Recorded("nab", "cpu_utilization_asg_misconfiguration", 300),
    Recorded("worldcup98", "worldcup98_requests_per_minute", last_days=28),
)
"""All that the folder may have, but for series with steps of half an hour and more, and the functions."""


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


def aligned(source: str, name: str, found: replay.Trace) -> Trace:
    """A recorded series on a grid that begins at its first midnight."""
    step_seconds = round(found.step_seconds)
    start = found.first % (DAY_SECONDS // step_seconds)
    values = np.concatenate([np.full(start, np.nan), found.values])
    return Trace(source, name, step_seconds, start, values)


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
        times, values = curve.times[kept], curve.values[kept]
        found = regular(name, Samples(times, values, np.arange(len(times))), float(step), counter=False)
        result.append(aligned("synthetic", name, found))
    return result


def present(folder: Path | None, names: Collection[str] = ()) -> tuple[list[Recorded], list[str]]:
    """What the folder has, of these names where some are given; and a sentence about each that it has not."""
    if folder is None:
        return [], ["No recorded traces: give --traces DIR or set EDGEWARM_TRACES."]
    wanted = [item for item in RECORDED if not names or item.name in names]
    skipped = [f"{item.path} is not in the folder of traces." for item in wanted if not (folder / item.path).exists()]
    left = len(RECORDED) - len(wanted)
    skipped += [f"{left} of {len(RECORDED)} recorded traces were left out by --trace."] if left else []
    return [item for item in wanted if (folder / item.path).exists()], skipped


def recorded(folder: Path | None, names: Collection[str] = ()) -> tuple[list[Trace], list[str]]:
    """The traces themselves."""
    found, skipped = present(folder, names)
    return [aligned(item.source, item.name, item.read(folder)) for item in found if folder is not None], skipped
