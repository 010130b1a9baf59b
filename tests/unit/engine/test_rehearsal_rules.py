"""The two plans of a rehearsal, step by step beside the same two plans as the engine plays them: `judge.shadowed`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.engine.book import Shadow
from edgewarm.engine.judge import Judgement, shadowed
from edgewarm.engine.rehearsal import Plan, Rehearsal, terms
from edgewarm.forecast.outlook import outlook
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.learn.capacity import Capacity
from edgewarm.model.demand import FloatArray, Measured
from edgewarm.model.policy import Bounds, Pace, Policy, Select, Strategy
from support.builders import policy, situation

pytestmark = pytest.mark.unit
STEP, STEPS = 60.0, 24
AHEAD, UNTIL = np.array([1, 2, 3, 5, 8, 60, 1440]), np.array([1, 2, 3, 5, 8, 60])
LEVELS = (0.1, 0.5, 0.8, 0.95)


def forecast(random: np.random.Generator, step: int, intermittent: bool) -> FleetForecast:
    """Of one row: any numbers that keep the protocol."""
    at_ahead, max_until = (
        np.sort(random.choice([0.0, 20.0, 50.0, 180.0, 400.0], size=(1, len(grid), len(LEVELS))))
        for grid in (AHEAD, UNTIL)
    )
    chances = (random.choice([0.0, 0.0, 0.02, 0.6], size=(1, len(AHEAD))), np.sort(random.random((1, len(UNTIL)))) / 4)
    ahead, until = chances if intermittent else (np.full_like(chances[0], np.nan), np.full_like(chances[1], np.nan))
    known = np.array([step >= 3])  # once a row knows enough it always does
    return FleetForecast(step, LEVELS, AHEAD, UNTIL, at_ahead, max_until, known, ahead, until)


def plain(low: int, kappa: float, window_seconds: float, stated: bool) -> Policy:
    """What a rehearsal knows of a policy, and no rate limits."""
    up, down = Pace(0.0, Select.MAX, ()), Pace(window_seconds, Select.MAX, (), stated)
    return policy(kappa=kappa, bounds=Bounds(low, 7), scale_up=up, scale_down=down)


def played(
    asked: Policy, lead_seconds: float, fleet: FleetForecast, demand: float, shadow: Shadow, strategy: Strategy
) -> Shadow:
    """One pass of one plan, as the engine plays it."""
    now = fleet.step * STEP
    ahead = outlook(fleet, 0, STEP, now, lead_seconds)
    around = situation(demand, now=now, policy=asked, lead_seconds=lead_seconds, outlook=ahead)
    around = replace(around, reading=Measured(now, demand))
    judged = Judgement(around, None, None, lead_seconds)  # type: ignore[arg-type]  # what was decided is not looked at
    return shadowed(judged, shadow, now, strategy)


def state(plan: Plan) -> tuple[float, float]:
    return float(plan.current[0]), float(plan.ready[0])


@pytest.mark.parametrize(("low", "intermittent"), [(1, False), (0, False), (0, True)])
@given(
    st.integers(0, 10**6),
    st.sampled_from([0.5, 4.0, 10.0]),
    st.sampled_from([45.0, 60.0, 75.0, 120.0, 315.0]),
    st.tuples(st.sampled_from([0.0, 60.0, 90.0, 300.0]), st.booleans()),
)
def test_a_rehearsal_plans_what_the_engine_would(
    low: int, intermittent: bool, seed: int, kappa: float, lead_seconds: float, window: tuple[float, bool]
) -> None:
    random, asked = np.random.default_rng(seed), plain(low, kappa, *window)
    rehearsal = Rehearsal([terms(asked, lead_seconds)], STEP)
    shadows = {strategy: Shadow(Capacity(0, 0)) for strategy in (Strategy.PREDICTIVE, Strategy.REACTIVE)}
    busy = 0.1 if intermittent else 0.8
    demands: FloatArray = random.choice([10.0, 50.0, 100.0, 240.0, 400.0], size=STEPS) * (random.random(STEPS) < busy)
    for step, demand in enumerate(demands.tolist()):
        fleet = forecast(random, step, intermittent)
        rehearsal.see(step, np.array([demand]), fleet)
        for strategy, plan in ((Strategy.PREDICTIVE, rehearsal._forecast), (Strategy.REACTIVE, rehearsal._reactive)):
            shadow = played(asked, lead_seconds, fleet, demand, shadows[strategy], strategy)
            if step == 0:  # a rehearsal begins with what it plans first, ready
                shadow = replace(shadow, capacity=Capacity(shadow.capacity.planned, shadow.capacity.planned))
            shadows[strategy] = shadow
            next_step = shadow.capacity.at((step + 1) * STEP)
            assert state(plan) == (next_step.planned, next_step.ready), (strategy, step)
