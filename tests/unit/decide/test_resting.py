"""What a standby has at rest, which size one has, and what it costs then."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.decide.resting import Sizes, priced, qos_class, sizes
from edgewarm.model.prices import PodRequests, Prices
from edgewarm.model.rungs import RestTerms, StandbyTerms
from edgewarm.model.sizing import Cpu, Sizing
from support.resting import container, spec
from support.warm import standby

pytestmark = pytest.mark.unit
FULL, LOW, OTHER = {"app": Cpu(0.5, 1.0)}, {"app": Cpu(0.02, 0.1)}, {"app": Cpu(0.9, 1.0)}
SIZES = Sizes(FULL, LOW)


@pytest.mark.parametrize(
    ("containers", "terms", "rest"),
    [
        pytest.param([container("a", "500m")], RestTerms(0.02), {"a": Cpu(0.02)}, id="its request"),
        pytest.param([container("a", "500m", "1")], RestTerms(0.02), {"a": Cpu(0.02)}, id="its limit stays"),
        pytest.param([container("a", "500m", "1")], RestTerms(0.02, 0.1), {"a": Cpu(0.02, 0.1)}, id="its limit too"),
        pytest.param(
            [container("a", "300m"), container("b", "100m"), container("c")],
            RestTerms(0.1),
            {"a": Cpu(0.075), "b": Cpu(0.025)},
            id="3 to 1 of 100m; the third says nothing",
        ),
        pytest.param(
            [container("a", "200m"), container("b", "100m")],
            RestTerms(0.02),
            {"a": Cpu(0.014), "b": Cpu(0.007)},
            id="13.3m and 6.7m, rounded up",
        ),
        pytest.param(
            [container("a", "500m", "500m", "1Gi")], RestTerms(0.02), {"a": Cpu(0.02, 0.02)}, id="Guaranteed stays so"
        ),
    ],
)
def test_each_container_has_its_share(containers: list[dict[str, Any]], terms: RestTerms, rest: dict[str, Cpu]) -> None:
    assert sizes(spec(*containers), terms).rest == rest


@pytest.mark.parametrize(
    ("sizing", "low", "rising", "can_rest"),
    [
        pytest.param(None, False, False, False, id="nothing is known of it"),
        pytest.param(Sizing(FULL, FULL), False, False, True, id="full"),
        pytest.param(Sizing(FULL, None), False, False, False, id="its kubelet cannot"),
        pytest.param(Sizing(FULL, LOW), False, True, True, id="rising"),
        pytest.param(Sizing(FULL, LOW, "Deferred: x"), False, True, True, id="deferred"),
        pytest.param(Sizing(LOW, FULL), True, False, False, id="on its way down"),
        pytest.param(Sizing(LOW, LOW), True, False, False, id="at rest"),
        pytest.param(Sizing({"app": Cpu(0.05, 0.1)}, LOW), True, False, True, id="at a rest of before"),
        pytest.param(Sizing(OTHER, OTHER), False, False, False, id="admission gave it more"),
        pytest.param(Sizing({}, {}), False, False, False, id="it has none of the template's containers"),
    ],
)
def test_the_size_of_a_standby(sizing: Sizing | None, low: bool, rising: bool, can_rest: bool) -> None:
    pod = standby("s", sizing=sizing)
    assert (SIZES.is_low(pod), SIZES.is_rising(pod), SIZES.can_rest(pod)) == (low, rising, can_rest)


def test_where_no_rest_is_asked_nothing_is_lowered() -> None:
    assert not Sizes(FULL).can_rest(standby("s", sizing=Sizing(FULL, FULL)))


@pytest.mark.parametrize(
    ("pod", "price"),
    [
        pytest.param(PodRequests(1.0), 0.8 * 0.1, id="a tenth of its only cost"),
        pytest.param(PodRequests(1.0, 10.0 * 2**30), 0.8 * (0.01 + 0.1) / (0.1 + 0.1), id="its memory costs on"),
        pytest.param(PodRequests(), 0.8, id="it requests nothing"),
        pytest.param(PodRequests(1.4), 0.8 * 0.5 / 1.4, id="a sidecar's 0.4 stay"),
    ],
)
def test_it_costs_what_it_still_requests(pod: PodRequests, price: float) -> None:
    size = Sizes({"app": Cpu(1.0)}, {"app": Cpu(0.1)})
    assert priced(StandbyTerms(price=0.8), size, pod, Prices()).price == pytest.approx(price)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (spec(container("a")), "BestEffort"),
        (spec(container("a", "1")), "Burstable"),
        (spec(container("a", "1", "1", "1Gi")), "Guaranteed"),
        (spec(container("a", "", "1", "1Gi")), "Guaranteed"),
        (spec(container("a", "500m", "1", "1Gi")), "Burstable"),
        (spec(container("a", "1", "1", "1Gi"), initContainers=[container("i")]), "Burstable"),
    ],
)
def test_the_qos_class_is_that_of_kubernetes(found: dict[str, Any], name: str) -> None:
    assert qos_class(found) == name
