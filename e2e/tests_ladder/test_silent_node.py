"""A node's kubelet says nothing for some minutes: its standby is made up for elsewhere, and is not taken away."""

from __future__ import annotations

import pytest

from rig.warmth import Shop, is_ready, uids
from rig.world import World
from tests_ladder.conftest import PLACE

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_standby_of_a_silent_node_is_made_up_for_and_one_is_given_back_when_it_returns(here: World) -> None:
    shop = Shop(here, PLACE, "silent").open(2, 1, cold_seconds=2)
    (standby,) = shop.standbys()
    node = standby["spec"]["nodeName"]

    def heard(told: str | None) -> None:
        """With the label kwok speaks for the node, without it nobody does."""
        shop.api.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": {"type": told}}})

    heard(None)
    try:
        shop.until("another standby", lambda: shop.warm_standbys() == 1 and len(shop.standbys()) == 2, 300)
        silent, other = sorted(shop.standbys(), key=is_ready)
        assert uids([silent]) == uids([standby])
        assert other["spec"]["nodeName"] != node
    finally:
        heard("kwok")
    shop.until("one standby", lambda: uids(shop.standbys()) == uids([other]), 240)
    assert is_ready(*shop.standbys())
