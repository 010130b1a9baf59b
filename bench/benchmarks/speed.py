"""Passes of the engine, updates of the fleet and learning from history, for fleets of several sizes.

Times are of one machine on one day; what carries over is the ratio per policy, and the share of the pass interval.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from statistics import fmean, median
from time import perf_counter
from typing import Any

import numpy as np
import structlog
from rich.progress import Progress

from benchmarks import goals
from benchmarks.world import Fleet, MemoryDemand, policies
from edgewarm.engine.tick import Engine, Ports
from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.replay import learned
from edgewarm.model.demand import History
from edgewarm.replay.world import MemoryTelemetry

PASS_SECONDS = 15.0
STEP_SECONDS = 60.0
START = 1_767_225_600.0
DAY_STEPS = 1440
PATIENCE = 400  # passes until every policy should have learned


@dataclass(frozen=True)
class Sizes:
    """What a run measures."""

    policies: tuple[int, ...]
    minutes: int  # of passes per fleet size: four passes each, one with a model step
    rows: tuple[int, ...]
    updates: int
    lessons: tuple[int, ...]
    lesson_steps: int


FULL = Sizes((10, 100, 1000), 15, (1, 100, 1000), 60, (1, 100), 14 * DAY_STEPS)
QUICK = Sizes((5, 20), 1, (1, 20), 5, (1, 10), 60)


@dataclass
class Passes:
    """Seconds of each pass, apart by whether the model made a step."""

    with_step: list[float] = field(default_factory=list)
    without_step: list[float] = field(default_factory=list)


def run(quick: bool, progress: Progress) -> dict[str, Any]:
    """All three tables, and the goals."""
    sizes = QUICK if quick else FULL
    with _silence():
        return {**_tables(sizes, progress), "goals": goals.of_speed(quick)}


def _tables(sizes: Sizes, progress: Progress) -> dict[str, Any]:
    passes = [asyncio.run(_engine(count, sizes.minutes, progress)) for count in sizes.policies]
    return {
        "pass_interval_seconds": PASS_SECONDS,
        "passes": _per_one(passes, "policies", "without_step_ms"),
        "updates": _per_one([_update(rows, sizes.updates, progress) for rows in sizes.rows], "rows", "update_ms"),
        "learning": _per_one(
            [_lesson(rows, sizes.lesson_steps, progress) for rows in sizes.lessons], "rows", "seconds"
        ),
    }


@contextmanager
def _silence() -> Iterator[None]:
    """Log lines would be measured too; the configuration that was there comes back."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def _per_one(rows: list[dict[str, Any]], count: str, cost: str) -> list[dict[str, Any]]:
    """With the cost of one policy or row as a ratio to that of the smallest fleet."""
    first = rows[0][cost] / rows[0][count]
    return [{**row, "ratio_per_one": row[cost] / row[count] / first} for row in rows]


async def _engine(count: int, minutes: int, progress: Progress) -> dict[str, Any]:
    cluster, wake = Fleet(policies(count)), asyncio.Event()
    ports = Ports(cluster, MemoryDemand(), MemoryTelemetry(), wake.set)
    engine = Engine(ports, START - 3600.0, PASS_SECONDS, STEP_SECONDS)
    try:
        now = await _until_learned(engine, cluster, wake, progress)
        writes, seconds = cluster.writes, await _timed(engine, cluster, now, minutes, progress)
    finally:
        await engine.close()
    total = len(seconds.with_step) + len(seconds.without_step)
    return {
        "policies": count,
        "passes": total,
        "with_step_ms": median(seconds.with_step) * 1000,
        "without_step_ms": median(seconds.without_step) * 1000,
        "slowest_ms": max(seconds.with_step + seconds.without_step) * 1000,
        "writes_per_pass": (cluster.writes - writes) / total,
    }


async def _until_learned(engine: Engine, cluster: Fleet, wake: asyncio.Event, progress: Progress) -> float:
    """Passes until every policy has a row; the time of the next pass.

    Classes learn one after the other; the pass that takes one in does not yet begin the next, so no wake may come.
    """
    task = progress.add_task(f"{len(cluster.items)} policies: learning", total=len(cluster.items))
    now = START
    while cluster.forecasting() < len(cluster.items):
        if now - START > PATIENCE * PASS_SECONDS:
            raise RuntimeError(f"only {cluster.forecasting()} of {len(cluster.items)} policies forecast by now")
        wake.clear()
        cluster.now = now
        await engine.run_pass(now)
        now += PASS_SECONDS
        progress.update(task, completed=cluster.forecasting())
        if cluster.forecasting() < len(cluster.items):
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), 0.5)
    return (now // STEP_SECONDS + 1) * STEP_SECONDS


async def _timed(engine: Engine, cluster: Fleet, start: float, minutes: int, progress: Progress) -> Passes:
    task = progress.add_task(f"{len(cluster.items)} policies: passes", total=minutes)
    result = Passes()
    for minute in range(minutes):
        for part in range(int(STEP_SECONDS // PASS_SECONDS)):
            cluster.now = start + minute * STEP_SECONDS + part * PASS_SECONDS
            before = perf_counter()
            await engine.run_pass(cluster.now)
            (result.without_step if part else result.with_step).append(perf_counter() - before)
        progress.advance(task)
    return result


def _update(rows: int, updates: int, progress: Progress) -> dict[str, Any]:
    """One model step of the whole fleet: learn a value per row, then forecast every window."""
    fleet, random, free = FleetModel(rows), np.random.default_rng(1), np.zeros(rows, dtype=bool)
    task = progress.add_task(f"{rows} rows: updates", total=updates)
    update, forecast = [], []
    for step in range(updates):
        values = random.uniform(50.0, 100.0, rows)
        update.append(_seconds(partial(fleet.update, step, values, free)))
        forecast.append(_seconds(fleet.forecast))
        progress.advance(task)
    return {"rows": rows, "update_ms": fmean(update) * 1000, "forecast_ms": fmean(forecast) * 1000}


def _lesson(rows: int, steps: int, progress: Progress) -> dict[str, Any]:
    """Learning a new class of policies from their history, as the engine's worker thread does."""
    task = progress.add_task(f"{rows} rows: learning {steps} steps", total=None)
    values = np.random.default_rng(1).uniform(50.0, 100.0, (rows, steps))
    histories = [History(0.0, STEP_SECONDS, row) for row in values]
    seconds = _seconds(lambda: learned(histories, 0, steps - 1, STEP_SECONDS))
    progress.update(task, total=1, completed=1)
    return asdict(Lesson(rows, steps, seconds))


@dataclass(frozen=True)
class Lesson:
    """`seconds` that `rows` together need for `steps` steps each."""

    rows: int
    steps: int
    seconds: float


def _seconds(work: Callable[[], object]) -> float:
    before = perf_counter()
    work()
    return perf_counter() - before
