"""The edges of the builders: names, numbers, what is left out, what is cut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.decide.situation import Candidate
from edgewarm.manifests.condition import conditions
from edgewarm.manifests.decision import (
    DecisionDraft,
    DecisionReport,
    Prediction,
    Weighed,
    decision_name,
    decision_status,
    policy_label,
    scaling_decision,
)
from edgewarm.manifests.policy_status import PolicyReport, policy_status
from edgewarm.manifests.pool_status import BudgetUse, PoolReport, pool_status
from edgewarm.manifests.text import clipped, cpu_quantity, memory_quantity, percent, short_duration, short_number
from edgewarm.model.conditions import Condition
from edgewarm.model.decision import Action, Phase
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.policy import Mode
from edgewarm.model.reasons import Reason
from edgewarm.model.rungs import RungName
from edgewarm.model.units import parse_quantity
from edgewarm.pools.use import PoolUse

pytestmark = pytest.mark.unit

DRAFT = DecisionDraft(
    Key("shop", "web"),
    "u",
    TargetRef("apps/v1", "Deployment", "web"),
    Mode.ACT,
    0.0,
    (Action(RungName.REPLICA, 0, 2, 0.0),),
    "Forecast",
    "scaling 0 -> 2",
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (310.0, "310"),
        (310.4, "310"),
        (0.4, "0.4"),
        (12.34, "12.3"),
        (99.96, "100"),
        (12345.6, "12346"),
        (0.000123456, "0.000123"),
        (0.0, "0"),
        (1e-12, "0"),
        (-5.0, "-5"),
        (2.5e18, "2.5e+18"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short_number(value) == text


@given(st.floats(min_value=0, max_value=1e300))
def test_a_short_number_is_a_quantity_that_fits_its_field(value: float) -> None:
    text = short_number(value)
    assert len(text) <= 32
    assert float(parse_quantity(text)) == pytest.approx(value, rel=0.01, abs=1e-9)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.93, "93%"),
        (0.934, "93%"),
        (1.0, "100%"),
        (0.9996, "100%"),
        (0.999, "99.9%"),
        (0.004, "0.4%"),
        (0.0, "0%"),
        (-0.12, "-12%"),
        (-0.0, "0%"),
        (1.25, "125%"),
    ],
)
def test_percentages_claim_nothing_too_soon(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0s"),
        (62.4, "62s"),
        (119.4, "119s"),
        (119.6, "2m"),
        (125.0, "2m5s"),
        (840.0, "14m"),
        (5400.0, "1h30m"),
        (36000.0, "10h"),
        (200000.0, "2d"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert short_duration(seconds) == text


def test_resources_are_quantities() -> None:
    assert [cpu_quantity(cores) for cores in (0.0, 4.0, 1.5, 0.25)] == ["0", "4", "1500m", "250m"]
    assert [memory_quantity(size) for size in (0, 2**34, 2**29, 2**30 + 1)] == ["0Mi", "16Gi", "512Mi", "1024Mi"]


def test_a_long_text_is_cut_and_says_so() -> None:
    assert (clipped("abcdef", 6), clipped("abcdefg", 6)) == ("abcdef", "abc...")


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        ("web", "web-19700101000000"),
        ("w" * 200, "w" * 200 + "-19700101000000"),
    ],
)
def test_a_name_follows_from_policy_and_time(policy: str, name: str) -> None:
    assert decision_name(policy, 0.0) == name


def test_long_policy_names_stay_apart_and_valid() -> None:
    one, other = ("w" * 190 + "." * 5 + end * 40 for end in "ab")
    names = {decision_name(one, 0.0), decision_name(other, 0.0)}
    assert len(names) == 2
    assert all(len(name) <= 253 and ".-" not in name for name in names)


def test_a_label_value_fits_63_characters_and_ends_in_a_letter() -> None:
    assert policy_label("a" * 62 + "-b") == "a" * 62


def test_a_decision_belongs_to_its_policy() -> None:
    (owner,) = scaling_decision(DRAFT)["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"], owner["controller"]) == ("WarmingPolicy", "web", "u", True)


@pytest.mark.parametrize(
    ("before", "recommended", "action", "factor"),
    [
        pytest.param(4, 7, "ScaleUp", "1.75", id="7 / 4"),
        pytest.param(4, 1, "ScaleDown", "0.25", id="1 / 4"),
        pytest.param(0, 2, "ScaleUp", "2", id="2 / max(1, 0)"),
        pytest.param(4, 4, None, "1", id="no direction"),
    ],
)
def test_the_scaling_factor_is_to_over_from(before: int, recommended: int, action: str | None, factor: str) -> None:
    prediction = Prediction("lead", 60.0, None, ((0.5, 1.0),), None, recommended)
    draft = replace(DRAFT, actions=(Action(RungName.REPLICA, before, 9, 0.0),), predictions=(prediction,))
    (found,) = scaling_decision(draft)["spec"]["predictions"]
    assert (found.get("action"), found["scalingFactor"]) == (action, factor)


def test_what_is_unknown_stays_out() -> None:
    assert policy_status(PolicyReport(2, ())) == {"observedGeneration": 2, "conditions": []}
    assert decision_status(DecisionReport(Phase.APPROVED, "waits")) == {"phase": "Approved", "message": "waits"}
    assert {"predictions", "candidates", "expiresAt"}.isdisjoint(scaling_decision(DRAFT)["spec"])


def test_a_pool_without_ready_nodes_has_no_utilization() -> None:
    report = PoolReport(1, (), "NoNodes", "Unavailable", PoolUse())
    assert {"utilization", "fragmentation", "allocationSuccessRate"}.isdisjoint(pool_status(report))


def test_a_shadow_price_is_per_core_and_per_gibibyte() -> None:
    budgets = (BudgetUse("cpu", 4.0, 4.0, 2.5), BudgetUse("memory", 2**33, 2**33, 5 / 2**30), BudgetUse("pods", 9, 1))
    found = pool_status(PoolReport(1, (), "NodesReady", "Healthy", PoolUse(), budgets=budgets))["budgets"]
    assert [one.get("shadowPrice") for one in found] == ["2.5", "5", None]
    assert found[1] == {"name": "memory", "limit": "8Gi", "used": "8Gi", "left": "0Mi", "shadowPrice": "5"}


def test_a_wild_demand_never_makes_the_server_refuse_a_count() -> None:
    wild = 10**30
    assert policy_status(PolicyReport(1, (), need=wild))["need"] == 2**31 - 1
    prediction = Prediction("lead", 60.0, 1e300, ((0.5, 1e300),), 1.0, wild)
    draft = replace(
        DRAFT, predictions=(prediction,), candidates=(Weighed(Candidate("floor", wild, Reason.REACTIVE_FLOOR, "")),)
    )
    spec = scaling_decision(draft)["spec"]
    assert spec["predictions"][0]["recommended"] == spec["candidates"][0]["wanted"] == 2**31 - 1
    assert spec["predictions"][0]["current"] == "1e+300"


def test_a_message_never_makes_the_server_refuse_a_condition() -> None:
    (found,) = conditions([Condition("Ready", "False", "X", "m" * 40000, 0.0, 1)])
    assert len(found["message"]) == 32768
