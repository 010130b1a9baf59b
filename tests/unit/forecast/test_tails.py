"""The quantiles that errors of a day start from."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.mixture import FAR_START, LEVELS, START
from edgewarm.forecast.tails import heavy_tailed

pytestmark = pytest.mark.unit


def share_below(t: float) -> float:
    """The distribution function of Student's t with four degrees of freedom."""
    x = t / np.sqrt(4 + t * t)
    return 0.5 + 0.75 * (x - x**3 / 3)


@pytest.mark.parametrize("level", LEVELS)
def test_so_much_lies_below_the_quantile(level: float) -> None:
    assert share_below(heavy_tailed(level)) == pytest.approx(level, abs=1e-12)


def test_the_unit_is_a_mean_absolute_error() -> None:
    steps = 100_000
    sizes = [abs(heavy_tailed((place + 0.5) / steps)) for place in range(steps)]
    assert np.mean(sizes) == pytest.approx(1.0, abs=1e-3)


def test_errors_of_a_day_start_narrower_in_the_middle_and_wider_at_the_ends_than_a_normal() -> None:
    wider = dict(zip(LEVELS, np.abs(FAR_START[:, 0]) - np.abs(START[:, 0]), strict=True))
    assert (
        max(wider[level] for level in (0.16, 0.25, 0.75, 0.84, 0.9)) < 0 < min(wider[0.025], wider[0.975], wider[0.99])
    )
    assert wider[0.5] == pytest.approx(0.0)
