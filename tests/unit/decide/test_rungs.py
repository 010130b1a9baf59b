"""The ladder at the margin, against the best of all ladders by brute force."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgewarm.decide.rungs import Rung, kept, ladder, margins

pytestmark = pytest.mark.unit

IMAGE, STANDBY, REPLICA = Rung("Image", 0.5, 0.01), Rung("Standby", 0.9, 0.4), Rung("Replica", 1.0, 1.0)
LADDER = (IMAGE, STANDBY, REPLICA)


def names(rungs: tuple[Rung, ...]) -> list[str]:
    return [rung.name for rung in rungs]


@pytest.mark.parametrize(
    ("rungs", "expected"),
    [
        pytest.param(LADDER, ["Image", "Standby", "Replica"], id="slopes .02, .975, 6"),
        pytest.param((Rung("a", 0.5, 0.9), REPLICA), ["Replica"], id="1.8 then .2: both become the replica"),
        pytest.param((Rung("a", 0.5, 0.5), REPLICA), ["Replica"], id="equal slopes merge too"),
        pytest.param((Rung("a", 0.5, 0.0), Rung("b", 0.8, 0.0), REPLICA), ["b", "Replica"], id="free: the higher one"),
        pytest.param((Rung("a", 0.0, 0.1), REPLICA), ["Replica"], id="it spares nothing"),
        pytest.param((Rung("a", 0.5, 0.3), Rung("b", 0.5, 0.1), REPLICA), ["b", "Replica"], id="the cheaper of two"),
    ],
)
def test_only_the_lower_convex_hull_is_kept(rungs: tuple[Rung, ...], expected: list[str]) -> None:
    assert names(kept(rungs)) == expected


def test_a_lone_replica_keeps_kappa() -> None:
    (only,) = margins((REPLICA,), 10.0)
    assert (only.kappa, only.level(0.99)) == (10.0, pytest.approx(10 / 11))


def test_each_rung_has_the_kappa_of_its_margin() -> None:
    # 10 x .5 / .01, 10 x .4 / .39, 10 x .1 / .6
    assert [margin.kappa for margin in margins(LADDER, 10.0)] == pytest.approx([500.0, 4 / 0.39, 1 / 0.6])
    assert margins(LADDER, 10.0)[0].level(0.99) == 0.99  # 500 / 501 is above what is calibrated


def test_a_short_hold_spares_no_more_than_itself() -> None:
    # five minutes spared, held for two: only two of them count in the time that is paid for
    (only,) = margins((Rung("a", 5.0, 1.0, shortest=2.0),), 3.0)
    assert only.kappa == 3.0 * 2.0 / (1.0 * 2.0)


def test_what_costs_nothing_more_is_held_up_to_the_cap() -> None:
    free, _ = margins((Rung("a", 0.5, 0.0), REPLICA), 10.0)
    assert free.level(0.98) == 0.98


@pytest.mark.parametrize("shortest", [0.0, -1.0])
def test_a_hold_takes_time(shortest: float) -> None:
    with pytest.raises(ValueError, match="shortest above 0"):
        Rung("a", 1.0, 1.0, shortest)


def test_counts_never_rise_up_the_ladder() -> None:
    asked = {"Image": 2, "Standby": 5, "Replica": 3}  # windows differ, so lower rungs may ask for less
    assert ladder(LADDER, 10.0, lambda rung, _: asked[rung], 0.99) == {"Image": 5, "Standby": 5, "Replica": 3}


NEEDS = 5


def quantile(weights: list[int], level: float) -> int:
    """The smallest n with P(need <= n) >= level."""
    total, so_far = sum(weights), 0
    for count, weight in enumerate(weights):
        so_far += weight
        if so_far / total >= level - 1e-12:
            return count
    return len(weights) - 1


def cost(counts: tuple[int, ...], rungs: tuple[Rung, ...], kappa: float, weights: list[int]) -> float:
    """Expected cost of holding counts[i] units at least as warm as rungs[i], falling up the ladder.

    A unit that is needed waits for what is not spared; the full start of one minute costs kappa. A unit that is not
    needed costs what it is held for; one that is needed would be paid for anyway. That is the newsvendor's trade.
    """
    total, steps = sum(weights), list(zip(rungs, (None, *rungs), strict=False))
    result = 0.0
    for need, weight in enumerate(weights):
        for (rung, low), count in zip(steps, counts, strict=True):
            spared = rung.spared - (low.spared if low else 0.0)
            price = rung.price - (low.price if low else 0.0)
            missing, idle = max(0, need - count), max(0, count - need)
            result += weight / total * (kappa * spared * missing + price * idle)
    return result


@given(
    st.lists(st.integers(0, 9), min_size=NEEDS, max_size=NEEDS),
    st.sampled_from([0.5, 3.0, 10.0, 40.0]),
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 20)), min_size=1, max_size=3, unique_by=lambda pair: pair[0]),
)
def test_it_is_the_best_of_all_ladders(weights: list[int], kappa: float, drawn: list[tuple[int, int]]) -> None:
    assume(sum(weights) > 0)
    points = sorted(drawn)
    rungs = tuple(
        Rung(f"r{i}", spared / 10, price / 20 + i * 0.01)
        for i, (spared, price) in enumerate((s, max(p for _, p in points[: i + 1])) for i, (s, _) in enumerate(points))
    )
    found = ladder(rungs, kappa, lambda _, level: quantile(weights, level), 1.0)
    hull = kept(rungs)
    ours = cost(tuple(found[rung.name] for rung in hull), hull, kappa, weights)
    every = [c for c in product(range(NEEDS), repeat=len(rungs)) if all(a >= b for a, b in pairwise(c))]
    assert ours == pytest.approx(min(cost(counts, rungs, kappa, weights) for counts in every))
