"""The engine with its standby rung over recorded time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from edgewarm.cli.replaying import quiet_engine
from edgewarm.model.policy import Bounds, Policy
from edgewarm.model.rungs import ParkingTerms, Rungs, StandbyTerms
from edgewarm.replay.account import Sums
from edgewarm.replay.costs import costs
from edgewarm.replay.ladder import climbed, compared
from edgewarm.replay.passes import Rhythm, replayed
from edgewarm.replay.scene import Scene
from edgewarm.replay.starts import Starts
from support.builders import policy
from support.scenes import scene, waves

pytestmark = pytest.mark.component


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with quiet_engine():
        yield


def asked(where: Scene, rungs: Rungs, **overrides: object) -> Policy:
    return policy(capacity_per_pod=where.capacity, bounds=where.bounds, rungs=rungs, **overrides)


async def course(where: Scene, rungs: Rungs, **overrides: object) -> Sums:
    return await climbed(where, asked(where, rungs, **overrides), Rhythm.of(where.step_seconds))


def sudden() -> Scene:
    """Five hours of 10 pods, then half an hour of 13, which nothing foretold; a start takes ten minutes."""
    demand = np.array([9.5] * 300 + [12.5] * 30)
    return scene(demand, 290, starts=Starts(600.0), bounds=Bounds(1, 100))


async def test_standbys_serve_a_rise_that_nobody_foresaw_while_cold_pods_still_start() -> None:
    ladder = await course(sudden(), Rungs(StandbyTerms(least=3)))
    bare = await course(sudden(), Rungs())

    assert ladder.promotions == 3
    assert bare.promotions == 0
    assert 0 < ladder.cold_share < bare.cold_share / 4
    assert ladder.standby > 0


async def test_without_rungs_it_agrees_with_the_replay_of_replicas() -> None:
    where = scene(waves(1, pods=20.0)[:560], 440, starts=Starts(120.0), bounds=Bounds(1, 100))
    (cost,) = costs(where, await replayed(where, asked(where, Rungs()), Rhythm.of(60.0)))

    found = await course(where, Rungs())

    assert found.held == pytest.approx(cost.held, rel=0.01)
    assert found.short == pytest.approx(cost.short, abs=0.1 * cost.short + 2)
    assert (found.standby, found.promotions, found.parkings) == (0, 0, 0)


async def test_what_is_scaled_in_of_an_evening_is_parked_as_long_as_it_may_be_wanted_back() -> None:
    where = scene(waves(3, step_seconds=300.0, pods=30.0)[: 2 * 288 + 228], 2 * 288 + 204, step_seconds=300.0)

    found = await course(where, Rungs(StandbyTerms(price=0.2), ParkingTerms()))

    assert found.parkings > 0
    assert found.standby > 0


async def test_the_same_replay_gives_the_same_sums() -> None:
    rungs = Rungs(StandbyTerms(least=2), ParkingTerms())

    assert await course(sudden(), rungs) == await course(sudden(), rungs)


def test_only_a_policy_that_asks_for_standbys_is_compared() -> None:
    def never(_: Policy, what: str) -> Sums:
        raise AssertionError(f"{what} was run")

    assert compared(policy(), (10.0,), never) == ()


def test_the_other_two_are_tuned_to_the_ladders_cold_share_and_run_once_each() -> None:
    """Replicas only: 10 %/kappa cold; no warming: 5 % x utilisation; the ladder at 1 %."""
    told: list[str] = []

    def run(one: Policy, what: str) -> Sums:
        told.append(what)
        if one.rungs.standby is not None:
            return Sums(demand=100.0, cold=1.0)
        if what.startswith("no warming"):
            return Sums(demand=100.0, cold=5 * one.scale_up_utilization, idle=100.0)
        return Sums(demand=100.0, cold=10 / one.kappa, idle=one.kappa)

    one, other = compared(policy(rungs=Rungs(StandbyTerms(price=0.5))), (10.0, 7.0), run)

    assert (one.kappa, one.price) == (10.0, 0.5)
    assert one.replicas.sums.cold_share == pytest.approx(0.01)
    assert one.replicas.sums.idle == pytest.approx(10.0)
    assert not one.reactive.reached  # 5 % x 0.3 is its least
    assert other.replicas.sums.cold_share == pytest.approx(0.01)
    assert len(told) == len(set(told))
