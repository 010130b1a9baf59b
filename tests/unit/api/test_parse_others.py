"""Pools and decisions from the wire."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.api.parse import parse_decision
from edgewarm.api.parse_pool import parse_pool
from edgewarm.model.decision import Action, Approval, Phase
from edgewarm.model.identity import Key
from edgewarm.model.policy import Strategy
from edgewarm.model.pool import Allocation, NodeChoice, PoolSettings, Preemption, Slowdown
from edgewarm.model.prices import ApprovalTerms, RiskLevel
from edgewarm.model.selector import Requirement, Selector
from support.wrong_policies import merged
from support.wrong_pools import RIGHT_POOL, WRONG_POOLS, WrongPool

pytestmark = pytest.mark.unit


def pool(selector: Any) -> dict[str, Any]:
    return {"metadata": {"name": "berlin", "uid": "u", "generation": 2}, "spec": {"selector": selector}}


def test_a_pool_selects_by_labels_and_expressions() -> None:
    wire = {"matchLabels": {"site": "berlin"}, "matchExpressions": [{"key": "gpu", "operator": "Exists"}]}
    found = parse_pool(pool(wire))
    assert found.selector == Selector((("site", "berlin"),), (Requirement("gpu", "Exists"),))
    assert (found.name, found.uid, found.generation, found.problem) == ("berlin", "u", 2, None)


@pytest.mark.parametrize(
    ("selector", "problem"),
    [
        ({}, "spec.selector: selector must not be empty"),
        (None, "spec.selector must be an object, found null"),
        ({"matchExpressions": [{"key": "a", "operator": "In"}]}, "with operator In or NotIn need values"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]}, "DoesNotExist take none"),
        ({"matchExpressions": [{"key": "a", "operator": "Near"}]}, "matchExpressions[0].operator must be"),
    ],
)
def test_a_wrong_pool_becomes_a_problem(selector: Any, problem: str) -> None:
    found = parse_pool(pool(selector))
    assert found.selector is None
    assert problem in (found.problem or "")


def test_a_pool_sets_prices_and_thresholds() -> None:
    terms = {
        "prices": {"cpuCoreHour": "0.2", "memoryGiBHour": "10m"},
        "approval": {"costAbove": "50", "risk": "Medium"},
    }
    wire = pool({"matchLabels": {"site": "berlin"}})
    found = parse_pool({**wire, "spec": {**wire["spec"], **terms}})
    assert found.prices == (("cpu_core", 0.2), ("memory_gib", 0.01))
    assert found.approval == ApprovalTerms(50.0, RiskLevel.MEDIUM, frozenset({Strategy.AGGRESSIVE}))
    empty = parse_pool({**wire, "spec": {**wire["spec"], "approval": {}}})
    assert (empty.prices, empty.approval) == ((), ApprovalTerms(100.0, RiskLevel.HIGH))
    assert parse_pool(wire).approval is None


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        ({"prices": {"gpuHour": "dear"}}, "prices must be quantities from 0 to 1G"),
        ({"prices": {"gpuHour": "1e400"}}, "prices must be quantities from 0 to 1G"),
        ({"approval": {"costAbove": "1e400"}}, "approval.costAbove must be a quantity from 0 to 1E"),
        ({"prices": {"cpuCoreHour": "-1"}}, "prices must be quantities from 0 to 1G"),
        ({"approval": {"costAbove": "-1"}}, "approval.costAbove must be a quantity from 0 to 1E"),
        ({"approval": {"risk": "Huge"}}, "spec.approval.risk must be 'Low', 'Medium' or 'High'"),
    ],
)
def test_wrong_terms_become_a_problem(terms: dict[str, Any], problem: str) -> None:
    wire = pool({"matchLabels": {"site": "berlin"}})
    assert problem in (parse_pool({**wire, "spec": {**wire["spec"], **terms}}).problem or "")


@pytest.mark.parametrize("row", WRONG_POOLS, ids=lambda row: row.name)
def test_a_wrong_row_becomes_its_sentence(row: WrongPool) -> None:
    assert row.sentence in (parse_pool(row.manifest()).problem or "")


def test_how_a_pool_gives_its_room() -> None:
    wire = merged(
        RIGHT_POOL,
        {
            "metadata": {"creationTimestamp": "1970-01-01T00:01:00Z"},
            "spec": {
                "allowedNamespaces": {"matchLabels": {"team": "shop"}},
                "location": {"regionLabel": "site"},
                "allocation": "Priority",
                "nodeChoice": "Predictive",
                "preemption": "PreemptLowerPriority",
                "oversubscriptionRatio": "1.5",
                "shareable": ["cpu", "memory"],
                "budgets": {
                    "cpu": "2",
                    "memory": "4Gi",
                    "storage": "10G",
                    "pods": 8,
                    "bandwidth": "100M",
                    "concurrentPulls": 3,
                },
                "slowDown": {"above": "60%"},
                "migrateAbove": "85%",
            },
        },
    )
    found = parse_pool(wire)
    assert (found.problem, found.created_at) == (None, 60.0)
    assert found.allowed_namespaces == Selector((("team", "shop"),))
    assert found.settings == PoolSettings(
        Allocation.PRIORITY,
        NodeChoice.PREDICTIVE,
        Preemption.LOWER,
        1.5,
        frozenset({"cpu", "memory"}),
        {"cpu": 2.0, "memory": 2.0**32, "storage": 1e10, "pods": 8.0, "bandwidth": 1e8, "concurrentPulls": 3.0},
        Slowdown(0.6, 0.9),
        "site",
        0.85,
    )
    assert parse_pool(RIGHT_POOL).settings == PoolSettings()


def decision(**spec: Any) -> dict[str, Any]:
    right = {
        "policy": "checkout",
        "target": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"},
        "mode": "Recommend",
        "reason": "Forecast",
        "summary": "scaling 4 -> 7",
        "actions": [{"rung": "Replica", "from": 4, "to": 7, "executeAt": "1970-01-01T00:01:00Z"}],
    }
    meta = {"name": "d-1", "namespace": "shop", "uid": "u", "creationTimestamp": "1970-01-01T00:00:30Z"}
    return {"metadata": meta, "spec": {**right, **spec}}


def test_a_decision_is_read_back() -> None:
    found = parse_decision(decision(expiresAt="1970-01-01T00:10:00Z", approval="Approved"))
    assert found is not None
    assert (found.key, found.policy, found.created_at) == (Key("shop", "d-1"), "checkout", 30.0)
    assert (found.action, found.reason) == (Action("Replica", 4, 7, 60.0), "Forecast")
    assert (found.expires_at, found.approval, found.phase, found.evaluated) == (600.0, Approval.APPROVED, None, False)


def test_a_decision_knows_its_phase_and_whether_it_was_evaluated() -> None:
    found = parse_decision({**decision(), "status": {"phase": "Executed", "evaluation": {"outcome": "Hit"}}})
    assert found is not None
    assert (found.phase, found.evaluated) == (Phase.EXECUTED, True)


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param({}, id="no spec"),
        pytest.param(decision(actions=[]), id="no action"),
        pytest.param(decision(mode="Fast"), id="unknown mode"),
        pytest.param({**decision(), "status": {"phase": "Dreaming"}}, id="unknown phase"),
    ],
)
def test_what_we_cannot_read_is_none(foreign: dict[str, Any]) -> None:
    assert parse_decision(foreign) is None
