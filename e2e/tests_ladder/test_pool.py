"""Standbys of a pool on a real control plane: on its nodes, within its budget, promoted there."""

from __future__ import annotations

from typing import Any

import pytest

from rig.objects import condition
from rig.warmth import Shop
from rig.world import World
from tests_ladder.conftest import PLACE

pytestmark = pytest.mark.e2e
EDGE = "sim-3"


def test_standbys_stand_on_the_pools_node_within_its_budget_and_serve_there(here: World) -> None:
    """The pool has one node and a budget of two pods; three standbys are asked for."""
    label = "edge.test/site"
    pool: dict[str, Any] = {
        "apiVersion": "edgewarm.io/v1alpha1",
        "kind": "EdgeNodePool",
        "metadata": {"name": "corner"},
        "spec": {"selector": {"matchLabels": {label: "corner"}}, "budgets": {"pods": 2}},
    }
    here.kubectl.run("delete", "enp", "simulated", "--ignore-not-found")  # of test_images: the elder pool has a node
    here.kubectl.run("label", "node", EDGE, f"{label}=corner")
    here.kubectl.apply(pool)
    shop = Shop(here, PLACE, "cornered").open(2, 0, rungs=None)
    shop.warm(2, 3, poolRef={"name": "corner"})
    shop.until("two warm standbys", lambda: shop.warm_standbys() == 2, 240)
    shop.until("a sentence", lambda: _refused(shop).get("reason") == "BudgetExhausted", 240)

    standbys = shop.standbys()
    assert {pod["spec"]["nodeName"] for pod in standbys} == {EDGE}
    assert "spec.budgets.pods has 0 left and 1 is asked: 1 short" in _refused(shop)["message"]
    shop.until("the pool's numbers", lambda: warm_nodes(here) == 1, 240)

    shop.scale(4)
    shop.until("four endpoints", lambda: shop.endpoints() == 4, 240)
    serving = {pod["metadata"]["name"]: pod["spec"]["nodeName"] for pod in shop.serving()}
    assert {serving[pod["metadata"]["name"]] for pod in standbys} == {EDGE}  # the same pods, where they stood


def warm_nodes(here: World) -> int | None:
    found: int | None = here.kubectl.get("enp", "corner").get("status", {}).get("warmNodes")
    return found


def _refused(shop: Shop) -> dict[str, Any]:
    return dict(condition({"status": shop.status()}, "StandbysPlaced"))
