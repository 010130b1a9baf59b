"""The ladder against replicas only and no warming, live, around the ramp of a day: sooner, and never beyond a budget.

tests/test_ramp_ladder is the sample of it that runs with every `make test`.
"""

from __future__ import annotations

import pytest

from rig.audit import Held, read_held
from rig.ramps import COLD_START_SECONDS
from rig.recorder import short_pod_seconds
from rig.sites import LADDER, WARM_PODS, gained
from tests_day.conftest import COLD, REPLICAS, SITES, Day

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def held(day: Day) -> list[Held]:
    return read_held(day.here.cluster.logs / "audit.log")


@pytest.mark.parametrize("name", SITES)
def test_no_budget_of_any_pool_was_exceeded_at_any_moment(day: Day, held: list[Held], name: str) -> None:
    (site,) = (one for one in day.sites if one.name == name)
    mine = [one for one in held if one.node in site.nodes]

    print(f"{name}: {site.most(mine)} of {dict(site.budgets)}, by {len(mine)} pods")
    assert site.most(mine)["pods"] == WARM_PODS  # six standbys at least were wanted there
    assert site.beyond(mine) == {}


@pytest.mark.parametrize("name", SITES)
def test_standbys_were_warm_before_the_ramp(day: Day, held: list[Held], name: str) -> None:
    (site,) = (one for one in day.sites if one.name == name)
    before = day.here.apps[name].ramp_at - COLD_START_SECONDS
    made = [one for one in held if one.node in site.nodes and one.policy == name and one.rung == "Standby"]

    assert any(one.since < before for one in made)


@pytest.mark.parametrize("name", SITES)
def test_endpoints_came_sooner_than_of_the_same_workload_without_the_ladder(day: Day, name: str) -> None:
    app = day.here.apps[name]
    samples = {place: day.recorder.of(place, name) for place in (LADDER, REPLICAS, COLD)}
    others = {place: gained(samples[LADDER], samples[place], app.ramp_at) for place in (REPLICAS, COLD)}
    short = {place: short_pod_seconds(found, app.curve, app.capacity) for place, found in samples.items()}

    print(f"{name}: seconds gained {others}, pod-seconds short {short}")
    for seconds in others.values():
        assert max(seconds) > COLD_START_SECONDS / 2
        assert sum(seconds) >= 0
    assert short[LADDER] <= short[REPLICAS]
    assert short[LADDER] < short[COLD]
