"""Ages, intervals and patterns of arrivals, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.idle import AGE_BIN, AGE_BINS, NEVER, PAIRED, SINGLE, TIMERS, Idle, rate_class

pytestmark = pytest.mark.unit


def after(text: str) -> Idle:
    """One row: '#' something came, '.' nothing, '?' unknown."""
    idle = Idle.blank(1)
    for mark in text:
        idle.learn(np.array([mark == "#"]), np.array([mark != "?"]))
    return idle


def told(idle: Idle) -> tuple[int, int, int, bool]:
    return int(idle.age[0]), int(idle.interval[0]), int(idle.repeats[0]), bool(idle.sure[0])


@pytest.mark.parametrize(
    ("history", "age", "interval", "repeats", "sure"),
    [
        ("", NEVER, 0, 0, True),
        ("..", NEVER, 0, 0, True),
        ("#", 1, 0, 0, True),
        ("#..", 3, 0, 0, True),
        ("#..#", 1, 3, 0, True),
        ("#..#..#", 1, 3, 1, True),
        ("#..#..#.#", 1, 2, 0, True),
        ("#..#.?", 3, 3, 0, False),  # time passes in an unknown step, but the age may be wrong
        ("#..#.?#", 1, 3, 0, True),  # the gap across it is no interval
        ("??#", 1, 0, 0, True),
    ],
)
def test_what_is_known_after(history: str, age: int, interval: int, repeats: int, sure: bool) -> None:
    assert told(after(history)) == (age, interval, repeats, sure)


def test_ages_go_on_if_nothing_comes_and_never_stays_never() -> None:
    assert after("#.").ages(3).tolist() == [[2, 3, 4]]
    assert after("").ages(3).tolist() == [[NEVER] * 3]


def test_an_old_age_is_not_never() -> None:
    idle = after("#")
    idle.skip(10 * NEVER)
    assert int(idle.age[0]) == NEVER - 1


def test_the_pattern_of_the_last_steps_is_read_from_the_newest() -> None:
    assert after("#.#").patterns(3).tolist() == [[0b101, 0b1010, 0b10100]]


def test_skipped_steps_are_unknown_steps() -> None:
    skipped, seen = after("#..#."), after("#..#.???")
    skipped.skip(3)
    assert told(skipped) == told(seen)
    assert np.array_equal(skipped.recent, seen.recent)


def test_contexts_stay_within_their_tables() -> None:
    idle = Idle.blank(3)
    idle.age, idle.interval, idle.repeats = np.array([1, 70, NEVER]), np.array([0, 7, 4000]), np.array([0, 99, 3])
    ages = idle.ages(50)
    assert 0 <= idle.timers(ages).min() <= idle.timers(ages).max() < TIMERS
    assert 0 <= idle.pairs(ages).min() <= idle.pairs(ages).max() < PAIRED * PAIRED


def test_ages_are_single_steps_at_first_and_quarter_octaves_later() -> None:
    assert AGE_BIN[: SINGLE + 1].tolist() == list(range(SINGLE + 1))
    assert len({int(AGE_BIN[age]) for age in range(SINGLE + 1, 2 * SINGLE)}) == 4
    assert (np.diff(AGE_BIN) >= 0).all()
    assert AGE_BINS < 100


def test_rates_fall_into_octaves() -> None:
    assert rate_class(np.array([0.0, 1 / 1024, 1 / 512, 0.25, 1.0]), 10).tolist() == [0, 0, 1, 8, 9]


def test_a_timer_is_told_apart_around_its_interval() -> None:
    idle = after("#......#")  # interval 7
    ages = np.array([[1, 5, 6, 7, 8, 9, 14, 15, 28, 29]])
    relation = idle.timers(ages)[0] // (6 * 3)
    assert relation.tolist() == [1, 1, 2, 3, 4, 5, 5, 6, 6, 7]


def test_without_an_interval_there_is_no_timer() -> None:
    assert (after("#..").timers(np.array([[1, 2, 500]]))[0] // (6 * 3)).tolist() == [0, 0, 0]
