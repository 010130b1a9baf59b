"""The fleet's model is calibrated and does no harm: coverage, a daily ramp, and walks that nobody can foresee.

One run of eight days of five-minute steps is shared by all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from edgewarm.model.demand import FloatArray
from support.forecasters import FLEET, Kind, daily

pytestmark = pytest.mark.contract

FIVE_MINUTES = 300.0
PER_DAY = 288
DAYS = 8
FROM = 5 * PER_DAY
AHEADS = (1, 5, 15, 60)
WALKS = 8
DAILY, RAMP, WALK = 0, 1, 2  # the walks are the last rows
RAMP_SLOT = 100  # demand doubles between slot 100 and slot 103, and falls back at slot 200


@pytest.fixture(scope="module")
def kind() -> Kind:
    """The fleet's own model: how accurate another one is, is its author's affair."""
    return FLEET


@dataclass(frozen=True)
class Run:
    """Eight days of some series, and what was forecast after each step from day 6 on: (step, row, ahead, level)."""

    values: FloatArray
    found: FloatArray
    levels: tuple[float, ...]

    def pairs(self, row: int, ahead: int, level: float) -> tuple[FloatArray, FloatArray]:
        """(what was said, what came) for every step whose window ended within the run."""
        said = self.found[: len(self.found) - ahead, row, AHEADS.index(ahead), self.levels.index(level)]
        return said, self.values[FROM + ahead :, row]


def ramps() -> FloatArray:
    slot = np.arange(DAYS * PER_DAY) % PER_DAY
    level = 100 + 100 * np.clip((slot - RAMP_SLOT) / 3, 0, 1) * (slot < 200)
    return np.asarray(level + np.random.default_rng(5).normal(0, 2, len(slot)))


def walk(seed: int) -> FloatArray:
    return np.asarray(1000 + np.cumsum(np.random.default_rng(seed).normal(0, 5, DAYS * PER_DAY)))


@pytest.fixture(scope="module")
def run(kind: Kind) -> Run:
    day = daily(DAYS, noise=6.0, seed=3, per_day=PER_DAY)[:, 0]
    values = np.stack([day, ramps(), *(walk(seed) for seed in range(4, 4 + WALKS))], axis=1)
    fleet, found = kind.new(values.shape[1], FIVE_MINUTES), []
    for step, row in enumerate(values):
        fleet.update(step, row, np.zeros(len(row), dtype=bool))
        if step >= FROM:
            forecast = fleet.forecast()
            columns = [list(forecast.ahead).index(ahead) for ahead in AHEADS]
            found.append(forecast.at_ahead[:, columns])
    return Run(values, np.array(found), forecast.levels)


@pytest.mark.parametrize("ahead", AHEADS)
def test_nine_of_ten_days_stay_below_p90(run: Run, ahead: int) -> None:
    said, came = run.pairs(DAILY, ahead, 0.9)
    assert 0.85 <= np.mean(came <= said) <= 0.95


@pytest.mark.parametrize("ahead", AHEADS)
def test_half_stays_below_the_median(run: Run, ahead: int) -> None:
    said, came = run.pairs(DAILY, ahead, 0.5)
    assert 0.4 <= np.mean(came <= said) <= 0.6


def pinball(said: FloatArray, came: FloatArray, level: float) -> float:
    error = came - said
    return float(np.mean(np.maximum(level * error, (level - 1) * error)))


def ratio(run: Run, row: int, ahead: int) -> float:
    """Our pinball loss at the median and p90 by that of the last value plus its residual quantiles of five days."""
    ours, theirs = 0.0, 0.0
    for level in (0.5, 0.9):
        said, came = run.pairs(row, ahead, level)
        known = run.values[: FROM + 1, row]
        shift = np.quantile(known[ahead:] - known[:-ahead], level) if level > 0.5 else 0.0
        last = run.values[FROM : len(run.values) - ahead, row]
        ours, theirs = ours + pinball(said, came, level), theirs + pinball(last + shift, came, level)
    return ours / theirs


@pytest.mark.parametrize("ahead", [15, 60])
def test_a_day_that_repeats_is_foreseen_better_than_by_its_last_value(run: Run, ahead: int) -> None:
    assert ratio(run, DAILY, ahead) < 0.6


def geometric_mean(ratios: list[float]) -> float:
    return float(np.exp(np.mean(np.log(ratios))))


@pytest.mark.parametrize("ahead", [1, 15, 60])
def test_a_random_walk_is_hardly_worse_than_its_last_value(run: Run, ahead: int) -> None:
    assert geometric_mean([ratio(run, WALK + row, ahead) for row in range(WALKS)]) < 1.2


def test_a_young_random_walk_is_hardly_worse_than_its_last_value(kind: Kind) -> None:
    steps, first, rows = 3 * 1440, 2 * 1440, 4  # minutes: two days to learn, one to look at
    values = 1000 + np.cumsum(np.random.default_rng(4).normal(0, 2, (steps, rows)), axis=0)
    fleet, ours, theirs = kind.new(rows, 60.0), 0.0, 0.0
    for step in range(steps - 5):
        fleet.update(step, values[step], np.zeros(rows, dtype=bool))
        if step >= first and step % 5 == 0:
            found = fleet.forecast()
            said = found.at_ahead[:, list(found.ahead).index(5), found.levels.index(0.5)]
            ours += float(np.abs(said - values[step + 5]).mean())
            theirs += float(np.abs(values[step] - values[step + 5]).mean())
    assert ours / theirs < 1.1


@pytest.mark.parametrize("ahead", [5, 15])
def test_a_daily_ramp_is_foreseen_on_the_sixth_day(run: Run, ahead: int) -> None:
    said, came = run.pairs(RAMP, ahead, 0.9)
    for issued in range(RAMP_SLOT + 3 - ahead, RAMP_SLOT):  # before the ramp, about the time after it
        assert run.values[FROM + issued, RAMP] < 110
        assert said[issued] > 150
        assert came[issued] > 150


def test_a_cycle_that_fits_into_no_day_is_foreseen() -> None:
    """A batch of a quarter of an hour, each 100 minutes: the next one is seen coming an hour before."""
    steps, first, period = 4 * 1440, 3 * 1440, 100
    minute = np.arange(steps)
    values = 100 + 50.0 * (minute % period < 15) + np.random.default_rng(6).normal(0, 3, steps)
    fleet, said = FLEET.new(1, 60.0), {}
    for step in range(steps - 60):
        fleet.update(step, values[[step]], np.zeros(1, dtype=bool))
        if step >= first and (step + 60) % period in {7, 57}:
            forecast = fleet.forecast()
            median = forecast.at_ahead[0, list(forecast.ahead).index(60), forecast.levels.index(0.5)]
            said.setdefault((step + 60) % period, []).append(float(median))
    assert min(said[7]) > 130  # in the middle of a batch
    assert max(said[57]) < 115  # between two
