"""Lead times are order statistics of real starts, and a restart does not forget them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.learn.lead_times import KEPT, LeadTimes

pytestmark = pytest.mark.unit


def seen(*seconds: float, restored: tuple[float, float] | None = None) -> LeadTimes:
    found = LeadTimes(restored=restored)
    for one in seconds:
        found = found.add(one)
    return found


@pytest.mark.parametrize(
    ("seconds", "p50", "p90"),
    [
        pytest.param([], None, None, id="nothing measured"),
        pytest.param([40.0], 40.0, 40.0, id="one start is all there is"),
        pytest.param([0.0], 0.0, 0.0, id="a start within a second is a measurement"),
        pytest.param([30.0, 10.0], 30.0, 30.0, id="of two, the longer: ceil(.5 x 1) = 1"),
        pytest.param([30.0, 10.0, 20.0], 20.0, 30.0, id="of three: ceil(.5 x 2) = 1, ceil(.9 x 2) = 2"),
        pytest.param(range(1, 10), 5.0, 9.0, id="of nine: ceil(.5 x 8) = 4, ceil(.9 x 8) = 8, the longest"),
        pytest.param(range(1, 12), 6.0, 10.0, id="of eleven: index 5 and index 9, one was longer"),
        pytest.param(range(1, 22), 11.0, 19.0, id="of 21: index 10 and index 18, two were longer"),
    ],
)
def test_quantiles_are_order_statistics(seconds: list[float], p50: float | None, p90: float | None) -> None:
    found = seen(*seconds)
    assert (found.quantile(0.5), found.quantile(0.9), found.measured) == (p50, p90, bool(seconds))


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf, -math.inf])
def test_clocks_that_differ_measure_nothing(wrong: float) -> None:
    assert seen(10.0, wrong) == seen(10.0)


def test_only_the_last_starts_count_but_all_are_counted() -> None:
    found = seen(*[1000.0] * 10, *[5.0] * KEPT)
    assert (found.quantile(0.9), found.starts, len(found.seconds)) == (5.0, KEPT + 10, KEPT)


@pytest.mark.parametrize(
    ("seconds", "p50", "p90"),
    [
        pytest.param([], 20.0, 60.0, id="what an earlier life measured"),
        pytest.param([30.0], 30.0, 60.0, id="one start raises p50 only: max(20, 30), max(60, 30)"),
        pytest.param([30.0, 90.0], 90.0, 90.0, id="two starts: max(20, 90), max(60, 90)"),
        pytest.param([30.0, 10.0, 20.0], 20.0, 30.0, id="three starts speak for themselves"),
    ],
)
def test_a_restored_lead_time_counts_until_three_starts(seconds: list[float], p50: float, p90: float) -> None:
    found = seen(*seconds, restored=(20.0, 60.0))
    assert (found.quantile(0.5), found.quantile(0.9), found.measured) == (p50, p90, True)


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=60))
def test_at_least_nine_of_ten_kept_starts_were_no_longer_than_p90(seconds: list[float]) -> None:
    found = seen(*seconds)
    p90 = found.quantile(0.9)
    assert p90 in found.seconds
    assert sum(one <= p90 for one in found.seconds) >= 0.9 * len(found.seconds)
