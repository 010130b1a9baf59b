"""What repeats is found with its period, and what does not is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.cycle import Cycle, autocorrelation
from edgewarm.forecast.seasons import Seasons
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.unit

MINUTE, DAY = 60.0, 1440
TIME = np.arange(DAY)
SLOW_DAY = 10 + 2 * np.sin(2 * np.pi * TIME / DAY)


def batch(period: float, minutes: int = 12, height: float = 4.0) -> FloatArray:
    """A job that runs for some minutes once a period."""
    return np.asarray(height * (TIME % period < minutes))


def seen(*series: FloatArray, first: int = 0) -> tuple[Cycle, Seasons]:
    """A day of minutes of each, looked at after the last."""
    rows = np.stack(series, axis=1)
    seasons, cycle = Seasons.blank(len(series), MINUTE), Cycle.blank(len(series), MINUTE)
    for step, z in enumerate(rows, start=first):
        seasons.learn(step, z, np.zeros(len(z)))
    cycle.look(seasons, first + len(rows) - 1)
    return cycle, seasons


def noisy(clean: FloatArray, seed: int = 1) -> FloatArray:
    """A generator of its own: what a test sees does not depend on which others its worker ran."""
    return np.asarray(clean + np.random.default_rng(seed).normal(0, 0.4, DAY))


@pytest.mark.parametrize(
    ("clean", "minutes"),
    [
        pytest.param(SLOW_DAY + batch(90), 90, id="90 minutes, on top of a day"),
        pytest.param(SLOW_DAY + batch(100), 100, id="100 minutes, which no day is a multiple of"),
        pytest.param(SLOW_DAY + batch(37, minutes=6), 37, id="37 minutes, between two means of five"),
        pytest.param(SLOW_DAY + batch(230, minutes=30), 230, id="nearly four hours"),
        pytest.param(10 + np.sin(2 * np.pi * TIME / 45), 45, id="a wave"),
    ],
)
def test_a_cycle_is_found_to_the_minute_or_as_a_multiple(clean: FloatArray, minutes: int) -> None:
    cycle, _ = seen(noisy(clean))
    found = cycle.of(0)
    assert found is not None
    period, strength = found
    times = round(period / minutes)
    assert times in {1, 5}  # five times 37 fall on a mean of five
    assert period == pytest.approx(times * minutes, abs=1)
    assert 0.4 <= strength <= 1


def test_the_strength_told_is_at_most_one() -> None:
    """The pairs of a long lag are fewer: their mean product may be larger than that of all."""
    days = [noisy(SLOW_DAY + batch(230, minutes=30), seed) for seed in range(10)]
    cycle, _ = seen(*days)
    told = [found[1] for row in range(len(days)) if (found := cycle.of(row))]
    assert float(cycle.strength.max()) > 1
    assert max(told) == 1


@pytest.mark.parametrize(
    "clean",
    [
        pytest.param(np.full(DAY, 10.0), id="noise"),
        pytest.param(SLOW_DAY, id="only a day"),
        pytest.param(10 + 5 * np.clip((TIME - 480) / 3, 0, 1) * (TIME < 1000), id="a morning and an evening"),
        pytest.param(10 + np.cumsum(np.random.default_rng(7).normal(0, 0.2, DAY)), id="a random walk"),
        pytest.param(10 + 4.0 * ((TIME > 300) & (TIME < 320)) + 4.0 * ((TIME > 400) & (TIME < 420)), id="twice"),
    ],
)
def test_where_nothing_repeats_there_is_none(clean: FloatArray) -> None:
    cycle, _ = seen(noisy(clean))
    assert cycle.of(0) is None


def test_a_constant_has_none() -> None:
    cycle, _ = seen(np.full(DAY, 3.0))
    assert cycle.of(0) is None


def test_what_is_said_is_the_mean_of_the_same_place_of_three_cycles() -> None:
    rising = batch(100) + np.floor(TIME / 100)  # each cycle one higher: 0 .. 14, the last since minute 1400
    cycle, seasons = seen(batch(100), rising)
    cycle.period[:] = 100.0
    said = cycle.before(seasons, np.array([1445, 1505]), 1439)
    assert said[:, 0].tolist() == [0.0, 4.0]  # 1445 is minute 45 of its cycle, 1505 minute 5 of the next
    assert said[0, 1] == (13 + 12 + 11) / 3  # at 1345, 1245, 1145
    assert said[1, 1] == 4 + (14 + 13 + 12) / 3  # at 1405, 1305, 1205


def test_without_a_cycle_nothing_is_said() -> None:
    cycle, seasons = seen(SLOW_DAY, batch(100))
    said = cycle.before(seasons, np.array([1450]), 1439)
    assert np.isnan(said[0]).tolist() == [True, False]


def test_it_looks_each_three_hours_only() -> None:
    seasons, cycle = Seasons.blank(1, MINUTE), Cycle.blank(1, MINUTE)
    for step, z in enumerate(batch(90)):
        seasons.learn(step, np.array([z]), np.zeros(1))
    cycle.look(seasons, DAY - 2)
    assert cycle.of(0) is None
    cycle.look(seasons, DAY - 1)
    assert cycle.of(0) is not None


def test_what_is_unknown_keeps_what_it_had() -> None:
    cycle, seasons = seen(batch(90))
    before = cycle.of(0)
    for step in range(DAY, DAY + 180):
        seasons.learn(step, np.full(1, np.nan), np.zeros(1))
    cycle.look(seasons, DAY + 179)
    assert before is not None
    assert cycle.of(0) == before


def test_a_row_is_looked_at_alone() -> None:
    together, _ = seen(batch(90), noisy(SLOW_DAY), batch(100))
    alone, _ = seen(batch(100))
    assert together.of(2) == alone.of(0)


def test_steps_of_a_quarter_of_an_hour_may_have_a_cycle_longer_ones_have_none() -> None:
    for seconds, expected in ((900.0, True), (1800.0, False)):
        seasons, cycle = Seasons.blank(1, seconds), Cycle.blank(1, seconds)
        steps = round(86400 / seconds)
        for step in range(steps):
            z = 4.0 * (step * seconds % 10800 < 1800)  # half an hour, each three hours
            seasons.learn(step, np.array([z]), np.zeros(1))
        cycle.look(seasons, steps - 1)
        assert (cycle.of(0) is not None) is expected


def test_the_autocorrelation_is_over_the_pairs_that_are_known() -> None:
    x = np.array([1.0, -1.0, 1.0, np.nan, 1.0, -1.0, 1.0, -1.0])[:, None]
    assert autocorrelation(x, 2)[:, 0] == pytest.approx([1.0, -1.0, 1.0])
