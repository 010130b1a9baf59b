"""The engine's ports as memory: what a cluster and a source would answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgewarm.model.demand import DemandRequest, Measured, Missing
from edgewarm.model.identity import Key
from edgewarm.model.workload import Workload
from edgewarm.replay.passes import Rhythm
from edgewarm.replay.starts import Starts
from edgewarm.replay.world import MemoryCluster, TraceDemand
from support.builders import KEY, TARGET, policy_object
from support.scenes import trace

pytestmark = pytest.mark.unit
ASKED = {KEY: DemandRequest("shop", query="demand")}


def cluster(**overrides: Any) -> MemoryCluster:
    plain: dict[str, Any] = {"items": {KEY: policy_object()}, "replicas": 2, "lead": Starts(120.0), "now": 1000.0}
    return MemoryCluster(**(plain | overrides))


def seen(world: MemoryCluster, now: float) -> Workload:
    world.now = now
    return world.view().workloads["shop", TARGET]


async def test_a_pod_is_ready_when_its_start_is_over_and_tells_how_long_it_took() -> None:
    world = cluster()
    await world.scale(seen(world, 1000.0), 3)

    assert (seen(world, 1119.0).replicas, seen(world, 1119.0).ready) == (3, 2)
    assert list(world.take_starts()) == []
    assert seen(world, 1120.0).ready == 3
    assert [start.seconds for start in world.take_starts()] == [120.0]
    assert list(world.take_starts()) == []


async def test_starting_pods_are_removed_before_ready_ones() -> None:
    world = cluster()
    await world.scale(seen(world, 1000.0), 5)
    await world.scale(seen(world, 1060.0), 3)

    assert seen(world, 1060.0).ready == 2
    assert seen(world, 1120.0).ready == 3

    await world.scale(seen(world, 1180.0), 1)
    assert seen(world, 1180.0).ready == 1


async def test_every_change_has_a_new_resource_version() -> None:
    world = cluster()
    before = seen(world, 1000.0).resource_version
    await world.scale(seen(world, 1000.0), 3)

    assert seen(world, 1000.0).resource_version != before


async def test_a_source_knows_a_step_when_it_is_over() -> None:
    recorded = trace([5.0, 6.0, np.nan])
    source, times = TraceDemand(recorded), [recorded.time(row) for row in range(5)]

    read = [(await source.read(ASKED, at))[KEY] for at in times]

    assert read[1] == Measured(times[1], 5.0)
    assert read[2] == Measured(times[2], 6.0)
    assert all(isinstance(read[row], Missing) for row in (0, 3, 4))
    assert (await source.read(ASKED, times[1] + 59.0))[KEY] == Measured(times[1] + 59.0, 5.0)


async def test_history_is_what_would_have_been_read() -> None:
    recorded = trace([5.0, np.nan, 7.0])
    source = TraceDemand(recorded)

    found = (await source.history(ASKED, recorded.time(-1), recorded.time(3), 60.0))[KEY]

    assert found.start == recorded.time(-1)
    assert np.array_equal(found.values, [np.nan, np.nan, 5.0, np.nan, 7.0], equal_nan=True)


async def test_history_of_a_finer_trace_is_sampled_on_the_models_clock() -> None:
    recorded = trace(np.arange(12.0), step_seconds=15.0)

    found = (await TraceDemand(recorded).history(ASKED, recorded.time(0), recorded.time(8), 60.0))[KEY]

    assert np.array_equal(found.values, [np.nan, 3.0, 7.0], equal_nan=True)


def test_a_policy_that_cannot_be_read_has_no_workload() -> None:
    broken = policy_object(policy=None, problem="wrong")

    assert MemoryCluster({Key("shop", "web"): broken}).view().workloads == {}


@pytest.mark.parametrize(
    ("step", "wanted", "pass_seconds", "model_step"),
    [(60.0, None, 60.0, 60.0), (300.0, None, 60.0, 300.0), (15.0, None, 15.0, 60.0), (60.0, 15.0, 15.0, 60.0)],
)
def test_one_pass_a_step_and_at_least_one_a_minute(
    step: float, wanted: float | None, pass_seconds: float, model_step: float
) -> None:
    assert Rhythm.of(step, wanted) == Rhythm(pass_seconds, model_step)


@pytest.mark.parametrize("wanted", [7.0, 120.0, 90.0])
def test_passes_must_fit_into_a_step(wanted: float) -> None:
    with pytest.raises(ValueError, match="must divide"):
        Rhythm.of(60.0, wanted)
