"""The oracle is the limit: nobody who plays by the same rules costs less."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.model.policy import Bounds
from edgewarm.replay.costs import costs
from edgewarm.replay.peers import PEERS, oracle
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import followed
from edgewarm.replay.starts import Starts
from support.scenes import scene, waves

pytestmark = pytest.mark.unit
NEEDS = st.lists(st.integers(0, 3), min_size=1, max_size=6)


def limit(world: Scene, kappa: float) -> float:
    return costs(world, oracle.course(world, kappa))[0].total(kappa)


def test_a_pod_is_started_its_lead_time_before_it_is_needed() -> None:
    found = oracle.course(scene([1.0, 1, 1, 2, 2, 2, 1, 1]), 10.0)

    assert found.wanted[:, 0].tolist() == [1, 2, 2, 2, 2, 2, 1, 1]
    assert found.ready[:, 0].tolist() == [1, 1, 1, 2, 2, 2, 1, 1]


def test_a_short_gap_is_held_through_and_a_long_one_is_not() -> None:
    held = oracle.course(scene([1.0, 0, 1, 1, 1, 0, 0, 0, 1]), 10.0)

    # a gap of one step costs one idle minute, starting anew would cost two; of three steps only the last two are held
    assert held.wanted[:, 0].tolist() == [1, 1, 1, 1, 1, 0, 1, 1, 1]


def test_a_spike_is_served_only_if_a_shortage_is_dearer_than_two_idle_minutes() -> None:
    spike = scene([0.0, 0, 0, 1, 0])

    assert limit(spike, 1.5) == 1.5
    assert limit(spike, 3.0) == 2.0


def test_the_bounds_bind_the_oracle_too() -> None:
    found = oracle.course(scene([0.0, 5, 0], bounds=Bounds(1, 2)), 10.0)

    assert found.wanted.min() == 1
    assert found.wanted.max() == 2


def test_pods_walked_one_by_one_make_the_same_course() -> None:
    where = scene(waves(1, pods=20.0), bounds=Bounds(1, 1000))
    at_once, one_by_one = (oracle.wanted(where.need, where.known, where, 10.0, size) for size in (2**26, 1))

    assert at_once.max() > 15
    assert at_once.tolist() == one_by_one.tolist()


def test_steps_of_unknown_demand_are_free() -> None:
    assert limit(scene([1.0, np.nan, np.nan, 2.0]), 10.0) == 0.0


@given(NEEDS, st.integers(0, 2), st.sampled_from([0.5, 1.0, 2.5, 10.0]))
def test_no_course_whatever_costs_less(need: list[int], lead: int, kappa: float) -> None:
    world = scene([float(n) for n in need], starts=Starts(60.0 * lead), bounds=Bounds(0, 3))
    every = np.array(list(product(range(4), repeat=len(need)))).T

    cheapest = min(cost.total(kappa) for cost in costs(world, followed(world, every)))

    assert limit(world, kappa) == pytest.approx(cheapest)


@pytest.mark.parametrize("sigma", [0.0, 0.5])
@pytest.mark.parametrize("kappa", [3.0, 30.0])
def test_no_peer_with_its_best_knobs_costs_less(kappa: float, sigma: float) -> None:
    demand = waves(3, seed=2, step_seconds=900.0)
    world = scene(demand, 2 * 96, step_seconds=900.0, starts=Starts(1000.0, sigma), bounds=Bounds(1, 40))
    best = limit(world, kappa)

    assert best > 0
    for peer in PEERS:
        assert min(cost.total(kappa) for cost in costs(world, peer.plans(world).course)) >= best, peer.name
