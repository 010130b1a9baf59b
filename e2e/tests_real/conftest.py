"""A world with a real node: what it pulls is really pulled, over a link of its own speed, and really answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from controlplane.curves import Curve
from controlplane.real_node import RealNode
from controlplane.real_node.settings import REGISTRY
from rig.moving import CAPACITY, PLACE
from rig.serving import Serving
from rig.world import App, World, world


def steady(now: float) -> list[App]:
    """Nearly one pod's demand, as it has been for two hours and will be."""
    return [App("warm", Curve([now - 7200, now + 7200], [40.0, 40.0]), CAPACITY, now)]


@pytest.fixture(scope="session")
def files() -> Iterator[Serving]:
    """A file server that pods reach."""
    with Serving() as server:
        yield server


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory, files: Serving) -> Iterator[World]:
    """The simulated node is where pods are at first. One class may fetch from the file server, by the image that
    test_files pushes."""
    directory = tmp_path_factory.mktemp("real-images") / "world"
    fetcher = {"name": "files", "image": f"{REGISTRY}/edgewarm:1", "hosts": [files.host], "spareBytes": 0}
    values = {"fetchers": [fetcher]}
    with world(
        "real-images", steady, nodes=1, directory=directory, real_node=True, warm=[PLACE], values=values
    ) as made:
        yield made


@pytest.fixture(scope="session")
def node(here: World) -> RealNode:
    return RealNode(here.cluster)
