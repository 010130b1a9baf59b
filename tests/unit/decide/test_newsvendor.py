"""How many pods: the one ceil, censored demand, and the newsvendor's quantile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.decide.newsvendor import held, is_censored, need, probability_needed, reactive_floor
from edgewarm.model.quantiles import Quantiles
from support.builders import LEVELS, certain, quantiles

pytestmark = pytest.mark.unit

SPREAD = quantiles((0.5, 100.0), (0.9, 200.0), (0.95, 300.0), (0.99, 500.0))


@pytest.mark.parametrize(
    ("demand", "capacity", "pods"),
    [
        pytest.param(0.0, 50.0, 0, id="no demand needs no pod"),
        pytest.param(0.4, 50.0, 1, id="0.4 / 50 is more than nothing"),
        pytest.param(250.0, 50.0, 5, id="250 / 50 is exactly 5"),
        pytest.param(250.1, 50.0, 6, id="250.1 / 50 is a little more than 5"),
        pytest.param(0.3, 0.1, 3, id="0.3 / 0.1 is 3, whatever binary fractions say"),
        pytest.param(2.1, 0.7, 3, id="2.1 / 0.7 is 3, whatever binary fractions say"),
        pytest.param(1e9, 0.5, 2_000_000_000, id="1e9 / 0.5 is 2e9"),
        pytest.param(1e300, 0.5, 2**31 - 1, id="no more than the API can count"),
    ],
)
def test_need_is_rounded_up_once(demand: float, capacity: float, pods: int) -> None:
    assert need(demand, capacity) == pods


@pytest.mark.parametrize(
    ("demand", "ready", "censored", "floor"),
    [
        pytest.param(99.0, 2, False, 2, id="99 of 2 x 50 can be served"),
        pytest.param(100.0, 2, True, 3, id="100 of 2 x 50 is all that can be served, so one pod more"),
        pytest.param(260.0, 2, True, 6, id="260 / 50 needs more than one pod more"),
        pytest.param(260.0, 0, False, 6, id="without a ready pod nothing was served, so nothing was cut off"),
        pytest.param(0.0, 0, False, 0, id="nothing asked, nothing ready"),
        pytest.param(0.0, 3, False, 0, id="nothing asked"),
    ],
)
def test_demand_at_what_ready_pods_serve_is_a_lower_bound(
    demand: float, ready: int, censored: bool, floor: int
) -> None:
    assert is_censored(demand, ready, 50.0) is censored
    assert reactive_floor(demand, ready, 50.0) == floor


@pytest.mark.parametrize(
    ("level", "pods"),
    [
        pytest.param(0.1, 2, id="below the lowest known level: 100 / 50"),
        pytest.param(0.5, 2, id="median: 100 / 50"),
        pytest.param(0.9, 4, id="p90: 200 / 50"),
        pytest.param(10 / 11, 5, id="kappa 10: 200 + (.909 - .9) / .05 x 100 = 218.2, / 50 = 4.4"),
        pytest.param(0.95, 6, id="p95: 300 / 50"),
        pytest.param(0.999, 10, id="no higher than the highest calibrated level: 500 / 50"),
    ],
)
def test_the_service_level_chooses_the_quantile(level: float, pods: int) -> None:
    assert held(SPREAD, level, 50.0) == pods


@pytest.mark.parametrize(
    ("count", "probability"),
    [
        pytest.param(0, 1.0, id="no pod is always enough to be needed"),
        pytest.param(1, 1.0, id="P(demand > 0)"),
        pytest.param(2, 0.5, id="P(demand > 50): below the lowest known quantile only its level is known"),
        pytest.param(3, 0.5, id="P(demand > 100) at the median"),
        pytest.param(4, 0.3, id="P(demand > 150): half way from .5 to .9, 1 - .7"),
        pytest.param(5, 0.1, id="P(demand > 200) at p90"),
        pytest.param(6, 0.075, id="P(demand > 250): half way from .9 to .95"),
        pytest.param(99, 0.01, id="beyond the highest quantile its level is the answer"),
    ],
)
def test_the_probability_that_a_pod_is_needed(count: int, probability: float) -> None:
    assert probability_needed(SPREAD, count, 50.0) == pytest.approx(probability)


whole = st.integers(0, 10_000).map(float)
rising = st.lists(whole, min_size=9, max_size=9).map(lambda values: Quantiles(LEVELS, tuple(sorted(values))))


@given(rising, st.floats(0.06, 0.98), st.sampled_from([0.5, 1.0, 8.0, 50.0]))
def test_held_is_the_fewest_pods_that_keep_the_service_level(spread: Quantiles, level: float, capacity: float) -> None:
    pods = held(spread, level, capacity)
    enough, too_few = (probability_needed(spread, n, capacity) for n in (pods + 1, pods))
    assert enough <= 1 - level + 1e-6  # P(need > pods)
    assert pods == 0 or too_few >= 1 - level - 1e-6  # P(need > pods - 1)


@given(rising, st.integers(0, 50))
def test_a_further_pod_is_never_needed_more(spread: Quantiles, count: int) -> None:
    assert probability_needed(spread, count + 1, 50.0) <= probability_needed(spread, count, 50.0)


def test_certain_demand_is_held_at_any_level() -> None:
    assert {held(certain(120.0), level, 50.0) for level in (0.01, 0.5, 0.9999)} == {3}
