"""Our three kinds: names, scope, models and the columns of `kubectl get`."""

from __future__ import annotations

from dataclasses import dataclass

from edgewarm.api.decision_wire import ScalingDecisionSpec, ScalingDecisionStatus
from edgewarm.api.policy_spec import WarmingPolicySpec
from edgewarm.api.pool_spec import EdgeNodePoolSpec
from edgewarm.api.pool_status_wire import EdgeNodePoolStatus
from edgewarm.api.rule import Wire
from edgewarm.api.status import WarmingPolicyStatus
from edgewarm.model.names import EDGE_NODE_POOL, SCALING_DECISION, WARMING_POLICY


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`; priority 1 shows with `-o wide` only."""

    name: str
    path: str
    kind: str = "string"
    priority: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """All that a CRD says beside its schema."""

    name: str
    plural: str
    short: str
    namespaced: bool
    description: str
    spec: type[Wire]
    status: type[Wire]
    columns: tuple[Column, ...]


_READY = Column("Ready", '.status.conditions[?(@.type=="Ready")].status', description="Whether all is well.")
_AGE = Column("Age", ".metadata.creationTimestamp", "date", description="Time since creation.")

POLICY = Kind(
    WARMING_POLICY,
    "warmingpolicies",
    "wp",
    True,
    "WarmingPolicy keeps one workload warm before its demand comes, at the lowest cost that keeps the promise.",
    WarmingPolicySpec,
    WarmingPolicyStatus,
    (
        Column("Mode", ".spec.mode", description="What the operator may do."),
        Column("Target", ".spec.targetRef.name", description="The workload."),
        _READY,
        Column("Need", ".status.need", "integer", description="Pods that demand needs now."),
        Column("Forecast(p90@lead)", ".status.forecastNeed", "integer", description="Pods needed one lead time ahead."),
        Column("Lead", ".status.leadTime.text", description="Time from creating a pod until it is ready, p90."),
        Column(
            "Standby",
            '.status.rungs[?(@.rung=="Standby")].warm',
            "integer",
            description="Ready pods that are kept out of traffic.",
        ),
        Column("Reason", ".status.reason", description="The rule that set the wanted count."),
        Column("Current", ".status.replicas.current", "integer", 1, "Pods asked for."),
        Column("Pods-Ready", ".status.replicas.ready", "integer", 1, "Pods that are ready."),
        Column("Wanted", ".status.replicas.wanted", "integer", 1, "Pods that the rules chose."),
        Column("Demand", ".status.demand", "string", 1, "The last demand sample."),
        Column("Saving", ".status.scores.saving", "string", 1, "Cost saved against the reactive answer."),
        _AGE,
    ),
)

POOL = Kind(
    EDGE_NODE_POOL,
    "edgenodepools",
    "enp",
    False,
    "EdgeNodePool names the nodes of one edge site, or of several that are alike, and shows what they have left.",
    EdgeNodePoolSpec,
    EdgeNodePoolStatus,
    (
        Column("Nodes", ".status.nodes", "integer", description="Nodes that the selector matches."),
        Column("Ready", ".status.readyNodes", "integer", description="Nodes of these that are ready."),
        Column("Warm", ".status.warmNodes", "integer", description="Nodes on which something is held warm."),
        Column("Util", ".status.utilization", description="Largest share of capacity that is requested or reserved."),
        Column("Reason", ".status.reason", description="The state of the pool."),
        Column("Health", ".status.health", "string", 1, "Healthy, Degraded or Unavailable."),
        Column("Success", ".status.allocationSuccessRate", "string", 1, "Requests for room that found a place."),
        Column("Pace", ".status.pace", "string", 1, "Share of what is asked that is warmed in a pass."),
        _AGE,
    ),
)

DECISION = Kind(
    SCALING_DECISION,
    "scalingdecisions",
    "sd",
    True,
    "ScalingDecision records one change of plan: from what, to what, why, and afterwards whether it was right. "
    "The operator writes it; people only set spec.approval.",
    ScalingDecisionSpec,
    ScalingDecisionStatus,
    (
        Column("Policy", ".spec.policy", description="The policy that it belongs to."),
        Column("From", ".spec.actions[0].from", "integer", description="Units before, of the first action."),
        Column("To", ".spec.actions[0].to", "integer", description="Units after, of the first action."),
        Column("Reason", ".spec.reason", description="The rule that set the number."),
        Column("Cost", ".spec.estimatedCost", description="Price of the pods that are added."),
        Column("Risk", ".spec.risk.level", description="How much could go wrong."),
        Column("Phase", ".status.phase", description="Where the decision is in its life."),
        Column("Hit", ".status.evaluation.outcome", description="Whether it was right."),
        Column("Urgency", ".spec.urgency", "string", 1, "Immediate or Routine."),
        Column("Summary", ".spec.summary", "string", 1, "The decision in one sentence."),
        _AGE,
    ),
)

KINDS = (POLICY, POOL, DECISION)
