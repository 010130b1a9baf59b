"""The sentence at the end of `kubectl describe`."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.decide.explanation import alike, because, change, expectation, number, sentence
from edgewarm.decide.verdict import decide
from edgewarm.forecast.explain import NOW, RECENT, TIME_OF_DAY, TREND, UNCERTAINTY, Explanation, Source
from edgewarm.model.policy import Bounds
from support.builders import at, outlook, policy, quantiles, situation

pytestmark = pytest.mark.unit

MEASURED = "62 s (measured, 41 starts)"
SPREAD = quantiles((0.5, 200.0), (0.9, 310.0), (0.99, 400.0))


def said(demand: float | None, zone: str = "UTC", **overrides: Any) -> str:
    around = situation(demand, now=at("2026-11-23T08:03:58+00:00"), **overrides)
    return sentence(around, decide(around), MEASURED, zone)


def test_a_forecast_is_explained_with_time_quantile_capacity_and_lead_time() -> None:
    text = said(180.0, policy=policy(kappa=9.0), outlook=outlook(SPREAD, lead_seconds=62.0))  # tau = 9 / 10
    assert text == f"scaling 4 -> 7 now: 310 expected at 08:05 (p90), 50 per pod, lead time {MEASURED}"


def test_the_time_is_told_in_the_zone_of_the_policy() -> None:
    text = said(180.0, "Europe/Berlin", policy=policy(kappa=9.0), outlook=outlook(SPREAD, lead_seconds=62.0))
    assert "expected at 09:05 (p90)" in text


def test_holding_for_demand_that_comes_back_says_until_when() -> None:
    text = said(90.0, outlook=outlook(0.0, 150.0, lead_seconds=62.0))
    assert text == f"scaling 4 -> 3 now: 150 expected before 08:05 (p91), 50 per pod, lead time {MEASURED}"


@pytest.mark.parametrize(
    ("demand", "overrides", "text"),
    [
        pytest.param(
            120.0, {}, "scaling 4 -> 3 now: Demand now asks for this many pods (120 now, 50 per pod)", id="floor"
        ),
        pytest.param(
            None,
            {},
            "holding 4: There is no usable demand sample, so nothing is lowered (demand is unknown)",
            id="blind",
        ),
        pytest.param(
            400.0,
            {"policy": policy(bounds=Bounds(1, 6))},
            "scaling 4 -> 6 now: scaling.maxReplicas is the bound (8 was asked for)",
            id="bound",
        ),
    ],
)
def test_other_reasons_are_told_by_their_meaning(demand: float | None, overrides: dict[str, Any], text: str) -> None:
    assert said(demand, **overrides) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.4, "0.4"),
        (0.4567, "0.457"),
        (99.4, "99.4"),
        (99.96, "100"),
        (310.2, "310"),
        (1234567.0, "1234567"),
    ],
)
def test_numbers_for_people(value: float, text: str) -> None:
    assert number(value) == text


def test_a_change_or_none() -> None:
    assert (change(4, 7), change(4, 4)) == ("scaling 4 -> 7 now", "holding 4")


def test_no_sentence_claims_certainty() -> None:
    text = said(180.0, policy=policy(kappa=999.0), outlook=outlook(SPREAD, lead_seconds=62.0))  # tau = .999
    assert "(p100)" not in text


def explanation(**amounts: float) -> Explanation:
    """A p90 made of these; the names are those of the constants."""
    names = {"now": NOW, "recent": RECENT, "day": TIME_OF_DAY, "trend": TREND, "uncertain": UNCERTAINTY}
    return Explanation(0.9, tuple((Source(names[name], "any"), amount) for name, amount in amounts.items()))


def test_why_names_the_demand_now_and_the_two_largest_contributions() -> None:
    found = explanation(now=180.0, uncertain=35.0, day=95.0)
    assert because(found) == "180 now, +95 the usual for this time of day, +35 uncertainty"
    assert expectation(found, at("2026-11-23T08:05:00+00:00")) == f"310 expected at 08:05 UTC (p90): {because(found)}"


def test_why_sums_up_what_it_does_not_name_and_keeps_the_sign() -> None:
    found = explanation(now=180.0, uncertain=35.0, day=-95.0, recent=-6.0, trend=2.0)
    assert because(found) == "180 now, -95 the usual for this time of day, +35 uncertainty, -4 from all else"


def test_why_leaves_out_what_nobody_would_notice() -> None:
    assert because(explanation(now=180.0, day=0.5, trend=-0.01)) == "180 now"
    assert because(explanation(now=0.0, uncertain=0.4)) == "0 now, +0.400 uncertainty"


def test_contributions_of_one_driver_are_one() -> None:
    found = Explanation(0.5, tuple((Source(TREND, expert), amount) for expert, amount in (("a", 3.0), ("b", -1.0))))
    assert (dict(found.drivers), found.total) == ({NOW: 0.0, TREND: 2.0}, 2.0)


@pytest.mark.parametrize(
    ("value", "size", "text"),
    [(36.12, 302.7, "36"), (0.031, 0.4, "0.031"), (4.4, 56.0, "4.4"), (0.0, 5.0, "0"), (2e20, 1e21, "2e+20")],
)
def test_what_adds_up_has_the_same_decimals(value: float, size: float, text: str) -> None:
    assert alike(value, size) == text
