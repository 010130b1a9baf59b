"""Parts that add up: who gives way, and that nobody falls below nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.forecast.reconcile import reconciled, shifted, variance
from support.builders import certain, quantiles

pytestmark = pytest.mark.unit

amounts = st.floats(0.0, 1e6)


@pytest.mark.parametrize(
    ("whole", "medians", "variances", "parts"),
    [
        pytest.param(100, [60, 40], [1, 1], [60, 40], id="they add up already"),
        pytest.param(110, [60, 40], [1, 1], [65, 45], id="as sure as each other: half each"),
        pytest.param(110, [60, 40], [9, 1], [69, 41], id="nine tenths to the one with nine times the variance"),
        pytest.param(90, [60, 40], [0, 1], [60, 30], id="one is certain"),
        pytest.param(50, [60, 5], [1, 1], [50, 0], id="half of 15 is more than the second has"),
        pytest.param(0, [60, 5], [1, 1], [0, 0], id="nothing is asked"),
        pytest.param(10, [0, 0], [0, 0], [5, 5], id="nothing was known"),
        pytest.param(7, [3], [0], [7], id="one part is the whole"),
    ],
)
def test_the_difference_goes_to_who_is_less_sure(
    whole: float, medians: list[float], variances: list[float], parts: list[float]
) -> None:
    found = reconciled(whole, np.array(medians, dtype=float), np.array(variances, dtype=float))
    assert found.tolist() == pytest.approx(parts, abs=1e-6)


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=60), amounts)
def test_parts_add_up_and_are_never_below_zero(parts: list[tuple[float, float]], whole: float) -> None:
    medians, spreads = np.array(parts).T
    found = reconciled(whole, medians, spreads**2)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(whole, rel=1e-9, abs=1e-6)


@given(st.lists(st.floats(0.0, 1e6), min_size=3, max_size=3), st.floats(0.0, 1e6))
def test_a_shifted_forecast_keeps_its_order_and_has_the_new_median(values: list[float], median: float) -> None:
    low, middle, high = sorted(values)
    found = shifted(quantiles((0.1, low), (0.5, middle), (0.9, high)), median)
    assert found.at(0.5) == pytest.approx(median, abs=1e-6)
    assert list(found.values) == sorted(found.values)
    assert found.values[0] >= 0


def test_the_variance_is_that_of_a_normal_distribution() -> None:
    assert variance(quantiles((0.1, 87.184), (0.5, 100.0), (0.9, 112.816))) == pytest.approx(100.0, rel=1e-3)
    assert variance(certain(50.0)) == 0.0
