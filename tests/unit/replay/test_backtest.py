"""What is trained, what is issued, what is asked of the model, and what its targets are."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from edgewarm.replay.backtest import Settings, length, prepared, run, training_steps
from edgewarm.replay.errors import TraceError
from edgewarm.replay.model import check_levels, mixing, model_levels
from edgewarm.replay.rolling import actuals, origins_after
from edgewarm.replay.trace import Trace

pytestmark = pytest.mark.unit

HOUR = 3600.0
DAY = 24
NAN = np.nan


def hourly(values: object) -> Trace:
    return Trace("t.csv", HOUR, 472_224, np.array(values, dtype=np.float64))  # a midnight


@pytest.mark.parametrize(
    ("days", "expected"),
    [(1, 0.5), (2, 1), (3, 2), (4, 2), (10, 5), (14, 7), (60, 7)],
    ids=lambda value: f"{value} d",
)
def test_training_is_half_of_the_trace_at_most_seven_days_and_two_where_there_are_three(
    days: int, expected: float
) -> None:
    assert training_steps(hourly(np.zeros(days * DAY)), None) == expected * DAY


def test_training_is_what_the_user_says_if_that_leaves_something() -> None:
    trace = hourly(np.zeros(4 * DAY))

    assert training_steps(trace, 3 * DAY * HOUR) == 3 * DAY
    with pytest.raises(TraceError, match="--train: 96h leaves nothing of the 96h of"):
        training_steps(trace, 4 * DAY * HOUR)


def test_a_horizon_must_fit_behind_training() -> None:
    trace = hourly(np.zeros(4 * DAY))

    assert prepared(trace, Settings((2 * DAY - 1,), (0.5,)))[0] == 2 * DAY
    with pytest.raises(TraceError, match="--horizons: 48 steps do not fit"):
        prepared(trace, Settings((1, 2 * DAY), (0.5,)))


def test_the_grid_has_the_levels_of_the_user_and_of_the_model_and_the_median() -> None:
    _, grid = prepared(hourly(np.zeros(4 * DAY)), Settings((1,), (0.8,)))

    assert set(grid) == {0.8, 0.5, *model_levels()}
    assert list(grid) == sorted(grid)


def test_a_level_between_two_is_interpolated_as_a_normal_distribution_has_it() -> None:
    known, wanted = (0.05, 0.5, 0.9, 0.99), (0.05, 0.2, 0.8, 0.95, 0.99)
    normal = NormalDist(100, 15)

    found = np.array([normal.inv_cdf(level) for level in known]) @ mixing(known, wanted)

    assert found == pytest.approx([normal.inv_cdf(level) for level in wanted])


@pytest.mark.parametrize("level", [0.01, 0.999])
def test_a_level_beyond_the_models_is_refused(level: float) -> None:
    with pytest.raises(TraceError, match=f"--quantiles: {level} is beyond what can be said"):
        check_levels([0.5, level], (0.05, 0.5, 0.99), "--quantiles")


def test_origins_are_steps_after_training_with_a_sample() -> None:
    assert origins_after(hourly([1, 2, 3, NAN, 5, 6]), 2).tolist() == [2, 4, 5]


def test_a_target_is_the_value_so_many_steps_later() -> None:
    found = actuals(np.array([10.0, 11.0, NAN, 13.0]), np.array([0, 1, 2, 3]), 1)

    assert np.array_equal(found, [11.0, NAN, 13.0, NAN], equal_nan=True)


def test_a_label_off_the_round_step_is_kept() -> None:
    assert Trace("t", 300.0, 2, np.zeros(3), (), 173.0).time(1) == 3 * 300 + 173


def test_every_method_is_scored_on_the_same_targets() -> None:
    hours = np.arange(6 * DAY)
    values = 100 - 50 * np.cos(hours * 2 * np.pi / DAY) + np.random.default_rng(1).normal(0, 3, len(hours))
    values[[100, 120]] = NAN

    found = run(hourly(values), Settings((1, 3), (0.5, 0.9)), lambda steps: None)

    first, third = found.horizons
    after = 6 * DAY - found.train_steps
    assert first.scored == after - 1 - 2 * 2  # no target after the end; two origins and two targets are unknown
    assert third.scored == after - 3 - 2 * 2
    assert min(scores.scaled_pinball for scores in first.naive.values()) == first.naive[first.better].scaled_pinball


def test_a_trace_that_is_too_short_for_the_model_is_refused() -> None:
    with pytest.raises(TraceError, match="too short for the model to say anything"):
        run(hourly(np.arange(10.0)), Settings((1,), (0.5,)), lambda steps: None)


def test_hours_of_coverage_are_those_of_the_value() -> None:
    """At five nothing is ever known: no value to score, and no forecast of eight o'clock, three hours later."""
    values = np.random.default_rng(4).gamma(2.0, 10.0, 6 * DAY)
    values[5::DAY] = NAN
    found = run(hourly(values), Settings((3,), (0.5, 0.9)), lambda steps: None)
    assert np.flatnonzero(np.isnan(found.horizons[0].by_hour[:, 0])).tolist() == [5, 8]


def test_progress_tells_of_all_the_steps_that_were_foretold() -> None:
    trace, settings, done = hourly(np.random.default_rng(3).gamma(2.0, 10.0, 5 * DAY)), Settings((1,), (0.5,)), [0]
    run(trace, settings, done.append)
    assert sum(done) == length(trace, settings) == 2 * 5 * DAY


def test_whole_weeks_later_everything_is_scored_the_same() -> None:
    random = np.random.default_rng(2)
    trace = hourly(random.gamma(2.0, 10.0, 6 * DAY))

    now, later = (
        run(each, Settings((1, 5), (0.5, 0.9)), lambda steps: None)
        for each in (trace, replace(trace, first=trace.first + 7 * DAY))
    )

    assert np.array_equal(now.issued, later.issued)
    assert [item.ratio for item in now.horizons] == [item.ratio for item in later.horizons]
    assert np.array_equal(now.horizons[0].by_hour, later.horizons[0].by_hour, equal_nan=True)
