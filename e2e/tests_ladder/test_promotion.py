"""A standby serves long before a cold pod would, whoever scales, and nobody notices it before it does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rig.objects import Manifest
from rig.warmth import Shop
from rig.world import World
from tests_ladder.conftest import PLACE

pytestmark = pytest.mark.e2e


def hpa(name: str, low: int) -> Manifest:
    """Without a metrics API it can only hold its bounds, which is all that is asked of it here."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {"scaleTargetRef": target, "minReplicas": low, "maxReplicas": 10},
    }


def by_hand(shop: Shop) -> None:
    shop.scale(4)


def by_its_policy(shop: Shop) -> None:
    shop.warm(4, 2)


def by_an_autoscaler(shop: Shop) -> None:
    """One that holds what there is, until its minimum is raised."""
    kubectl = shop.here.kubectl
    kubectl.apply(hpa(shop.name, 2))

    def seen() -> int:
        found: int = kubectl.get("hpa", shop.name, shop.place).get("status", {}).get("currentReplicas", 0)
        return found

    shop.until("its autoscaler", lambda: seen() == 2)
    kubectl.patch("hpa", shop.name, shop.place, {"spec": {"minReplicas": 4}})


@pytest.mark.parametrize("scaled", [by_hand, by_its_policy, by_an_autoscaler], ids=lambda found: found.__name__)
def test_a_standby_serves_in_less_than_a_quarter_of_a_cold_start(
    here: World, cold_start: float, scaled: Callable[[Shop], None]
) -> None:
    shop = Shop(here, PLACE, scaled.__name__.replace("_", "-"))
    shop.open()
    before = {pod["metadata"]["uid"] for pod in (*shop.serving(), *shop.standbys())}
    scaled(shop)
    seconds = shop.seconds_to_serve(4)
    print(f"{shop.name}: {seconds:.2f} s, cold {cold_start:.2f} s")

    assert seconds < cold_start / 4
    shop.until("the cold twins to go", lambda: len(shop.serving()) == 4)
    assert {pod["metadata"]["uid"] for pod in shop.serving()} == before
    shop.until("their adoption", lambda: shop.owners() == ["ReplicaSet"] * 4)
    labels = [pod["metadata"]["labels"] for pod in shop.serving()]
    assert all(one == labels[0] for one in labels)
