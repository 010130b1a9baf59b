"""One golden object per builder; what we write is also what our own API types accept."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from edgewarm.api.decision_wire import ScalingDecisionSpec, ScalingDecisionStatus
from edgewarm.api.parse import parse_decision
from edgewarm.api.pool_status_wire import EdgeNodePoolStatus
from edgewarm.api.rule import Wire
from edgewarm.api.status import WarmingPolicyStatus
from edgewarm.api.wired import parse_conditions
from edgewarm.decide.situation import Candidate
from edgewarm.decide.worth import Concern, Expected, Worth
from edgewarm.learn.confidence import Block
from edgewarm.manifests.condition import conditions
from edgewarm.manifests.decision import (
    DecisionDraft,
    DecisionReport,
    Evaluation,
    Prediction,
    Weighed,
    decision_status,
    scaling_decision,
)
from edgewarm.manifests.lead_times import NodeLead, StageLead
from edgewarm.manifests.policy_status import (
    Confidence,
    HorizonNeed,
    LeadTime,
    PolicyReport,
    Replicas,
    Scores,
    policy_status,
)
from edgewarm.manifests.pool_status import BudgetUse, PoolReport, pool_status
from edgewarm.model.conditions import Condition
from edgewarm.model.decision import Action, Outcome, Phase
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.policy import Mode
from edgewarm.model.prices import RiskLevel
from edgewarm.model.reasons import Reason
from edgewarm.model.rungs import RungName
from edgewarm.model.stages import Stage
from edgewarm.pools.use import NodeUse, PoolUse
from support.golden import golden

pytestmark = pytest.mark.unit

NOW = 1795334700.0  # 2026-11-22T08:05:00Z
READY = Condition("Ready", "True", "Warm", "4 of 4 pods are ready", NOW - 3600, 3)
SUMMARY = "scaling 4 -> 7 now: 310 req/s expected at 08:05 (p90), 50 per pod, lead time 62 s (measured, 41 starts)"

DRAFT = DecisionDraft(
    policy=Key("shop", "checkout"),
    policy_uid="0c8e6a52-8f3f-4d38-9d8c-2f1f5a4b7c10",
    target=TargetRef("apps/v1", "Deployment", "checkout"),
    mode=Mode.RECOMMEND,
    at=NOW,
    actions=(Action(RungName.REPLICA, 4, 7, NOW), Action(RungName.STANDBY, 0, 2, NOW)),
    reason="Forecast",
    summary=SUMMARY,
    urgent=True,
    predictions=(
        Prediction("lead", 62.4, 187.25, ((0.5, 262.0), (0.9, 310.4)), 0.93, 7, "trend +61, daily pattern +54", 0.934),
        Prediction("1h", 3600.0, 187.25, ((0.5, 180.0), (0.9, 199.9)), 0.995, 4),
    ),
    candidates=(
        Weighed(
            Candidate("reactive_floor", 4, Reason.REACTIVE_FLOOR, "187 / 50"), Expected(1.75, 0.0, (2.1, 0.0))
        ),  # 10 x 1.75 x .12
        Weighed(Candidate("forecast", 7, Reason.FORECAST, "p90.9 of 310 / 50"), Expected(0.125, 1.375, (0.15, 0.165))),
        Weighed(Candidate("bounds", 7, Reason.FORECAST, "")),
    ),
    worth=Worth(
        0.84,
        1.75,
        (Concern(RiskLevel.MEDIUM, "only 25 h of history are known", "use mode Observe"),),
        ("it costs 0.84, above 0.5",),
    ),
    expected=Expected(0.125, 1.375, (0.15, 0.165)),
    expires_at=NOW + 900,
)

SCORES = Scores(
    since=NOW - 86400,
    simulated=True,
    samples=1440,
    raised=412.5,
    used=298.25,
    short=3.0,
    idle=114.25,
    promised=301.0,
    cost=144.25,
    reactive_cost=596.5,
    hits=11,
    false_positives=2,
    misses=1,
    precision=298.25 / 412.5,  # 72%
    recall=298.25 / 301.25,  # 99.004%
    f1=0.8357,
    kept_promise=298.25 / 301.0,
    saving=1 - 144.25 / 596.5,  # 76%
    coverage_p90=0.912,
)

POLICY = PolicyReport(
    generation=3,
    conditions=(READY,),
    reason="Forecast",
    summary=SUMMARY,
    demand=187.25,
    replicas=Replicas(4, 4, 7),
    need=4,
    horizons=(HorizonNeed("lead", 62.4, 6, 7), HorizonNeed("5m", 300.0, 6, 8)),
    forecast_need=7,
    forecast_model="ARIMA",
    lead_time=LeadTime(41.6, 62.4, 41, measured=True),
    stage_leads=(
        StageLead(Stage.SCHEDULING, 0.4, 1.6, 62.0, 41),
        StageLead(Stage.IMAGE, 20.4, 45.6, 60.4, 12, warm_starts=29, nodes=(NodeLead("edge-7", 70.0, 88.5, 4),)),
    ),
    last_decision="checkout-20261122080500",
    scores=SCORES,
    confidence=Confidence(
        0.934,
        threshold=0.65,
        blocks=(Block(NOW - 46800, 0.3125, 41.5), Block(NOW - 68400, -0.05, -3.0, backtest=True)),
    ),
)

POOL = PoolReport(
    generation=1,
    conditions=(READY,),
    reason="NodesReady",
    health="Degraded",
    use=PoolUse(
        nodes=3,
        ready_nodes=2,
        warm_nodes=1,
        capacity={"cpu": 7.5, "memory": 32 * 2**30, "pods": 220.0, "ephemeral-storage": 2**37, "nvidia.com/gpu": 2.0},
        requested={"cpu": 3.25, "memory": 20 * 2**30 + 1, "pods": 48.0, "ephemeral-storage": 0.0},
        reserved={"cpu": 1.0, "memory": 2**30, "pods": 2.0},
        utilization=0.6563,
        fragmentation=0.081,
        notable=(
            NodeUse("edge-2", "Cordoned", 0.75, 0),
            NodeUse("edge-9", "InPool north", None, 0),
            NodeUse("edge-1", "Ready", 0.5, 2, 0.625),
        ),
    ),
    rate=0.875,
    pace=0.5,
    budgets=(BudgetUse("cpu", 2.0, 1.5, 4.0), BudgetUse("pods", 10, 2)),
    refused={Key("shop", "checkout"): "room 3 of shop/checkout on edge-1: spec.budgets.cpu has 500m left"},
)

EXECUTED = DecisionReport(
    Phase.EXECUTED,
    "scaled 4 -> 7",
    executed_at=NOW + 1,
    evaluation=Evaluation(Outcome.MISS, False, NOW + 62, NOW + 1800, 87.0, 61.5, 2.25, 60.0, "Bound"),
)

BUILT = {
    "scaling_decision": scaling_decision(DRAFT),
    "policy_status": policy_status(POLICY),
    "pool_status": pool_status(POOL),
    "decision_status": decision_status(EXECUTED),
}


@pytest.mark.parametrize("name", BUILT)
def test_a_builder_gives_what_was_looked_at(name: str) -> None:
    assert BUILT[name] == golden(name, BUILT[name])


@pytest.mark.parametrize(
    ("model", "wire"),
    [
        (ScalingDecisionSpec, BUILT["scaling_decision"]["spec"]),
        (WarmingPolicyStatus, BUILT["policy_status"]),
        (EdgeNodePoolStatus, BUILT["pool_status"]),
        (ScalingDecisionStatus, BUILT["decision_status"]),
    ],
    ids=lambda case: case.__name__ if isinstance(case, type) else "",
)
def test_what_we_write_is_what_the_crd_keeps(model: type[Wire], wire: dict[str, Any]) -> None:
    kept = model.model_validate(wire).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert yaml.safe_load(yaml.safe_dump(kept)) == wire


def test_a_decision_is_read_back_as_it_was_drafted() -> None:
    manifest = {**scaling_decision(DRAFT), "status": decision_status(EXECUTED)}
    found = parse_decision(manifest)
    assert found is not None
    assert (found.key, found.policy) == (Key("shop", "checkout-20261122080500"), "checkout")
    assert (found.action, found.rungs) == (DRAFT.actions[0], DRAFT.actions[1:])
    assert (found.expires_at, found.phase, found.evaluated) == (NOW + 900, Phase.EXECUTED, True)


def test_conditions_survive_the_round_trip() -> None:
    assert parse_conditions({"conditions": conditions([READY])}) == (READY,)
