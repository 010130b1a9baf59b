"""The operator's own engine over a trace: one pass a step (at least one a minute), in the trace's time.

History before the test span is learned by the engine itself, from the same source that the passes read.

The operator passes every 15 s, and `behavior` limits a rise per 15 s. So a pass that raised is followed by as many as
15 s fit before the next one, as long as they raise further; what they start counts from the time of the first. Other
passes between two samples would know nothing new.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import numpy as np

from edgewarm.engine.rungs import Rung
from edgewarm.engine.tick import Engine, Ports
from edgewarm.model.identity import Key
from edgewarm.model.objects import PolicyObject
from edgewarm.model.policy import Mode, Model, Policy
from edgewarm.model.rungs import Rungs
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import Course
from edgewarm.replay.starts import Starts
from edgewarm.replay.world import MemoryCluster, MemoryTelemetry, TraceDemand

STEP_SECONDS = 60.0
LONGEST_PASS_SECONDS = 60.0
LIVE_PASS_SECONDS = 15.0
LONG_AGO_SECONDS = 86_400.0  # the operator was started: nothing is held because of that
REPORT_EVERY = 250
NAME = "replayed"

Progress = Callable[[int, int], None]
"""(passes done, passes in all)."""


@dataclass(frozen=True)
class Rhythm:
    """Seconds from pass to pass and from model step to model step."""

    pass_seconds: float
    step_seconds: float

    @classmethod
    def of(cls, trace_step: float, wanted_pass: float | None = None) -> Rhythm:
        """One pass a step, at least one a minute; the model's step is the operator's minute where the trace allows it.

        ValueError unless the passes fit into a step.
        """
        pass_seconds = wanted_pass or trace_step / math.ceil(trace_step / LONGEST_PASS_SECONDS)
        fits = abs(trace_step / pass_seconds - round(trace_step / pass_seconds)) < 1e-9
        if pass_seconds > LONGEST_PASS_SECONDS or not fits or pass_seconds > trace_step:
            raise ValueError(f"must divide the trace's step of {trace_step:g} s and be at most 60 s")
        finer = trace_step < STEP_SECONDS and STEP_SECONDS % trace_step == 0
        return cls(pass_seconds, STEP_SECONDS if finer else trace_step)


async def replayed(scene: Scene, policy: Policy, rhythm: Rhythm, progress: Progress = lambda done, of: None) -> Course:
    """What the operator would have asked for and had ready at each row of the test span, (T, 1); 0 before it.

    Of the replicas alone: the rungs below them need pods that can be told apart (`replay.ladder`).
    """
    bare = replace(policy, rungs=Rungs(image=None))
    cluster = MemoryCluster(*beginning(scene, bare, rhythm))
    async with learned_engine(scene, cluster, rhythm, ()) as engine:
        return await _passes(scene, cluster, engine, rhythm, progress)


def beginning(scene: Scene, policy: Policy, rhythm: Rhythm) -> tuple[dict[Key, PolicyObject], int, Starts, float]:
    """What a cluster begins with, a step before the test span: the policy, as many pods as are needed, starts, when."""
    first = scene.trace.time(scene.begin) - rhythm.step_seconds
    return _policies(scene, policy, rhythm), _replicas(scene, TraceDemand(scene.trace), first), scene.starts, first


@asynccontextmanager
async def learned_engine(
    scene: Scene, cluster: MemoryCluster, rhythm: Rhythm, rungs: Sequence[Rung]
) -> AsyncIterator[Engine]:
    """The operator's engine over this cluster, with all that there is of history."""
    learned = asyncio.Event()
    engine = Engine(
        Ports(cluster, TraceDemand(scene.trace), MemoryTelemetry(), learned.set),
        scene.trace.time(scene.begin) - LONG_AGO_SECONDS,
        min(rhythm.pass_seconds, LIVE_PASS_SECONDS),  # what it plans with, however rarely it is asked here
        rhythm.step_seconds,
        rungs=rungs,
    )
    try:
        await engine.run_pass(cluster.now)
        await learned.wait()
        yield engine
    finally:
        await engine.close()


async def _passes(scene: Scene, cluster: MemoryCluster, engine: Engine, rhythm: Rhythm, progress: Progress) -> Course:
    wanted, ready = np.zeros((2, scene.rows, 1), dtype=np.int64)
    (claim,) = cluster.workloads
    for row, part, at in each_pass(scene, rhythm, progress):
        cluster.now = at
        await _pass(cluster, engine, rhythm)
        workload = cluster.workloads[claim]
        wanted[row] = max(int(wanted[row, 0]), workload.replicas)  # the most of the row is what is paid for
        if part == 0:
            ready[row] = workload.ready
    return Course(wanted, ready)


def each_pass(scene: Scene, rhythm: Rhythm, progress: Progress) -> Iterator[tuple[int, int, float]]:
    """The row, the number within it and the time of every pass of the test span; a step of a day has 1,440 of them."""
    parts = round(scene.step_seconds / rhythm.pass_seconds)
    total = (scene.rows - scene.begin) * parts
    for done in range(1, total + 1):
        row, part = divmod(done - 1, parts)
        row += scene.begin
        yield row, part, scene.trace.time(row) + part * rhythm.pass_seconds
        if done % REPORT_EVERY == 0 or done == total:
            progress(done, total)


async def _pass(cluster: MemoryCluster, engine: Engine, rhythm: Rhythm) -> None:
    """One pass, and those that follow it while they raise."""
    (claim,) = cluster.workloads
    for follower in range(max(1, math.ceil(rhythm.pass_seconds / LIVE_PASS_SECONDS))):
        before = cluster.workloads[claim].replicas
        await engine.run_pass(cluster.now + follower * LIVE_PASS_SECONDS)
        if cluster.workloads[claim].replicas <= before:
            return


def _policies(scene: Scene, policy: Policy, rhythm: Rhythm) -> dict[Key, PolicyObject]:
    """The policy as it would act, with no more history than the trace has; a pause of today says nothing of then.

    There is no pool: what one says of nodes, prices and approval belongs to a cluster. The model is Fleet: the child
    process of another is not there, and waiting for it would leave every forecast unproven.
    """
    longest = max(scene.begin * scene.step_seconds, rhythm.step_seconds)
    window = min(policy.history_window_seconds, longest)
    world = replace(policy, model=Model.FLEET, paused_until=None, pool=None)
    acting = replace(world, mode=Mode.ACT, history_window_seconds=window)
    key = Key(policy.demand.namespace or NAME, NAME)
    return {key: PolicyObject(key, f"uid-{NAME}", 1, 0.0, acting)}


def _replicas(scene: Scene, demand: TraceDemand, at: float) -> int:
    """It begins with what is needed, all ready."""
    value = demand.at(at)
    return scene.bounds.clamp(0 if math.isnan(value) else math.ceil(value / scene.capacity))
