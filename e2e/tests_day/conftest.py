"""Three sites of 50 simulated nodes, each with a workload whose day begins in minutes, seen for ten minutes.

At each site the same workload stands three times, with the same demand and cold start: with the ladder (beside a second
one that wants standbys too, so that the pool's budgets have to choose), with replicas only, and with no warming.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from controlplane.curves import DAY, Curve, generated
from rig.objects import namespace
from rig.ramps import STEEP
from rig.recorder import Recorder
from rig.sites import LADDER, Site, ladder, make_site, start_at_site
from rig.world import App, World, world

REPLICAS, COLD = "replicas", "cold"
SITES = {"north": 20, "east": 15, "south": 15}
RAMP_SECONDS, APART_SECONDS, SEEN_SECONDS = 390.0, 30.0, 600.0


@dataclass(frozen=True)
class Day:
    """What was seen of it."""

    here: World
    sites: tuple[Site, ...]
    recorder: Recorder


def apps(now: float) -> list[App]:
    """One for each site, half a minute apart, and one whose demand is steady."""
    found = []
    for number, site in enumerate(SITES):
        at = now + RAMP_SECONDS + number * APART_SECONDS
        found.append(App(site, generated(8, 7 + number, now, ramp_at=at % DAY, shape=STEEP), 50.0, at))
    return [*found, App("steady", Curve([now - 2 * DAY, now + DAY], [90.0, 90.0]), 50.0, float("inf"))]


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The ten minutes, when they are over."""
    directory = tmp_path_factory.mktemp("day") / "world"
    places = [LADDER, *(f"steady-{site}" for site in SITES)]
    with world("day", apps, nodes=0, directory=directory, warm=places) as here:
        here.kubectl.apply(namespace(REPLICAS), namespace(COLD))
        sites = tuple(make_site(here, name, nodes) for name, nodes in SITES.items())
        for site in sites:
            app = here.apps[site.name]
            start_at_site(here, LADDER, app, site.name, **ladder(site.name))
            start_at_site(here, REPLICAS, app, site.name)
            start_at_site(here, COLD, app, site.name, scaling={"strategy": "Reactive"})
            start_at_site(here, f"steady-{site.name}", here.apps["steady"], site.name, **ladder(site.name))
        recorder = Recorder(here.cluster, [(place, name) for place in (LADDER, REPLICAS, COLD) for name in SITES])
        recorder.start()
        time.sleep(max(0.0, here.born_at + SEEN_SECONDS - time.time()))
        yield Day(here, sites, recorder)
        recorder.stop()
