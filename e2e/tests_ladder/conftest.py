"""A world for the ladder: a control plane, simulated nodes, and an operator that may keep pods in two namespaces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rig.warmth import COLD_SECONDS, Shop
from rig.world import World, world

PLACE, TIGHT = "warm", "tight"


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("ladder") / "world"
    with world("ladder", lambda _: [], directory=directory, warm=[PLACE, TIGHT]) as made:
        yield made


@pytest.fixture(scope="session")
def cold_start(here: World) -> float:
    """What two more pods take without edgewarm, in this run: from the scale call until both are ready endpoints."""
    shop = Shop(here, PLACE, "cold").open(2, 0, rungs=None, mode="Observe", cold_seconds=COLD_SECONDS)
    shop.scale(4)
    return shop.seconds_to_serve(4)
