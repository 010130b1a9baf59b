"""Node room on a real scheduler: a full node but for placeholders takes a pod at once, and nobody else is touched."""

from __future__ import annotations

import pytest

from edgewarm.model.units import parse_time
from rig.objects import Manifest, condition
from rig.warmth import COLD_SECONDS, Shop, uids
from rig.world import World
from tests_ladder.conftest import PLACE
from tests_ladder.test_dangers import corner, cornered

pytestmark = pytest.mark.e2e
ROOM = "edgewarm.io%2Frung%3DNodeRoom"


def with_room(shop: Shop) -> list[Manifest]:
    """Its placeholders that were given a node."""
    found = shop.pods(f"{ROOM},edgewarm.io%2Fpolicy%3D{shop.name}")
    return [pod for pod in found if pod["spec"].get("nodeName")]


def seconds_to_a_node(pod: Manifest) -> float:
    """By the API server's clock, which is cut to the second."""
    (scheduled,) = [one for one in pod["status"]["conditions"] if one["type"] == "PodScheduled"]
    assert scheduled["status"] == "True"
    return parse_time(scheduled["lastTransitionTime"]) - parse_time(pod["metadata"]["creationTimestamp"])


def test_a_pod_takes_the_room_of_one_placeholder_and_of_nobody_else(here: World) -> None:
    """Four slots: one pod, one of another workload, and two placeholders; a third one waits."""
    corner(here, "roomy", "1")

    def quarter(workload: Manifest) -> None:
        cornered(workload, "roomy")["containers"][0]["resources"]["requests"]["cpu"] = "250m"

    by = Shop(here, PLACE, "neighbour").open(1, 0, cold_seconds=1, change=quarter, rungs={}, mode="Observe")
    shop = Shop(here, PLACE, "roomy")
    shop.open(1, 0, cold_seconds=1, change=quarter, needed=1, rungs={"nodeRoom": {"min": 3, "max": 3}})
    shop.until("room", lambda: len(with_room(shop)) == 2)
    shop.until("the status", lambda: {"warm": 2, "warming": 1}.items() <= shop.rung("NodeRoom").items(), 240)
    rooms, others = uids(with_room(shop)), uids([*by.serving(), *shop.serving()])

    shop.scale(2)
    shop.until("its second pod", lambda: shop.endpoints() == 2, 240)

    (new,) = [pod for pod in shop.serving() if pod["metadata"]["uid"] not in others]
    assert seconds_to_a_node(new) < COLD_SECONDS / 4  # no node came for it: one of its placeholders still waits for one
    assert uids([*by.serving(), *shop.serving()]) - uids([new]) == others
    assert len(rooms & uids(with_room(shop))) == len(with_room(shop)) == 1
    shop.until("the status", lambda: shop.rung("NodeRoom").get("warm") == 1, 240)
    shop.until("the reason", lambda: condition(shop.policy(), "NodeRoomWarm").get("reason") == "Waiting")


def test_room_that_is_not_asked_for_any_more_is_given_back(here: World) -> None:
    shop = Shop(here, PLACE, "returned")
    shop.open(1, 0, cold_seconds=1, needed=1, rungs={"nodeRoom": {"min": 2, "max": 2}})
    shop.until("room", lambda: len(with_room(shop)) == 2)
    shop.warm(1, 0, needed=1, rungs={})
    shop.until("its end", lambda: not shop.pods(f"{ROOM},edgewarm.io%2Fpolicy%3D{shop.name}"))
    assert shop.endpoints() == 1
