"""A pod is started if it is needed for long enough to pay for its start, and kept as long as it pays."""

from __future__ import annotations

import pytest

from edgewarm.decide import rules
from edgewarm.decide.paying import capped, most, worth
from edgewarm.decide.situation import Draft
from edgewarm.model.quantiles import Quantiles, Spell
from edgewarm.model.reasons import Reason
from support.builders import certain, outlook, policy, situation

pytestmark = pytest.mark.unit


def spell(chance: float, seconds: float = 60.0, served: bool = True) -> Spell:
    """Demand of 120 (three pods of 50) with this chance, else of 90 (two)."""
    levels, values = (1 - chance - 0.001, 1 - chance + 0.001, 0.9999), (90.0, 120.0, 120.0)
    return Spell(seconds, Quantiles(levels, values), served)


def gain(chance: float, kappa: float = 10.0) -> float:
    return (1 + kappa) * chance - 1


@pytest.mark.parametrize(
    ("chances", "minutes"),
    [
        pytest.param([0.5], gain(0.5), id="half the time: 11 x .5 - 1"),
        pytest.param([0.5, 0.01], gain(0.5), id="it goes before it costs more than it saves"),
        pytest.param([0.01, 0.5], gain(0.01) + gain(0.5), id="it waits where that pays in the end"),
        pytest.param([0.01, 0.05], 0.0, id="it goes at once"),
    ],
)
def test_the_third_pod_is_worth_what_it_saves_until_it_had_better_go(chances: list[float], minutes: float) -> None:
    found = worth([spell(chance) for chance in chances], 3, 50.0, 10.0)
    assert found == pytest.approx(60 * minutes, abs=60 * 11 * 0.002)


def test_kappa_counts_no_further_than_the_highest_level() -> None:
    assert capped(1000.0, [Spell(60.0, Quantiles((0.5, 0.99), (1.0, 2.0)), True)]) == pytest.approx(99.0)
    assert capped(10.0, [Spell(60.0, Quantiles((0.5, 0.99), (1.0, 2.0)), True)]) == 10.0


@pytest.mark.parametrize(("low", "high", "last"), [(2, 9, 5), (2, 9, 1), (2, 9, 12), (4, 4, 9), (0, 1, 1)])
def test_the_most_that_pay_is_found_within_its_bounds(low: int, high: int, last: int) -> None:
    assert most(low, high, lambda count: count <= last) == max(low, min(high, last))


@pytest.mark.parametrize(
    ("minutes", "wanted"),
    [
        pytest.param(1.0, 4, id="needed for one minute: 1 x (11 x .3 - 1) = 2.3 < 3, the start"),
        pytest.param(2.0, 5, id="for two: 4.6 > 3"),
    ],
)
def test_a_pod_is_started_if_it_is_needed_for_long_enough(minutes: float, wanted: int) -> None:
    likely = Quantiles((0.5, 0.7, 0.701, 0.99), (180.0, 180.0, 240.0, 240.0))  # five pods with 30 %
    spells = (Spell(180.0, certain(180.0), False), Spell(60.0 * minutes, likely, True))
    around = situation(180.0, policy=policy(kappa=10.0), outlook=outlook(likely, lead_seconds=180.0, spells=spells))
    asked = rules.forecast(around, rules.floor(around, Draft(0, Reason.REACTIVE_FLOOR)))
    assert asked.wanted == 5
    assert rules.start_pays(around, asked).wanted == wanted


def test_a_start_that_demand_asks_for_now_is_not_questioned() -> None:
    around = situation(240.0, outlook=outlook(240.0, spells=(Spell(60.0, certain(0.0), True),)))
    asked = rules.forecast(around, rules.floor(around, Draft(0, Reason.REACTIVE_FLOOR)))
    assert rules.start_pays(around, asked) == asked


@pytest.mark.parametrize(
    ("chances", "wanted"),
    [
        pytest.param(
            [0.05, 0.05, 0.05], 2, id="p14 of the largest of three minutes, but each one costs more than it saves"
        ),
        pytest.param([0.15, 0.0, 0.0], 3, id="soon enough: 11 x .15 > 1"),
        pytest.param([0.0, 0.0, 0.5], 3, id="later, but by much"),
    ],
)
def test_a_pod_is_kept_by_what_each_minute_asks_not_by_the_largest_of_them(chances: list[float], wanted: int) -> None:
    spells = tuple(spell(max(chance, 0.002), served=False) for chance in chances)
    around = situation(90.0, current=3, ready=3, outlook=outlook(90.0, spells=spells))
    kept = rules.forecast_hold(around, Draft(2, Reason.REACTIVE_FLOOR))
    assert kept.wanted == wanted
