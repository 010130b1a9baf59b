"""Keep-alive policies on rows short enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgewarm.model.demand import BoolArray
from edgewarm.replay.keepalive import (
    HybridHistogram,
    fixed_keep_alive,
    hazard_policy,
    idle_age,
    score,
)

pytestmark = pytest.mark.unit


def row(text: str) -> BoolArray:
    """One row, '#' where something comes."""
    return np.array([[mark == "#" for mark in text]])


def drawn(warm: BoolArray) -> str:
    return "".join("w" if each else "." for each in warm[0])


TIMER = row("#....#....#....#....#")


def test_age_counts_from_the_last_arrival_before_the_step() -> None:
    assert idle_age(row("#..#..")).tolist() == [[7, 1, 2, 3, 1, 2]]  # 7 = T + 1: nothing came yet


def test_a_fixed_keep_alive_is_warm_for_its_length() -> None:
    short, long = fixed_keep_alive(row("#..#.."), np.array([1, 3]))
    assert drawn(short) == ".w..w."
    assert drawn(long) == ".wwwww"


def test_a_keep_alive_longer_than_the_trace_warms_nothing_before_the_first_arrival() -> None:
    assert drawn(fixed_keep_alive(row("..#.."), np.array([100]))[0]) == "...ww"


def test_the_score_counts_cold_starts_and_idle_steps() -> None:
    arrivals = row("#..#..")
    found = score(arrivals, fixed_keep_alive(arrivals, np.array([3]))[0])  # warm at 1..5, arrivals at 0 and 3
    assert (found.arrivals, found.cold, found.idle, found.used) == (2, 1, 4, 1)
    assert found.cost(kappa=10) == 4 + 10 * 1
    assert (found.precision, found.recall) == (1 / 5, 1 / 2)
    assert found.f1 == pytest.approx(2 * 0.2 * 0.5 / 0.7)


def test_nothing_to_judge_is_no_fault() -> None:
    found = score(row("...."), row("...."))
    assert (found.precision, found.recall, found.cost(10)) == (1.0, 1.0, 0.0)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        score(row("##"), row("#"))


def test_the_histogram_unloads_a_timer_and_loads_it_before_it_is_due() -> None:
    # gap 5 alone: head = tail = 5, warm from floor(.9 x 5) = 4 to ceil(1.1 x 5) = 6; kept 2 steps until there is a gap
    warm = HybridHistogram(bins=10, fallback=2).warm(TIMER)
    assert drawn(warm) == ".ww......ww...ww...ww"


def test_the_histogram_waits_a_tenth_longer_for_a_timer_that_does_not_come() -> None:
    warm = HybridHistogram(bins=10, fallback=2).warm(row("#....#....#........"))
    assert drawn(warm) == ".ww......ww...www.."


def test_without_a_gap_the_range_is_the_keep_alive() -> None:
    assert drawn(HybridHistogram(bins=3).warm(row("#......"))) == ".www..."


def test_gaps_out_of_bounds_fall_back() -> None:
    warm = HybridHistogram(bins=4, fallback=1).warm(TIMER)  # every gap of 5 is beyond the histogram
    assert drawn(warm) == ".w....w....w....w...."


def test_a_flat_histogram_says_nothing_and_falls_back() -> None:
    gaps = row("#.#..#.#..#")  # gaps 2, 3, 2, 3 in 3 bins: counts 0, 2, 2 vary by .71 of their mean, not more than 2
    assert drawn(HybridHistogram(bins=3, fallback=1).warm(gaps)) == ".w.w..w.w.."


def test_the_hazard_policy_is_warm_where_an_idle_step_is_cheaper_than_the_start_it_may_save() -> None:
    probability = np.array([[0.19, 0.21]])
    assert drawn(hazard_policy(probability, kappa=4)) == ".w"  # 1 / (1 + 4) = .2


def test_a_start_that_costs_something_is_made_later_and_undone_no_earlier() -> None:
    probability = np.array([[0.25, 0.31, 0.25, 0.19, 0.25]])
    assert drawn(hazard_policy(probability, kappa=4, start_cost=0.5)) == ".ww.."  # in above .3, out at .2


matrices = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=40))


@given(matrices, st.integers(1, 20), st.data())
def test_no_policy_looks_ahead(arrivals: BoolArray, bins: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, arrivals.shape[1] - 1))
    other = arrivals.copy()
    other[:, cut:] = ~other[:, cut:]  # step `cut` is decided before it is seen
    for policy in (HybridHistogram(bins).warm, lambda seen: fixed_keep_alive(seen, np.array([bins]))[0]):
        assert np.array_equal(policy(arrivals)[:, : cut + 1], policy(other)[:, : cut + 1])


@given(matrices)
def test_rows_are_judged_alone(arrivals: BoolArray) -> None:
    together = HybridHistogram(5).warm(arrivals)
    alone = np.concatenate([HybridHistogram(5).warm(one[None]) for one in arrivals])
    assert np.array_equal(together, alone)


@given(matrices)
def test_a_longer_keep_alive_has_no_more_cold_starts(arrivals: BoolArray) -> None:
    cold = [score(arrivals, warm).cold for warm in fixed_keep_alive(arrivals, np.array([1, 2, 5, 100]))]
    assert cold == sorted(cold, reverse=True)
