"""The regression: what it believes before anything, and what it learns."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.features import NAMES, PRIOR
from edgewarm.forecast.ridge import HALF_LIFE_SECONDS, PAIR, Ridge

pytestmark = pytest.mark.unit

FIRST = np.array([0])
LAST_VALUE, WEEK = NAMES.index("last value"), NAMES.index("week before")


def taught(*pairs: tuple[dict[int, float], float], seconds: float = 300.0) -> Ridge:
    """One row and step ahead, after pairs of features and what came."""
    ridge = Ridge.blank(1, 1)
    for features, target in pairs:
        x = np.zeros((1, len(NAMES), 1))
        for index, value in features.items():
            x[0, index] = value
        ridge.learn(x, np.array([[target]]), np.array([seconds]))
    ridge.solve(FIRST, np.array([[float(len(pairs))]]))
    return ridge


def test_without_a_lesson_it_believes_its_prior() -> None:
    assert taught().beta[0, :, 0] == pytest.approx(PRIOR)


def test_it_learns_what_the_target_follows() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(1000, 2))
    found = taught(*(({LAST_VALUE: a, WEEK: b}, 0.2 * a + 0.8 * b) for a, b in values))
    assert found.beta[0, [LAST_VALUE, WEEK], 0] == pytest.approx([0.2, 0.8], abs=0.03)


@pytest.mark.parametrize(("lessons", "share"), [(4, 0.2), (16, 0.5), (48, 0.75), (800, 0.98), (8000, 0.98)])
def test_its_prior_counts_for_sixteen_lessons_and_for_two_percent_in_the_end(lessons: int, share: float) -> None:
    pairs = [({LAST_VALUE: 1.0 if index % 2 else -1.0}, 1.3 if index % 2 else -1.3) for index in range(lessons)]
    moved = taught(*pairs, seconds=0.0).beta[0, LAST_VALUE, 0] - PRIOR[LAST_VALUE]
    assert moved == pytest.approx(share * (1.3 - PRIOR[LAST_VALUE]), rel=0.02)


def test_another_unit_gives_the_same_coefficients() -> None:
    pairs = [({LAST_VALUE: a}, 0.5 * a) for a in (1.0, -2.0, 3.0)]
    large = [({LAST_VALUE: 1e3 * a}, 0.5e3 * a) for a in (1.0, -2.0, 3.0)]
    assert taught(*large).beta == pytest.approx(taught(*pairs).beta)


def test_half_of_a_lesson_is_forgotten_in_three_days() -> None:
    found = taught(({LAST_VALUE: 2.0}, 1.0), ({}, 0.0), seconds=HALF_LIFE_SECONDS)
    assert found.products[0, PAIR[LAST_VALUE, LAST_VALUE], 0] == pytest.approx(4.0 / 2)


def test_an_unknown_outcome_teaches_nothing() -> None:
    found = taught(({LAST_VALUE: 2.0}, np.nan))
    assert not found.products.any()
    assert not found.targets.any()
