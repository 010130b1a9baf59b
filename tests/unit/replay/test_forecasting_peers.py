"""Holt-Winters, PHPA and Crane, step by step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgewarm.replay.peers import crane, hpa, phpa
from edgewarm.replay.peers.holt_winters import Coefficients, forecasts
from support.scenes import scene, waves

pytestmark = pytest.mark.unit
HALF = Coefficients(0.5, 0.5, 0.5)


# --- Holt-Winters ----------------------------------------------------------------------------------------------------


def test_holt_winters_by_hand() -> None:
    # season 2, history 2 4 3 5: l = (2 + 3) / 2 = 2.5, b = ((3 - 2) + (5 - 4)) / 2 / 2 = 0.5, s = -0.5, 1.5
    # y = 2: line 3.0, l = (2.5 + 3) / 2 = 2.75,       b = (0.25 + 0.5) / 2 = 0.375,      s0 = (-1 - 0.5) / 2 = -0.75
    # y = 4: line 3.125, l = (2.5 + 3.125) / 2 = 2.8125, b = (0.0625 + 0.375) / 2 = 0.21875,
    #                                                             s1 = (0.875 + 1.5) / 2 = 1.1875
    # y = 3: line 3.03125, l = (3.75 + 3.03125) / 2 = 3.390625, b = (0.578125 + 0.21875) / 2 = 0.3984375,
    #                                                             s0 = (-0.03125 - 0.75) / 2 = -0.390625
    # y = 5: line 3.7890625, l = (3.8125 + 3.7890625) / 2 = 3.80078125, b = (0.41015625 + 0.3984375) / 2 = 0.404296875
    found = forecasts(np.array([[2.0, 4.0, 3.0, 5.0]]), 2, HALF)

    assert found[0] == pytest.approx(3.80078125 + 0.404296875 - 0.390625)


def test_holt_winters_continues_a_line_with_a_season() -> None:
    t = np.arange(24)
    line = 10 + 0.5 * t + np.array([0.0, 2.0, -1.0])[t % 3]

    near, far = (forecasts(line[None], 3, Coefficients(0.4, 0.2, 0.3), steps)[0] for steps in (1, 3))

    assert (near, far) == (pytest.approx(10 + 12 + 0.0, abs=0.3), pytest.approx(10 + 13 - 1.0, abs=0.3))


def test_histories_side_by_side_are_forecast_each_for_itself() -> None:
    histories = np.random.default_rng(1).uniform(1, 9, (4, 20))
    together = forecasts(histories, 5, HALF)

    assert together.tolist() == [forecasts(row[None], 5, HALF)[0] for row in histories]


@pytest.mark.parametrize(("values", "steps"), [(5, 1), (6, 0), (6, 4)])
def test_holt_winters_says_what_it_needs(values: int, steps: int) -> None:
    with pytest.raises(ValueError, match="season"):
        forecasts(np.ones((1, values)), 3, HALF, steps)


def test_a_recursion_that_diverges_stays_a_number() -> None:
    wild = np.random.default_rng(1).uniform(0, 100, (1, 3000))

    assert np.isfinite(forecasts(wild, 288, Coefficients(0.9, 0.9, 0.9))).all()


# --- PHPA ------------------------------------------------------------------------------------------------------------


def test_the_shipped_order_is_newest_first_with_now_at_the_end() -> None:
    assert phpa.newest_first(np.array([[1.0, 2.0, 3.0, 4.0]])).tolist() == [[3.0, 2.0, 1.0, 4.0]]


def test_phpa_waits_for_two_seasons_and_holds_between_syncs() -> None:
    counts = np.full(60, 5)

    found = phpa.predicted(counts, 3, 8, (HALF, False))

    assert found[: 3 * 15].tolist() == [0] * 45  # the sixteenth sync is the first with two seasons of eight
    assert found[45:].tolist() == [5] * 15


def test_phpa_computes_nothing_before_it_is_asked() -> None:
    counts = np.random.default_rng(1).integers(1, 9, 60)
    whole, late = (phpa.predicted(counts, 3, 8, (HALF, False), begin) for begin in (0, 50))

    assert late[:48].tolist() == [0] * 48  # row 50 is in the sync of row 48
    assert late[48:].tolist() == whole[48:].tolist()


def test_phpa_keeps_four_seasons_at_most() -> None:
    counts = np.concatenate([np.full(100, 50), np.full(32, 5)])

    assert phpa.predicted(counts, 1, 8, (HALF, False))[-1] == 5  # of what was before nothing is left


def test_phpa_never_wants_less_than_hpa() -> None:
    world = scene(waves(3, step_seconds=600.0), step_seconds=600.0)
    reactive = hpa.wanted(world, world.load, np.array(phpa.TARGETS))

    for plans in (phpa.as_shipped(world), phpa.corrected(world)):
        tried = plans.course.wanted.shape[1] // len(phpa.TARGETS)
        assert (plans.course.wanted >= np.tile(reactive, tried)).all()


# --- Crane -----------------------------------------------------------------------------------------------------------


def test_a_day_is_found_and_noise_has_no_period() -> None:
    assert crane.period_rows(waves(5, step_seconds=600.0), 600.0) == 144
    assert crane.period_rows(np.random.default_rng(1).uniform(1, 2, 5 * 144), 600.0) is None


def test_one_day_shows_no_period() -> None:
    assert crane.period_rows(waves(1, step_seconds=600.0), 600.0) is None


def test_a_week_is_found_where_days_differ() -> None:
    hours = np.arange(4 * 168)

    assert crane.period_rows(10 + np.sin(2 * np.pi * hours / 168), 3600.0) == 168


def test_low_pass_keeps_the_slow_wave_and_drops_the_fast_one() -> None:
    rows, minutes = 1440, np.arange(3 * 1440)
    slow = 10 + 3 * np.sin(2 * np.pi * minutes / rows)

    found = crane.low_pass(slow + np.sin(2 * np.pi * minutes / 10), rows, 60.0, items=3, margin=0.1)

    assert found == pytest.approx(1.1 * slow[:rows])


def test_the_highest_of_every_phase() -> None:
    assert crane.highest(np.array([9.0, 1.0, 5.0, 3.0, 2.0]), 2).tolist() == [
        3.0,
        5.0,
    ]  # of 1 5, 3 2; the 9 is left over


def test_an_under_estimate_counts_more() -> None:
    half, ten = np.array([0.5]), np.array([1.0])

    assert crane.error(1.5 * ten, ten) == pytest.approx(0.5)
    assert crane.error(half, ten) == pytest.approx(np.log(2) / np.log(1.25))
    assert crane.error(half, np.array([0.0])) == 0.0


def test_crane_warms_before_a_daily_rise() -> None:
    day = np.concatenate([np.full(72, 2.0), np.full(72, 8.0)])  # ten-minute steps: it rises at noon
    world = scene(np.tile(day, 6), 5 * 144, step_seconds=600.0)

    found = crane.expected(world)[3600.0]

    noon = 5 * 144 + 72
    assert found[noon - 7] < 6.0 < found[noon - 5]  # an hour of six steps ahead, and the row that is known late


def test_crane_makes_its_model_anew_every_twelve_hours() -> None:
    world = scene(waves(6, step_seconds=600.0), 5 * 144, step_seconds=600.0)
    assert [(first, end) for first, end, _ in crane.predictions(world)] == [(720, 792), (792, 864)]


def test_without_a_period_crane_is_hpa() -> None:
    demand = np.random.default_rng(1).uniform(2, 9, 4 * 144)
    world = replace(scene(demand, step_seconds=600.0), begin=3 * 144)

    found = crane.plans(world).course.wanted

    reactive = hpa.wanted(world, world.load, np.array(crane.UTILIZATIONS))
    assert (found == np.tile(reactive, len(crane.WINDOWS_SECONDS))).all()
