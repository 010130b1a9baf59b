"""The operator killed twice on a real control plane: while it fills standbys and room, and while it promotes.

tests/component/operator/test_killed.py kills it at every write of a scene of every rung, against a fake API server.
"""

from __future__ import annotations

import pytest

from rig.warmth import Shop, uids
from rig.world import World
from tests_ladder.conftest import PLACE

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ROOM = "edgewarm.io%2Frung%3DNodeRoom"


def killed(here: World) -> None:
    """Without a word, and another begins."""
    here.operator.stop(kill=True)
    here.operator.start()


def test_killed_while_it_fills_and_promotes_no_warm_pod_is_lost_and_nothing_is_left_over(here: World) -> None:
    shop = Shop(here, PLACE, "killed").open(2, 0, cold_seconds=5)

    def standing() -> tuple[int, int, int]:
        room = [pod for pod in shop.pods(f"{ROOM},edgewarm.io%2Fpolicy%3D{shop.name}") if pod["spec"].get("nodeName")]
        return len(shop.serving()), shop.warm_standbys(), len(room)

    shop.warm(2, 3, rungs={"standby": {"min": 3, "max": 3}, "nodeRoom": {"min": 2, "max": 2}})
    shop.until("the first standby", lambda: bool(shop.standbys()))
    killed(here)
    shop.until("what is wanted", lambda: standing() == (2, 3, 2), 240)
    before = uids([*shop.serving(), *shop.standbys()])
    assert len(before) == 5

    with shop.never_below(2):
        shop.scale(4)
        killed(here)
        shop.until("what is wanted then", lambda: standing() == (4, 3, 2), 150)
    assert before <= uids([*shop.serving(), *shop.standbys()])
    assert len(shop.standbys()) == 3
