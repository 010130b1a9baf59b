"""One world for all end-to-end tests: a real control plane, a real Prometheus with days of history, the operator.

Its clock starts when it is born: the first ramps come minutes later, the ramp of the restart test after them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rig.plugin import Plugin, plugin
from rig.ramps import apps, start_arms
from rig.recorder import Recorder
from rig.sites import LADDER, Site, ladder, make_site, start_at_site
from rig.world import World, world


@pytest.fixture(scope="session")
def model() -> Iterator[Plugin]:
    """A plug-in of the world's administrator."""
    with plugin() as made:
        yield made


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory, model: Plugin) -> Iterator[World]:
    """The world, with nothing in it but the operator."""
    directory = tmp_path_factory.mktemp("e2e") / "world"
    with world("e2e", apps, directory=directory, warm=[LADDER], values={"plugins": [model.declared()]}) as made:
        yield made


@pytest.fixture(scope="session")
def ramp_site(here: World) -> Site:
    """Two nodes and their pool."""
    return make_site(here, "ramp", 2)


@pytest.fixture(scope="session")
def recorder(here: World, ramp_site: Site) -> Iterator[Recorder]:
    """The ramps under way, recorded once a second; one of them also with the ladder, at a site."""
    start_at_site(here, LADDER, here.apps["generated"], ramp_site.name, **ladder(ramp_site.name))
    running = start_arms(here, [(LADDER, "generated")])
    yield running
    running.stop()


@pytest.fixture(scope="session", autouse=True)
def _ramps_run_in_the_background(recorder: Recorder) -> None:
    """Ramps take minutes, so they start first; the other tests use the time."""
