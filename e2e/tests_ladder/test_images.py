"""Images on simulated nodes, by the real API server, scheduler and garbage collector: where demand is told to be."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.waiting import wait_until
from rig.objects import condition, deployment, policy
from rig.world import World

pytestmark = pytest.mark.e2e

PLACE = "warm"
NAME = "pictures"
POOL = {
    "apiVersion": "edgewarm.io/v1alpha1",
    "kind": "EdgeNodePool",
    "metadata": {"name": "simulated"},
    "spec": {"selector": {"matchLabels": {"type": "kwok"}}},
}
HERE_AND_THERE = (
    'label_replace(vector(40), "node", "sim-1", "", "") or label_replace(vector(30), "node", "sim-2", "", "")'
)


def pulls(here: World) -> list[dict[str, Any]]:
    return here.kubectl.list("pod", PLACE, f"edgewarm.io/rung=Image,edgewarm.io/policy={NAME}")


def nodes_with_image(here: World) -> set[str]:
    wanted = f"docker.io/{PLACE}/{NAME}:1"
    nodes = here.kubectl.list("node")
    images = {node["metadata"]["name"]: node["status"].get("images", []) for node in nodes}
    return {name for name, found in images.items() if any(wanted in image["names"] for image in found)}


def counts(here: World) -> tuple[int, int] | None:
    """Wanted and warm, as told once a minute at most."""
    rungs = here.kubectl.get("wp", NAME, PLACE)["status"].get("rungs", [])
    return next(((one["wanted"], one["warm"]) for one in rungs if one["rung"] == "Image"), None)


def says(here: World) -> str:
    found = condition(here.kubectl.get("wp", NAME, PLACE), "ImagesWarm")
    return f"{found.get('reason')}: {found.get('message')}"


def test_nodes_with_demand_of_their_own_get_the_image_and_give_it_back_with_the_policy(here: World) -> None:
    here.kubectl.apply(
        POOL,
        deployment(PLACE, NAME, 1, "5s"),
        policy(
            PLACE,
            NAME,
            HERE_AND_THERE,
            50.0,
            demand={"labels": {"node": "node"}},
            mode="Act",
            poolRef={"name": "simulated"},
            forecast={"confidenceThreshold": "0", "historyWindow": "1h"},
            scaling={"maxReplicas": 1},
        ),
    )
    wait_until("the images", lambda: says(here).startswith("Warm: images are on 2"), 240.0, lambda: says(here))

    assert nodes_with_image(here) >= {"sim-1", "sim-2"}  # and where its one pod runs
    assert {pod["spec"]["nodeName"] for pod in pulls(here)} <= {"sim-1", "sim-2"}
    assert pulls(here)  # one node at least had no pod of it
    wait_until("the status", lambda: counts(here) == (2, 2), 240.0, lambda: str(counts(here)))

    here.kubectl.run("delete", "wp", NAME, "-n", PLACE)
    wait_until("garbage collection", lambda: not pulls(here), 240.0)
