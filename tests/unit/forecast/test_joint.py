"""Several demands on the same pods: which level is largest where, and how sure the largest is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.forecast.joint import joint_demand, joint_fleet, joint_outlook, largest
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.model.quantiles import Outlook
from support.builders import certain, quantiles

pytestmark = pytest.mark.unit

CPU = quantiles((0.5, 2.0), (0.9, 3.0), (0.99, 4.0))  # cores, half a core per pod: 4, 6, 8 pods
MEMORY = quantiles((0.5, 10.0), (0.9, 12.0), (0.99, 20.0))  # GiB, 2 per pod: 5, 6, 10 pods


def test_at_every_level_the_largest_need_counts() -> None:
    found = largest([CPU, MEMORY], [0.5, 2.0])
    assert (found.levels, found.values) == ((0.5, 0.9, 0.99), (5.0, 6.0, 10.0))


def test_other_levels_are_read_between_the_known_ones() -> None:
    coarse = quantiles((0.5, 10.0), (0.99, 20.0))  # .9 is 40 / 49 of the way: 18.2 GiB, 9.08 pods
    assert largest([CPU, coarse], [0.5, 2.0]).at(0.9) == pytest.approx(10 / 2 + 5 * 40 / 49)


def test_horizons_are_those_that_all_have() -> None:
    cpu = Outlook(60.0, CPU, CPU, ((300.0, CPU), (900.0, CPU)))
    memory = Outlook(60.0, MEMORY, certain(30.0), ((300.0, MEMORY),))
    found = joint_outlook([cpu, memory], [0.5, 2.0])
    assert (found.lead_seconds, found.lead.values, found.hold.values) == (60.0, (5.0, 6.0, 10.0), (15.0, 15.0, 15.0))
    assert [(seconds, q.values) for seconds, q in found.horizons] == [(300.0, (5.0, 6.0, 10.0))]


def test_rows_of_one_policy_become_one_in_pods() -> None:
    """Rows cpu (4 of 2), memory (9 of 3), and alone another policy's (7 of 1)."""
    demand, per_pod, starts = np.array([4.0, 9.0, 7.0]), np.array([2.0, 3.0, 1.0]), np.array([0, 2])
    values = np.repeat(demand, 4).reshape(3, 2, 2)
    steps = np.array([1, 2])
    fleet = FleetForecast(7, (0.5, 0.9), steps, steps, values, 2 * values, np.array([True, False, True]))
    found = joint_fleet(fleet, per_pod, starts)
    assert joint_demand(demand, per_pod, starts).tolist() == [3.0, 7.0]
    assert (found.at_ahead[:, 0, 0].tolist(), found.max_until[:, 1, 1].tolist()) == ([3.0, 7.0], [6.0, 14.0])
    assert found.known.tolist() == [False, True]


def test_there_is_no_chance_of_several_resources_together() -> None:
    steps, values = np.array([1]), np.ones((3, 1, 1))
    chances = np.array([[0.1], [0.2], [0.3]])
    fleet = FleetForecast(7, (0.5,), steps, steps, values, values, np.ones(3, dtype=bool), chances, chances)
    found = joint_fleet(fleet, np.ones(3), np.array([0, 2]))
    for joined in (found.chance_ahead, found.chance_until):
        assert joined == pytest.approx(np.array([[np.nan], [0.3]]), nan_ok=True)


def test_one_unknown_demand_makes_the_largest_unknown() -> None:
    found = joint_demand(np.array([np.nan, 9.0]), np.array([1.0, 1.0]), np.array([0]))
    assert np.isnan(found).all()


@given(st.floats(0.0, 1.0), st.floats(0.5, 0.99), st.integers(0, 2**32 - 1))
def test_it_is_as_sure_as_the_bounds_say(together: float, level: float, seed: int) -> None:
    """Two demands of one shape that share a part of their causes: 1 - 2 (1 - q) <= P(both <= Q(q)) <= q."""
    random = np.random.default_rng(seed)
    shared, own = random.normal(size=4000), random.normal(size=(2, 4000))
    demand = 50.0 + np.sqrt(together) * shared + np.sqrt(1 - together) * own
    each = [quantiles((level, float(np.quantile(row, level)))) for row in demand]
    share = float((demand.max(axis=0) <= largest(each, [1.0, 1.0]).at(level)).mean())
    assert 1 - 2 * (1 - level) - 0.03 <= share <= level + 0.03
