"""Where images are worth holding: tau from what they spare and cost, nodes from demand or from placement."""

from __future__ import annotations

import pytest

from edgewarm.decide.image_rung import ASSUMED_SECONDS, Prices, image_level, wanted_by_demand, wanted_by_placement
from edgewarm.model.quantiles import Quantiles
from edgewarm.model.stages import Stage

pytestmark = pytest.mark.unit

P50 = {Stage.SCHEDULING: 0.0, Stage.IMAGE: 60.0, Stage.START: 0.0, Stage.READY: 60.0}
KAPPA = 10.0


@pytest.mark.parametrize(
    ("prices", "hold", "tau"),
    [
        # K 1 minute, H 0.01, W 30: kappa_r = 10 x min(1, 30) / (0.01 x 30) = 33.3, tau = 33.3 / 34.3
        pytest.param(Prices(0.01), 30.0, 33.3333 / 34.3333, id="cheap images are held for unlikely pods"),
        # W 60: 10 / 0.6 = 16.7, tau 0.943
        pytest.param(Prices(0.01), 60.0, 16.6667 / 17.6667, id="the longer they are held, the likelier pods must be"),
        # H 0.2: 10 / 6 = 1.67, tau 0.625
        pytest.param(Prices(0.2), 30.0, 1.6667 / 2.6667, id="dear images need likely pods"),
        pytest.param(Prices(0.0001), 30.0, 0.99, id="capped at the highest calibrated level"),
    ],
)
def test_the_level_comes_from_the_ladder(prices: Prices, hold: float, tau: float) -> None:
    assert image_level(P50, prices, KAPPA, hold, 0.99) == pytest.approx(tau, rel=1e-4)


def test_a_dearer_rung_that_spares_much_more_takes_its_place() -> None:
    # image: 0.6 of a pod for 1 of 2 minutes; a standby 0.8 of a pod for both: the hull leaves the image out
    assert image_level(P50, Prices(0.6, standby=0.8), KAPPA, 30.0, 0.99) is None


def test_an_image_that_takes_no_time_is_not_worth_holding() -> None:
    assert image_level({**P50, Stage.IMAGE: 0.0}, Prices(0.01), KAPPA, 30.0, 0.99) is None


def test_before_anything_is_measured_an_image_is_assumed_to_take_its_time() -> None:
    assert ASSUMED_SECONDS[Stage.IMAGE] == 30.0
    assert image_level({}, Prices(0.01), KAPPA, 30.0, 0.99) is not None


LIKELY = Quantiles((0.5, 0.9), (10.0, 90.0))
UNLIKELY = Quantiles((0.5, 0.9), (0.0, 30.0))
NEVER = Quantiles((0.5, 0.9), (0.0, 0.0))


@pytest.mark.parametrize(
    ("level", "nodes"), [(0.9, {"a", "b"}), (0.5, {"a"})], ids=["held for the unlikely too", "only for the likely"]
)
def test_a_node_is_wanted_when_its_own_demand_needs_a_pod(level: float, nodes: set[str]) -> None:
    assert wanted_by_demand({"a": LIKELY, "b": UNLIKELY, "c": NEVER}, level, 50.0) == nodes


@pytest.mark.parametrize(
    ("count", "running", "nodes"),
    [
        pytest.param(0, {}, set(), id="none"),
        pytest.param(2, {}, {"c", "b"}, id="the likeliest"),
        pytest.param(4, {"a": 2}, {"a", "c", "b"}, id="two run, two more elsewhere"),
        pytest.param(2, {"a": 3}, {"a"}, id="where pods run already"),
        pytest.param(9, {"a": 1}, {"a", "b", "c", "d"}, id="more pods than nodes"),
        pytest.param(3, {"gone": 1}, {"c", "b"}, id="a node outside the pool is not ours to warm"),
    ],
)
def test_pods_are_expected_on_nodes_of_their_own(count: int, running: dict[str, int], nodes: set[str]) -> None:
    assert wanted_by_placement(count, running, ["c", "b", "a", "d"]) == nodes
