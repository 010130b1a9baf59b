"""The recent days of one series: what is put, filled in later, forgotten, and averaged."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.recent import Recent

pytestmark = pytest.mark.unit

NAN = float("nan")


def put(length: int, **steps: float) -> Recent:
    """`s7=1.0` is the value 1 at step 7."""
    recent = Recent(length)
    for name, value in steps.items():
        recent.put(int(name[1:]), value)
    return recent


def test_means_end_with_the_last_step_and_begin_where_something_is_known() -> None:
    recent = put(6, s10=1.0, s11=2.0, s12=3.0, s13=6.0)
    assert recent.means(2).tolist() == [1.5, 4.5]
    recent.put(14, 9.0)
    assert recent.means(2).tolist() == [1.0, 2.5, 7.5]  # (10), (11, 12), (13, 14)


def test_unknown_steps_are_left_out_of_means_and_a_mean_of_nothing_is_unknown() -> None:
    found = put(6, s0=1.0, s1=NAN, s4=3.0, s5=5.0).means(2)
    assert found.tolist() == pytest.approx([1.0, NAN, 4.0], nan_ok=True)


def test_what_is_older_than_the_length_is_forgotten() -> None:
    assert put(2, s0=1.0, s1=2.0, s2=3.0).means(1).tolist() == [2.0, 3.0]
    assert put(2, s0=1.0, s9=3.0).means(1).tolist() == [3.0]


def test_nothing_known_has_no_means() -> None:
    assert Recent(4).means(2).tolist() == []


def test_the_past_can_be_filled_in_later_and_what_was_put_stays() -> None:
    recent = put(5, s10=10.0, s11=11.0)
    recent.fill(10, np.array([6.0, 7.0, 8.0, 9.0, 99.0]))
    assert recent.means(1).tolist() == [7.0, 8.0, 9.0, 10.0, 11.0]


def test_a_past_that_is_too_old_fills_nothing() -> None:
    recent = put(3, s10=10.0)
    recent.fill(5, np.array([4.0, 5.0]))
    assert recent.means(1).tolist() == [10.0]


def test_an_empty_series_takes_its_last_step_from_what_is_filled_in() -> None:
    recent = Recent(3)
    recent.fill(7, np.array([6.0, 7.0]))
    assert (recent.step, recent.means(1).tolist()) == (7, [6.0, 7.0])


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="steps must rise, got 3 after 3"):
        put(3, s3=1.0).put(3, 1.0)
