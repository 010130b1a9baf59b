"""Student's t against numerical integration of its density, and against what is known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.learn.student import incomplete_beta, student_cdf

pytestmark = pytest.mark.unit


def integrated(t: float, nu: float) -> float:
    """1/2 + the integral of the density from 0 to t, by Simpson's rule on 20,000 strips."""
    front = math.exp(math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2)) / math.sqrt(nu * math.pi)
    x = np.linspace(0.0, t, 20_001)
    density = front * (1 + x * x / nu) ** (-(nu + 1) / 2)
    weights = np.ones(20_001)
    weights[1:-1:2], weights[2:-1:2] = 4.0, 2.0
    return float(0.5 + (weights * density).sum() * t / 20_000 / 3)


@pytest.mark.parametrize("nu", [1.0, 4.0, 4.7, 12.5, 30.0, 200.0])
@pytest.mark.parametrize("t", [-3.0, -0.4, 0.1, 1.0, 2.5, 8.0])
def test_it_is_the_integral_of_its_density(t: float, nu: float) -> None:
    assert student_cdf(t, nu) == pytest.approx(integrated(t, nu), abs=1e-11)


@pytest.mark.parametrize(
    ("t", "nu", "expected"),
    [
        pytest.param(0.0, 7.0, 0.5, id="symmetric"),
        pytest.param(1.0, 1.0, 0.75, id="Cauchy: 1/2 + atan(1) / pi"),
        pytest.param(math.sqrt(2.0), 2.0, 0.5 + math.sqrt(2.0) / (2 * math.sqrt(4.0)), id="1/2 + t / 2 sqrt(2 + t^2)"),
        pytest.param(2.776445, 4.0, 0.975, id="the table's two-sided 5 %, four degrees of freedom"),
        pytest.param(1e6, 3.0, 1.0, id="far out"),
    ],
)
def test_known_values(t: float, nu: float, expected: float) -> None:
    assert student_cdf(t, nu) == pytest.approx(expected, abs=1e-7)


@given(st.floats(-50, 50), st.floats(0.5, 500))
def test_both_tails_add_up_to_one(t: float, nu: float) -> None:
    assert student_cdf(t, nu) + student_cdf(-t, nu) == pytest.approx(1.0)
    assert 0 <= student_cdf(t, nu) <= 1


def test_the_incomplete_beta_function_at_its_ends_and_in_the_middle() -> None:
    assert (incomplete_beta(2.0, 3.0, 0.0), incomplete_beta(2.0, 3.0, 1.0)) == (0.0, 1.0)
    assert incomplete_beta(1.0, 1.0, 0.3) == pytest.approx(0.3)  # uniform
    assert incomplete_beta(2.0, 1.0, 0.3) == pytest.approx(0.09)  # x^2
