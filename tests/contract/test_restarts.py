"""What a restart costs: a fleet that lived for six weeks, and one that replayed only the end of them.

`scale` is half of what lies between p16 and p84. Steps of a quarter of an hour keep it short; docs/forecasting.md has
the numbers at a minute.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from edgewarm.forecast.fleet import FleetModel
from edgewarm.model.demand import FloatArray
from support.forecasters import daily

pytestmark = pytest.mark.contract

STEP, PER_DAY = 900.0, 96
WEEK = 7 * PER_DAY
LIVED = 6 * WEEK
AFTER = 2 * PER_DAY  # steps that both live through then
AHEADS = (1, 2, 3, 5)


@dataclass(frozen=True)
class Said:
    """Quantiles (step, row, ahead, level) of one fleet in the days after, and what came (step, row, ahead)."""

    quantiles: FloatArray
    came: FloatArray
    levels: tuple[float, ...]

    def at(self, level: float) -> FloatArray:
        return np.asarray(self.quantiles[..., self.levels.index(level)])

    @property
    def loss(self) -> FloatArray:
        """Mean pinball loss by row."""
        error, tau = self.came[..., None] - self.quantiles, np.array(self.levels)
        return np.asarray(np.maximum(tau * error, (tau - 1) * error).mean(axis=(0, 2, 3)))


def apart(one: Said, other: Said) -> FloatArray:
    """How far the medians are from each other, by row, in units of the local scale."""
    scale = (one.at(0.84) - one.at(0.16)) / 2
    return np.asarray((np.abs(one.at(0.5) - other.at(0.5)) / scale).mean(axis=(0, 2)))


@pytest.fixture(scope="module")
def said() -> dict[int, Said]:
    """Of the fleet that lived for six weeks, and of those that replayed the last five and the last two of them."""
    days = (LIVED + AFTER + max(AHEADS)) // PER_DAY + 1
    noises = enumerate((4.0, 9.0))
    values = np.concatenate([daily(days, noise, seed, PER_DAY) for seed, noise in noises], axis=1)
    fleets, free = {weeks: FleetModel(2, STEP) for weeks in (6, 5, 2)}, np.zeros(2, dtype=bool)
    found: dict[int, list[FloatArray]] = {weeks: [] for weeks in fleets}
    asked = [step for step in range(LIVED, LIVED + AFTER) if step % 3 == 0]
    for step in range(LIVED + AFTER):
        for weeks, fleet in fleets.items():
            if step >= LIVED - weeks * WEEK:
                fleet.update(step, values[step], free)
            if step in asked:
                forecast = fleet.forecast()
                found[weeks].append(forecast.at_ahead[:, [list(forecast.ahead).index(ahead) for ahead in AHEADS]])
    came = np.stack([values[np.array(asked) + ahead] for ahead in AHEADS], axis=-1)
    return {weeks: Said(np.array(each), came, forecast.levels) for weeks, each in found.items()}


@pytest.mark.parametrize(
    ("weeks", "far", "worse"),
    [
        pytest.param(2, 0.12, 1.02, id="the two weeks that are read by default"),
        pytest.param(5, 0.03, 1.005, id="the five weeks that are read at most"),
    ],
)
def test_a_replayed_fleet_says_nearly_the_same_and_is_as_good(
    said: dict[int, Said], weeks: int, far: float, worse: float
) -> None:
    assert apart(said[6], said[weeks]).max() < far
    assert (said[weeks].loss / said[6].loss).max() < worse
