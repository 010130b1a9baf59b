"""A world with a real node: what it pulls is really pulled, over a link of its own speed, and really answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from controlplane.certificates import Authority, create_authority
from controlplane.curves import Curve
from controlplane.real_node import RealNode
from controlplane.real_node.settings import REGISTRY
from rig.moving import CAPACITY, PLACE, SPARED
from rig.relay import Relay
from rig.serving import Serving, own_address
from rig.world import App, World, world
from support.fake_files import FakeFiles
from support.fake_git import FakeGit
from support.fake_registry import secured


def steady(now: float) -> list[App]:
    """Nearly one pod's demand, as it has been for two hours and will be."""
    return [App("warm", Curve([now - 7200, now + 7200], [40.0, 40.0]), CAPACITY, now)]


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Vouches for the Git server."""
    return create_authority()


@pytest.fixture(scope="session")
def files() -> Iterator[Serving[FakeFiles]]:
    """A file server that pods reach."""
    with Serving(FakeFiles(address=own_address())) as server:
        yield server


@pytest.fixture(scope="session")
def relay() -> Iterator[Serving[Relay]]:
    """The way of pods to the registry, whose port is set once it runs."""
    with Serving(Relay(own_address())) as server:
        yield server


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Serving[FakeGit]]:
    """A Git server that pods reach."""
    address, root = own_address(), tmp_path_factory.mktemp("git")
    with Serving(FakeGit(address=address, secure=secured(authority, address), root=root)) as server:
        yield server


@pytest.fixture(scope="session")
def here(
    tmp_path_factory: pytest.TempPathFactory,
    files: Serving[FakeFiles],
    relay: Serving[Relay],
    repositories: Serving[FakeGit],
) -> Iterator[World]:
    """The simulated node is where pods are at first. Two classes may fetch from the servers above, by the image
    that test_files pushes; one of them leaves more free than there is."""
    directory = tmp_path_factory.mktemp("real-images") / "world"
    hosts = [files.host, relay.host, repositories.host]
    fetcher = {"name": "files", "image": f"{REGISTRY}/edgewarm:1", "hosts": hosts, "spareBytes": 0}
    sparing = {**fetcher, "name": "sparing", "spareBytes": SPARED}
    values = {"fetchers": [{**fetcher, "secret": "fetch-login"}, sparing]}
    with world(
        "real-images", steady, nodes=1, directory=directory, real_node=True, warm=[PLACE], values=values
    ) as made:
        yield made


@pytest.fixture(scope="session")
def node(here: World) -> RealNode:
    return RealNode(here.cluster)
