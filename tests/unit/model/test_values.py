"""Policies, samples, keys, conditions and selectors: what they refuse, and what they say of themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.model.conditions import Condition, merged
from edgewarm.model.demand import History, Measured
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.policy import Bounds
from edgewarm.model.prices import Prices
from edgewarm.model.reasons import Reason
from edgewarm.model.workload import PodStart, Requirement, Selector
from support.builders import policy

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf])
def test_a_sample_is_finite_and_not_negative(value: float) -> None:
    with pytest.raises(ValueError, match="finite and >= 0"):
        Measured(0.0, value)


@pytest.mark.parametrize("price", [-0.1, math.nan, math.inf])
def test_a_price_is_finite_and_not_negative(price: float) -> None:
    with pytest.raises(ValueError, match="price gpu must be finite and >= 0"):
        Prices(gpu=price)


@pytest.mark.parametrize(
    "wrong",
    [
        {"capacity_per_pod": 0.0},
        {"capacity_per_pod": -1.0},
        {"capacity_per_pod": math.inf},
        {"capacity_per_pod": math.nan},
        {"kappa": 0.0},
        {"kappa": math.nan},
    ],
    ids=str,
)
def test_a_policy_refuses_what_cannot_be_divided_by(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="finite and > 0"):
        policy(**wrong)


@pytest.mark.parametrize(("kappa", "level"), [(1.0, 0.5), (9.0, 0.9), (10.0, 10 / 11), (0.25, 0.2)])
def test_the_service_level_is_the_critical_ratio(kappa: float, level: float) -> None:
    assert policy(kappa=kappa).service_level == pytest.approx(level)  # kappa / (1 + kappa)


@pytest.mark.parametrize(("low", "high"), [(-1, 5), (6, 5)])
def test_bounds_must_leave_room(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="0 <= low <= high"):
        Bounds(low, high)


def test_bounds_are_inclusive() -> None:
    assert [Bounds(2, 4).clamp(count) for count in range(7)] == [2, 2, 2, 3, 4, 4, 4]


def test_history_knows_how_much_it_knows() -> None:
    assert History(0.0, 60.0, np.array([1.0, np.nan, 0.0, np.inf])).known == 2


def test_names_for_people() -> None:
    assert [str(Key("shop", "web")), str(Key("", "edge"))] == ["shop/web", "edge"]
    assert str(TargetRef("apps/v1", "Deployment", "web")) == "Deployment web"


def test_a_start_took_from_creation_to_ready() -> None:
    assert PodStart(Key("shop", "web-1"), {}, 100.0, 162.0).seconds == 62.0


@pytest.mark.parametrize(
    ("requirement", "matches"),
    [
        (Requirement("tier", "In", ("web", "api")), [True, False, False]),
        (Requirement("tier", "NotIn", ("web", "api")), [False, True, True]),
        (Requirement("tier", "Exists"), [True, True, False]),
        (Requirement("tier", "DoesNotExist"), [False, False, True]),
    ],
    ids=lambda value: getattr(value, "operator", ""),
)
def test_requirements_match_as_in_kubernetes(requirement: Requirement, matches: list[bool]) -> None:
    labels: list[dict[str, str]] = [{"tier": "web"}, {"tier": "other"}, {}]
    assert [requirement.matches(one) for one in labels] == matches


def test_an_operator_that_does_not_exist_is_loud() -> None:
    with pytest.raises(ValueError, match="operator must be"):
        Requirement("tier", "Near").matches({})


def test_a_selector_wants_every_label_and_every_requirement() -> None:
    selector = Selector((("app", "web"),), (Requirement("tier", "Exists"),))
    labels = [{"app": "web", "tier": "x", "more": "y"}, {"app": "web"}, {"tier": "x"}, {}]
    assert [selector.matches(one) for one in labels] == [True, False, False, False]
    assert Selector().matches({})


def condition(kind: str = "Ready", status: str = "True", since: float = 5.0, message: str = "") -> Condition:
    return Condition(kind, status, "Why", message, since, 1)


@pytest.mark.parametrize(
    ("old", "new", "since"),
    [
        pytest.param([], condition(), 5.0, id="a new one begins now"),
        pytest.param([condition(since=1.0)], condition(message="other"), 1.0, id="the message may change"),
        pytest.param([condition(since=1.0, status="False")], condition(), 5.0, id="the status flipped"),
        pytest.param([condition("Stalled", since=1.0)], condition(), 5.0, id="another kind is another condition"),
    ],
)
def test_since_moves_only_when_the_status_flips(old: list[Condition], new: Condition, since: float) -> None:
    (found,) = merged(old, [new])
    assert (found.since, found.message) == (since, new.message)


kinds = st.sampled_from(["Ready", "Stalled", "Reconciling"])
some = st.lists(
    st.builds(condition, kinds, st.sampled_from(["True", "False"]), st.just(9.0)), unique_by=lambda c: c.kind
)


@given(some, some)
def test_merged_conditions_are_the_new_ones_sorted(old: list[Condition], new: list[Condition]) -> None:
    found = merged(old, new)
    assert [c.kind for c in found] == sorted(c.kind for c in new)
    assert merged(found, new) == found


def test_every_reason_is_a_word_with_a_meaning() -> None:
    for reason in Reason:
        assert reason.value.isalpha()
        assert reason.value[0].isupper()
        assert reason.meaning.endswith(".")
    assert f"{Reason.FORECAST}" == "Forecast"
