"""What a pool allows in a pass beyond what was asked of it: rises from rest, one after the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewarm.engine.allowance import Allowance
from edgewarm.model.amounts import CPU, STORAGE
from edgewarm.model.pool import Budget, Holding
from edgewarm.pools.allocate import allocate
from support.pools import OWNER, holding, node, pool, request

pytestmark = pytest.mark.unit


def at_rest(name: str = "r", on: str = "n1") -> Holding:
    """A tenth of a core."""
    return holding(name, on, 0.1)


def allowance(*budgets: Budget, asked: float = 0.0) -> Allowance:
    """Two at rest hold 0.2 cores."""
    here = pool(node("n1"), holdings=(at_rest("r"), at_rest("s")), budgets=budgets)
    return Allowance(allocate([request(cpu=asked)] if asked else [], here), {"n1"})


def test_each_rise_is_taken_from_the_next() -> None:
    """0.2 + 0.9 are 1.1; another 0.9 are 2.0 of 1.9."""
    allowed = allowance(Budget("b", {CPU: 1.9}))
    assert allowed.raises(at_rest(), 0.9)
    assert not allowed.raises(at_rest("s"), 0.9)


@pytest.mark.parametrize(
    ("allowed", "held", "expected"),
    [
        pytest.param(allowance(), at_rest(), True, id="no budget"),
        pytest.param(allowance(Budget("b", {CPU: 1.1})), at_rest(), True, id="just enough"),
        pytest.param(allowance(Budget("b", {CPU: 1.0})), at_rest(), False, id="too little"),
        pytest.param(allowance(Budget("b", {CPU: 1.9}), asked=1.0), at_rest(), False, id="others were served first"),
        pytest.param(allowance(Budget("b", {"pods": 1.0})), at_rest(), True, id="it takes nothing else"),
        pytest.param(
            allowance(Budget("b", {CPU: 1.0}, owner=replace(OWNER, name="other"))), at_rest(), True, id="not its"
        ),
        pytest.param(allowance(), at_rest(on="n2"), False, id="a node that the pool does not have"),
    ],
)
def test_a_rise_is_within_the_budgets_of_cpu(allowed: Allowance, held: Holding, expected: bool) -> None:
    assert allowed.raises(held, 0.9) is expected


def test_what_is_parked_is_asked_for_no_budget_that_it_takes_nothing_of() -> None:
    """3 GiB of images are held where the limit was lowered to 2; it takes 0.1 cores."""
    images = holding("i", "n1", rung="Image", amounts={STORAGE: 3.0 * 2**30})
    full = Budget("b", {STORAGE: 2.0 * 2**30, CPU: 1.0})
    allowed = Allowance(allocate([], pool(node("n1"), holdings=(images,), budgets=(full,))), {"n1"})
    assert allowed.takes(at_rest(), ())
    assert not allowed.takes(holding("s", "n1", 1.0), ())
