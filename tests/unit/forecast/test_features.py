"""What the regression sees: lags, the minute of the hour, and the jump, the piece of a move beyond what is usual."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.cycle import Cycle
from edgewarm.forecast.features import FAR, NAMES, features, jump
from edgewarm.forecast.levels import SLOW, UNREST, Levels
from edgewarm.forecast.ridge import Ridge
from edgewarm.forecast.seasons import Seasons
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.unit

STEP, DAY = 300.0, 288  # seconds, steps
LENGTH, EVENT = 4, 200.0  # of a burst: steps, demand
JUMP = NAMES.index("jump")


def levels_at(last: float, slow: float, unrest: float) -> Levels:
    levels = Levels.blank(1, STEP)
    levels.last[:], levels.means[SLOW], levels.means[UNREST] = last, slow, unrest
    return levels


@pytest.mark.parametrize(
    ("last", "slow", "unrest", "beyond"),
    [
        (14.0, 4.0, 2.0, 10 - 3 * 2),
        (1.0, 9.0, 2.0, -(8 - 3 * 2)),
        (10.0, 4.0, 2.0, 0.0),  # exactly what is usual at most
        (4.5, 4.0, 2.0, 0.0),
        (4.5, 4.0, 0.0, 0.5),  # after a constant, every move is one
    ],
)
def test_a_jump_is_what_lies_beyond_three_unrests(last: float, slow: float, unrest: float, beyond: float) -> None:
    assert FAR == 3.0
    assert jump(levels_at(last, slow, unrest)) == pytest.approx([beyond])


def test_before_the_first_value_nobody_knows_a_jump() -> None:
    assert np.isnan(jump(Levels.blank(1, STEP))).all()


def test_a_lag_is_what_it_says_and_the_minute_of_the_hour_is_what_a_job_on_the_hour_adds() -> None:
    """Nine days that rise by a thousandth a step, with a job that adds 4 each hour; it is now five to midnight."""
    z = np.arange(9 * DAY) / 1000 + 4.0 * (np.arange(9 * DAY) % 12 == 0)
    seasons, levels = Seasons.blank(1, STEP), Levels.blank(1, STEP)
    for step, value in enumerate(z):
        seasons.learn(step, np.array([value]), levels.slow)
        levels.learn(np.array([value]))
    now, ahead = len(z) - 1, np.array([1, 2, 24])  # at midnight, five past, and five to two
    found = features(seasons, levels, Cycle.blank(1, STEP), now, ahead)[..., 0]

    then, seen = now + ahead, dict(zip(NAMES, found.T, strict=True))
    hours = np.array([1, 1, 2]) * 12  # back to the last known value at that minute
    slow = levels.slow[0]
    assert seen["day before"] == pytest.approx(z[then - DAY] - slow, abs=1e-5)
    assert seen["hour before"] == pytest.approx(z[then - hours] - slow, abs=1e-5)
    two = (z[then - hours] + z[then - hours - 12]) / 2
    assert seen["mean of two hours before"] == pytest.approx(two - slow, abs=1e-5)
    quarter = (then - 7 * DAY) // 3 * 3
    week = (z[quarter] + z[quarter + 1] + z[quarter + 2]) / 3
    assert seen["week before"] == pytest.approx(week - slow, abs=1e-5)
    job, none, late = seen["minute of the hour"]
    assert (job - none, job - late) == pytest.approx((4.0, 4.0), abs=0.6)


def bursts(steps: int, seed: int) -> FloatArray:
    """Noisy counts of 3 on average, and each five hours or so twenty minutes of 200."""
    random = np.random.default_rng(seed)
    mean, at = random.exponential(3.0, steps), 20
    while at < steps:
        mean[at : at + LENGTH] = EVENT
        at += LENGTH + 8 + int(random.exponential(55))
    return random.poisson(mean).astype(float)


def expected(demand: FloatArray) -> FloatArray:
    """What the regression says of the next step after each one, (T, 2): with the jump, and blind to it."""
    seasons, levels, cycle = Seasons.blank(2, STEP), Levels.blank(2, STEP), Cycle.blank(2, STEP)
    ridge, said = Ridge.blank(2, 1), np.zeros((len(demand), 2))
    x, level = np.zeros((1, len(NAMES), 2)), np.full(2, np.nan)
    for step, value in enumerate(np.sqrt(demand)):
        z = np.full(2, value)
        seasons.learn(step, z, levels.slow)
        ridge.learn(x, (z - level)[None], np.array([STEP]))
        levels.learn(z)
        x, level = features(seasons, levels, cycle, step, np.array([1])), levels.slow.copy()
        x[:, JUMP, 1] = 0.0
        ridge.solve(np.array([0]), np.full((1, 2), float(step)))
        said[step] = np.square(np.maximum(level + ridge.predict(x)[0], 0.0))
    return said


def test_a_burst_is_believed_at_its_first_step_although_small_moves_go() -> None:
    demand = bursts(6 * DAY, seed=1)
    said = expected(demand)
    after = np.arange(3 * DAY, len(demand) - 1)
    busy = after[demand[after] > EVENT / 2]
    first = busy[demand[busy - 1] < EVENT / 2]
    believed, blind = np.median(said[first], axis=0)
    assert believed > 0.8 * EVENT > blind
    errors = np.abs(said[busy] - demand[busy + 1, None]).mean(axis=0)
    assert errors[0] < 0.85 * errors[1]
    quiet = after[demand[after] < EVENT / 4]
    misses = np.abs(np.sqrt(said[quiet]) - np.sqrt(demand[quiet + 1, None])).mean(axis=0)
    assert misses[0] <= misses[1]
