"""Promoting and parking again and again: the same pods serve, wait, and serve; none is lost, nothing is left behind."""

from __future__ import annotations

import pytest

from rig.objects import condition
from rig.warmth import Shop, uids
from rig.world import World
from tests_ladder.conftest import PLACE

pytestmark = pytest.mark.e2e
AT_ONCE = {"scaleDown": {"stabilizationWindowSeconds": 0}}


def stand(shop: Shop, replicas: int, standbys: int) -> None:
    """So many pods serve, so many wait."""
    shop.warm(
        replicas,
        standbys,
        scaling={"minReplicas": replicas, "behavior": AT_ONCE},
        rungs={"standby": {"min": standbys, "max": 100}, "parking": {"drain": "0s"}},
        forecast={"confidenceThreshold": "0.99"},  # what is held is what the policy says, not what is foreseen
    )


@pytest.mark.parametrize(
    ("turns", "moved", "cold"),
    [
        pytest.param(1, 4, 30, id="a sample"),
        pytest.param(20, 25, 60, marks=pytest.mark.slow, id="five hundred of each"),
    ],
)
def test_pods_that_are_parked_and_promoted_stay_the_same_pods(here: World, turns: int, moved: int, cold: float) -> None:
    """Each turn parks so many and promotes them again; it takes the minute for which a fall waits after a decision.

    The cold start is long against what the ReplicaSet controller takes for so many: a twin that became Ready may stay.
    """
    serving = 4
    shop = Shop(here, PLACE, f"turns-{turns}").open(serving + moved, 0, cold_seconds=cold)
    stand(shop, serving + moved, 0)
    # while history is being read nothing is lowered
    shop.until("its history", lambda: condition(shop.policy(), "Ready").get("reason") == "Forecasting", 200)
    before = uids(shop.serving())

    with shop.never_below(serving):
        for _ in range(turns):
            stand(shop, serving, moved)
            shop.until("all to be parked", lambda: (len(shop.serving()), shop.warm_standbys()) == (serving, moved), 240)
            # a cold twin may live for a moment, until the ReplicaSet sees the scale
            shop.until("the same pods", lambda: uids([*shop.serving(), *shop.standbys()]) == before)
            stand(shop, serving + moved, 0)
            shop.until("all to be promoted", lambda: (shop.endpoints(), len(shop.standbys())) == (serving + moved, 0))
            shop.until("their cold twins to be gone", lambda: uids(shop.serving()) == before)
    assert all(set(pod["metadata"]["labels"]) == {"app", "pod-template-hash"} for pod in shop.serving())
    shop.until("one owner for each", lambda: shop.owners() == ["ReplicaSet"] * (serving + moved))
