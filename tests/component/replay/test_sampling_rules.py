"""A day that is not as the day before, other start times and other sizes: never much dearer than without a forecast.

The engine has learned one day and a morning. Each case changes the trace from there on, and the world with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from edgewarm.cli.replaying import quiet_engine
from edgewarm.model.demand import FloatArray
from edgewarm.model.policy import Bounds
from edgewarm.replay.costs import costs
from edgewarm.replay.passes import Rhythm, replayed
from edgewarm.replay.peers import reactive
from edgewarm.replay.simulate import followed
from edgewarm.replay.starts import Starts
from support.builders import policy
from support.scenes import scene, waves

pytestmark = pytest.mark.component
STEP, DAY = 120.0, 720
BEGIN, END = DAY + 195, DAY + 285  # half past six until half past nine; the rise is at eight
KAPPA, MARGIN = 10.0, 1.10

Mutant = Callable[[FloatArray], FloatArray]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with quiet_engine():
        yield


def a_tenth_is_missing(demand: FloatArray) -> FloatArray:
    return np.where(np.random.default_rng(5).uniform(size=len(demand)) < 0.1, np.nan, demand)


def the_level_is_three_times_as_high(demand: FloatArray) -> FloatArray:
    """From the middle of the test span on."""
    return np.where(np.arange(len(demand)) >= (BEGIN + END) // 2, 3 * demand, demand)


def the_pattern_flips(demand: FloatArray) -> FloatArray:
    """Day and night change places."""
    return np.where(np.arange(len(demand)) >= BEGIN, np.roll(demand, DAY // 2), demand)


def the_clock_is_put_forward(demand: FloatArray) -> FloatArray:
    """Everything comes an hour sooner."""
    return np.where(np.arange(len(demand)) >= BEGIN, np.roll(demand, -DAY // 24), demand)


@dataclass(frozen=True)
class Case:
    """What happens to the trace, the pods of its busy hours, and how long they take to start."""

    mutant: Mutant
    pods: float
    starts: Starts


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(a_tenth_is_missing, 5.0, Starts(120.0, sigma=0.5)), id="missing, 5 pods, drawn starts"),
        pytest.param(Case(the_level_is_three_times_as_high, 100.0, Starts(300.0)), id="level, 100 pods, 5 min"),
        pytest.param(Case(the_pattern_flips, 20.0, Starts(300.0)), id="pattern, 5 min"),
        pytest.param(Case(the_clock_is_put_forward, 20.0, Starts(30.0)), id="clock, 30 s"),
    ],
)
async def test_a_changed_world_costs_little_more_than_without_a_forecast(case: Case) -> None:
    """Than strategy Reactive, by a tenth at most; and less than to follow the need of each step."""
    demand = case.mutant(waves(2, step_seconds=STEP, pods=case.pods))
    where = scene(demand[:END], BEGIN, step_seconds=STEP, starts=case.starts, bounds=Bounds(1, 1000))
    lead = case.starts.median_seconds
    asked = policy(capacity_per_pod=1.0, bounds=where.bounds, kappa=KAPPA, prediction_horizon_seconds=lead)

    ours = costs(where, await replayed(where, asked, Rhythm.of(STEP)))[0].total(KAPPA)

    shadow = costs(where, reactive.course(where, asked))[0].total(KAPPA)
    follower = costs(where, followed(where, np.ceil(where.load).astype(np.int64)[:, None]))[0].total(KAPPA)
    assert ours <= MARGIN * shadow
    assert ours < follower
