"""The ladder in a pool with budgets, on the ramp of test_ramp: warm before it, serving sooner, never beyond a budget.

A sample of tests_day, which takes ten minutes.
"""

from __future__ import annotations

import time

import pytest

from rig.audit import Held, read_held
from rig.ramps import COLD_START_SECONDS
from rig.recorder import Recorder
from rig.sites import Site, gained
from rig.world import App, World

pytestmark = pytest.mark.e2e
AFTER_RAMP = 150.0


@pytest.fixture(scope="module")
def app(here: World, recorder: Recorder) -> App:
    """The generated one, whose first ramp is over."""
    found = here.apps["generated"]
    time.sleep(max(0.0, found.ramp_at + AFTER_RAMP - time.time()))
    return found


@pytest.fixture(scope="module")
def held(here: World, app: App) -> list[Held]:
    return read_held(here.cluster.logs / "audit.log")


def test_standbys_were_warm_before_the_ramp(app: App, held: list[Held]) -> None:
    made = [one for one in held if one.rung == "Standby"]

    assert made
    assert sum(one.since < app.ramp_at - COLD_START_SECONDS for one in made) >= 3


def test_no_budget_was_exceeded_at_any_moment(ramp_site: Site, held: list[Held]) -> None:
    mine = [one for one in held if one.node in ramp_site.nodes]

    assert {one.rung for one in mine} >= {"Standby"}
    assert ramp_site.beyond(mine) == {}


def test_endpoints_came_sooner_than_with_replicas_only_and_without_warming(app: App, recorder: Recorder) -> None:
    """The pods that were held warm serve when they are asked for, those of the others a cold start later."""
    samples = {place: recorder.of(place, app.name) for place in ("ladder", "act", "twin")}
    others = {place: gained(samples["ladder"], samples[place], app.ramp_at) for place in ("act", "twin")}

    print(f"seconds gained on replicas only and on no warming: {others}")
    for seconds in others.values():
        assert min(seconds) >= 0
        assert sum(seconds) > 0
        assert max(seconds) > COLD_START_SECONDS / 4
