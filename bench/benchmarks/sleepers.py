"""Functions that sleep: invocations per minute, 500 recorded ones where there are traces, and seeded ones always."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray

AZURE = Path("azure_functions") / "azure2019_500func_8h_invocations.csv.gz"
FIRST_MINUTE = 480  # of the day: both sets begin at 08:00
MINUTES = 480
TEST_FROM = 120
PERIODS = (2, 3, 5, 5, 5, 10, 10, 15, 20, 30, 60)


@dataclass(frozen=True)
class Sleepers:
    """`demand` (N, T) per minute; `held_out` (N,) are the functions that no constant was chosen on, if any."""

    name: str
    demand: FloatArray
    held_out: BoolArray


def azure(folder: Path) -> Sleepers:
    """The recorded set; half of the functions, by the hash of their name, were left out of development."""
    rows = list(csv.reader(gzip.decompress((folder / AZURE).read_bytes()).decode().splitlines()))
    first, name = rows[0].index(str(FIRST_MINUTE)), rows[0].index("HashFunction")
    demand = np.array([[float(cell or 0) for cell in row[first:]] for row in rows[1:]])
    return Sleepers("azure_functions", demand, np.array([_odd(row[name]) for row in rows[1:]]))


def _odd(name: str) -> bool:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 == 1


def generated(rows: int, seed: int = 11) -> Sleepers:
    """Timers, Poisson arrivals and bursts in equal parts; their sizes are Poisson too."""
    random = np.random.default_rng(seed)
    kinds: tuple[Callable[[np.random.Generator], BoolArray], ...] = (_timer, _poisson, _bursts)
    arrived = np.stack([kinds[row % 3](random) for row in range(rows)])
    sizes = 1 + random.poisson(random.exponential(2.0, rows)[:, None], arrived.shape)
    return Sleepers("generated", np.where(arrived, sizes, 0).astype(float), np.ones(rows, dtype=bool))


def _timer(random: np.random.Generator) -> BoolArray:
    """A period with a phase; one timer in three comes up to a minute late."""
    period, late = random.choice(PERIODS), random.random() < 1 / 3
    due = np.arange(random.integers(period), MINUTES - 1, period)
    result = np.zeros(MINUTES, dtype=bool)
    result[due + (random.integers(0, 2, len(due)) if late else 0)] = True
    return result


def _poisson(random: np.random.Generator) -> BoolArray:
    """One in 2 to one in 300 minutes."""
    return np.asarray(random.random(MINUTES) < np.exp(-random.uniform(np.log(2), np.log(300))))


def _bursts(random: np.random.Generator) -> BoolArray:
    """Some minutes of work after hours or minutes of rest."""
    rest, work = random.uniform(20, 200), random.uniform(3, 30)
    busy, result = False, np.zeros(MINUTES, dtype=bool)
    for minute in range(MINUTES):
        busy = random.random() < (1 - 1 / work if busy else 1 / rest)
        result[minute] = busy and random.random() < 0.7
    return result
