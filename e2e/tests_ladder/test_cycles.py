"""Promoting and parking again and again: the same pods serve, wait, and serve; none is lost, nothing is left behind."""

from __future__ import annotations

import pytest

from rig.warmth import Shop
from rig.world import World
from tests_ladder.conftest import PLACE

pytestmark = pytest.mark.e2e
AT_ONCE = {"scaleDown": {"stabilizationWindowSeconds": 0}}


def stand(shop: Shop, replicas: int, standbys: int) -> None:
    """So many of four pods serve, the others wait."""
    shop.warm(
        replicas,
        standbys,
        scaling={"minReplicas": replicas, "behavior": AT_ONCE},
        rungs={"standby": {"min": standbys, "max": 4}, "parking": {"drain": "0s"}},
        forecast={"confidenceThreshold": "0.99"},  # what is held is what the policy says, not what is foreseen
    )


@pytest.mark.parametrize("times", [5, pytest.param(250, marks=pytest.mark.slow)], ids=["a sample", "five hundred"])
def test_pods_that_are_parked_and_promoted_stay_the_same_pods(here: World, times: int) -> None:
    """Each turn parks two and promotes two."""
    shop = Shop(here, PLACE, f"turns-{times}").open(4, 0, cold_seconds=60)
    stand(shop, 4, 0)
    shop.until(
        "its history to be learned", lambda: shop.status().get("reason") not in (None, "Restarted", "Learning"), 400
    )
    before = {pod["metadata"]["uid"] for pod in shop.serving()}

    with shop.never_below(2):
        for _ in range(times):
            stand(shop, 2, 2)
            shop.until("two to be parked", lambda: (len(shop.serving()), shop.warm_standbys()) == (2, 2), 60)
            assert {pod["metadata"]["uid"] for pod in (*shop.serving(), *shop.standbys())} == before
            stand(shop, 4, 0)
            shop.until("two to be promoted", lambda: (shop.endpoints(), len(shop.standbys())) == (4, 0), 60)
            assert {pod["metadata"]["uid"] for pod in shop.serving()} == before
    labels = [pod["metadata"]["labels"] for pod in shop.serving()]
    assert all(set(one) == {"app", "pod-template-hash"} for one in labels)
    assert all(len(pod["metadata"]["ownerReferences"]) == 1 for pod in shop.serving())
