"""What a change of plan costs and risks, and who must be asked: each with its sum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.decide.situation import Situation, Verdict
from edgewarm.decide.worth import Expected, Worth, expected, expected_of, worth
from edgewarm.model.policy import Schedule, Strategy
from edgewarm.model.prices import GIB, ApprovalTerms, PodRequests, Prices, RiskLevel, Terms
from edgewarm.model.quantiles import Quantiles
from edgewarm.model.reasons import Reason
from support.builders import at, certain, outlook, policy, quantiles, situation

pytestmark = pytest.mark.unit

TEN = at("2026-11-23T10:00:00+00:00")


def verdict(wanted: int, reason: Reason = Reason.FORECAST) -> Verdict:
    return Verdict(wanted, reason, (), wanted)


def of(wanted: int, around: Situation | None = None, terms: Terms | None = None, pod_hour: float = 0.5) -> Worth:
    return worth(around or situation(), verdict(wanted), terms or Terms(), pod_hour)


def test_a_pod_costs_what_it_requests() -> None:
    # 2 x .1 + 4 x .01 + 1 x 1 + 10 x .05
    assert Prices().pod_hour(PodRequests(2.0, 4 * GIB, 1.0, 10 * GIB)) == pytest.approx(1.74)
    assert Prices().pod_hour(PodRequests()) == 0.0


@pytest.mark.parametrize(
    ("wanted", "cost", "factor"),
    [
        pytest.param(7, 6.0, 1.75, id="3 more pods x .5 x 4 h; 7 / 4"),
        pytest.param(4, 0.0, 1.0, id="nothing changes"),
        pytest.param(2, -4.0, 0.5, id="2 fewer pods"),
    ],
)
def test_cost_and_scaling_factor(wanted: int, cost: float, factor: float) -> None:
    found = of(wanted)
    assert (found.cost, found.scaling_factor) == (cost, factor)


def test_a_plan_that_ends_sooner_costs_less() -> None:
    lunch = (Schedule("lunch", "UTC", "0 10 * * *", "30 11 * * *", low=6),)
    around = situation(now=TEN, policy=policy(schedules=lunch))
    assert worth(around, verdict(6, Reason.SCHEDULE_MINIMUM), Terms(), 0.5).cost == 1.5  # 2 pods x .5 x 1.5 h
    assert worth(around, verdict(6), Terms(), 0.5).cost == 4.0  # the forecast has no end


ONE_OR_THREE = quantiles((0.01, 50.0), (0.5, 50.0), (0.505, 150.0), (0.99, 150.0))  # 50 or 150, half of the time each


@pytest.mark.parametrize(
    ("said", "count", "short", "idle"),
    [
        pytest.param(certain(290.0), 4, 2.0, 0.0, id="6 are needed for sure"),
        pytest.param(certain(90.0), 4, 0.0, 2.0, id="2 are needed for sure"),
        pytest.param(
            quantiles((0.01, 50.0), (0.5, 50.0), (0.505, 150.0), (0.99, 150.0)), 2, 0.5, 0.5, id="one or three"
        ),
    ],
)
def test_what_is_expected_of_a_count(said: Quantiles, count: int, short: float, idle: float) -> None:
    assert expected(said, count, 50.0) == pytest.approx((short, idle))


@pytest.mark.parametrize(
    ("count", "pod_hour", "found"),
    [
        pytest.param(2, 0.3, Expected(0.5, 0.5, (1.5, 0.15)), id="10 x .5 x .3 missing, .5 x .3 idle"),
        pytest.param(3, 0.3, Expected(0.0, 1.0, (0.0, 0.3)), id="one more pod costs more idle, and misses nothing"),
        pytest.param(2, 0.0, Expected(0.5, 0.5), id="without requests or prices there is no money"),
    ],
)
def test_what_is_expected_of_a_count_in_money(count: int, pod_hour: float, found: Expected) -> None:
    around = situation(
        policy=policy(kappa=10.0, strategy=Strategy.AGGRESSIVE), outlook=replace(outlook(100.0), lead=ONE_OR_THREE)
    )
    result = expected_of(around, count, pod_hour)  # Aggressive holds more, but a shortage costs what the user says
    assert result is not None
    assert (result.short, result.idle) == pytest.approx((found.short, found.idle))
    assert result.costs == (found.costs and pytest.approx(found.costs))


def test_without_a_forecast_nothing_is_expected() -> None:
    assert expected_of(situation(outlook=None), 2, 0.3) is None


def doubtful() -> Situation:
    """Four pods; the next minutes ask for eight, the hour for two."""
    later = ((300.0, certain(400.0)), (3600.0, certain(90.0)))
    return situation(outlook=outlook(400.0, horizons=later))


@pytest.mark.parametrize(
    ("wanted", "around", "level", "words"),
    [
        pytest.param(8, situation(), RiskLevel.LOW, [], id="8 / 4 is not above 2"),
        pytest.param(9, situation(), RiskLevel.HIGH, ["rises 2.25 times"], id="9 / 4"),
        pytest.param(
            5,
            situation(policy=policy(strategy=Strategy.AGGRESSIVE)),
            RiskLevel.HIGH,
            ["strategy Aggressive"],
            id="Aggressive",
        ),
        pytest.param(8, doubtful(), RiskLevel.MEDIUM, ["between 2 and 8 pods"], id="horizons contradict each other"),
        pytest.param(5, situation(outlook=outlook(400.0)), RiskLevel.LOW, [], id="they agree"),
        pytest.param(5, situation(history_seconds=90000.0), RiskLevel.MEDIUM, ["only 25 h"], id="less than two days"),
        pytest.param(5, situation(history_seconds=172800.0), RiskLevel.LOW, [], id="two days"),
        pytest.param(5, situation(confidence=0.59), RiskLevel.LOW, ["confidence in the forecast is 59%"], id="a note"),
        pytest.param(
            9,
            situation(confidence=0.5, history_seconds=0.0),
            RiskLevel.HIGH,
            ["rises 2.25 times", "only 0 h", "confidence"],
            id="the worst counts, all are told",
        ),
    ],
)
def test_risk(wanted: int, around: Situation, level: RiskLevel, words: list[str]) -> None:
    found = of(wanted, around)
    assert found.risk is level
    assert [word in concern.reason for word, concern in zip(words, found.concerns, strict=True)] == [True] * len(words)
    assert all(concern.mitigation for concern in found.concerns)


STRICT = ApprovalTerms()  # cost above 100, risk High, strategy Aggressive


@pytest.mark.parametrize(
    ("wanted", "pod_hour", "overrides", "asked"),
    [
        pytest.param(5, 25.0, {}, [], id="1 x 25 x 4 = 100 is not above 100"),
        pytest.param(5, 25.1, {}, ["it costs 100.4, above 100"], id="100.4 is"),
        pytest.param(9, 0.0, {}, ["its risk is High, and High is to be approved"], id="9 / 4 is above 2"),
        pytest.param(3, 99.0, {}, [], id="a fall is never asked for"),
        pytest.param(
            5,
            0.0,
            {"strategy": Strategy.AGGRESSIVE},
            ["its risk is High, and High is to be approved", "its strategy is Aggressive"],
            id="Aggressive",
        ),
    ],
)
def test_what_must_be_approved(wanted: int, pod_hour: float, overrides: dict[str, Any], asked: list[str]) -> None:
    around = situation(policy=policy(**overrides))
    assert list(of(wanted, around, Terms(approval=STRICT), pod_hour).approval) == asked
    assert of(wanted, around, Terms(), pod_hour).approval == ()  # nobody set thresholds


def test_a_lower_threshold_asks_for_more() -> None:
    terms = Terms(approval=replace(STRICT, risk=RiskLevel.LOW))
    assert of(5, terms=terms).approval == ("its risk is Low, and Low is to be approved",)
