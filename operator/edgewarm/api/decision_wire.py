"""A ScalingDecision on the wire: a spec that never changes but for one approval, and the status of its life."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr

from edgewarm.api.fields import Count, ListMap, Name, Number, Percent, Sentence, Time, Word
from edgewarm.api.rule import Rule, Wire
from edgewarm.model.decision import Approval, Outcome, Phase
from edgewarm.model.policy import Mode
from edgewarm.model.prices import RiskLevel

MAX_ACTIONS = 64
MAX_CANDIDATES = 96  # a dozen rules, and a minimum and a maximum for each of 32 schedules


class DecidedTarget(Wire):
    """The workload that was decided on."""

    api_version: Name
    """API version of the workload."""
    kind: Name
    """Kind of the workload."""
    name: Name
    """Name of the workload, in the namespace of the decision."""


class PredictedLevel(Wire):
    """One quantile of a prediction."""

    level: Word
    """The quantile, such as p50 or p90."""
    value: Number
    """Its value, in the unit of the demand."""


class Prediction(Wire):
    """What was expected when the decision was made."""

    resource: Word
    """What was predicted: demand, or the resource that asks for the most pods at this distance."""
    horizon: Word
    """Distance ahead: lead (one lead time), 5m, 15m, 1h or 24h."""
    seconds: Count
    """Distance ahead in seconds."""
    current: Number | None = None
    """The value when the decision was made, in the unit of the demand."""
    predicted: Annotated[tuple[PredictedLevel, ...], ListMap(("level",), 16)]
    """Quantiles of the value that was expected, in the unit of the demand."""
    probability: Percent | None = None
    """Probability that the need reaches the recommended count."""
    confidence: Percent | None = None
    """Probability that the mean cost of following the forecast is below that of reacting."""
    recommended: Count
    """Pods that this prediction asks for."""
    action: Literal["ScaleUp", "ScaleDown"] | None = None
    """Direction from the present count to the recommended one; absent where they are equal."""
    scaling_factor: Number | None = None
    """Recommended count divided by the present one, as a quantity."""
    reasoning: Sentence | None = None
    """What moved the prediction, in one sentence."""


class ActionSpec(Wire):
    """One change of one rung."""

    rung: Literal["NodeRoom", "Image", "Data", "Standby", "Replica"]
    """The stage of the ladder that changes: Replica, a serving pod; Standby, a ready pod without traffic; Image, the
    workload's images on a node; NodeRoom, room for one more pod."""
    node: Annotated[StrictStr, Field(max_length=253)] = ""
    """The node that it is about; empty where the scheduler chooses."""
    before: Annotated[Count, Field(alias="from")]
    """Units before the change."""
    after: Annotated[Count, Field(alias="to")]
    """Units after the change."""
    execute_at: Time
    """RFC 3339 time before which nothing is done."""


class Candidate(Wire):
    """What one rule said when its turn came."""

    rule: Annotated[StrictStr, Field(min_length=1, max_length=128)]
    """Name of the rule; for a schedule it contains the schedule's name."""
    wanted: Count
    """Pods after this rule."""
    reason: Word
    """The rule's CamelCase reason for that count."""
    note: Sentence | None = None
    """The numbers behind it."""
    expected_short: Number | None = None
    """Pods expected to be missing one lead time ahead, had this rule had the last word."""
    expected_idle: Number | None = None
    """Pods expected to be idle then."""
    expected_shortage_cost: Number | None = None
    """What the missing pods would cost in an hour: kappa times expectedShort times the price of a pod-hour."""
    expected_idle_cost: Number | None = None
    """What the idle pods would cost in an hour; like expectedShortageCost absent where pods have no price."""


class Concern(Wire):
    """One thing that could go wrong."""

    reason: Sentence
    """What it is."""
    mitigation: Sentence
    """What keeps it small."""


class Risk(Wire):
    """What could go wrong."""

    level: RiskLevel
    """High where the count more than doubles or the strategy is Aggressive; Medium where horizons contradict each other
    or less than two days of history are known; else Low."""
    concerns: Annotated[
        tuple[Concern, ...], Field(max_length=8, json_schema_extra={"x-kubernetes-list-type": "atomic"})
    ] = ()
    """What it comes from, each with what keeps it small."""


_FIXED = (
    "policy",
    "target",
    "mode",
    "reason",
    "summary",
    "bindingResource",
    "urgency",
    "predictions",
    "actions",
    "candidates",
    "scalingFactor",
    "estimatedCost",
    "expectedShortageCost",
    "expectedIdleCost",
    "risk",
    "approvalReasons",
    "expiresAt",
)


def _unchanged(name: str) -> str:
    both = f"has(self.{name}) == has(oldSelf.{name})"
    return f"{both} && (!has(self.{name}) || self.{name} == oldSelf.{name})"


class ScalingDecisionSpec(Wire):
    """What was decided, from what, and why."""

    policy: Name
    """Name of the WarmingPolicy that the decision belongs to."""
    target: DecidedTarget
    """The workload that was decided on."""
    mode: Mode
    """The policy's mode when the decision was made."""
    reason: Word
    """The rule that set the number, in one CamelCase word."""
    summary: Sentence
    """The decision in one sentence."""
    binding_resource: Word | None = None
    """The resource behind the number; absent without demand.resources, and where not demand set it."""
    urgency: Literal["Immediate", "Routine"] = "Routine"
    """Immediate where what is asked now needs more pods than there are; Routine where it is foreseen, or a fall."""
    predictions: Annotated[tuple[Prediction, ...], ListMap(("resource", "horizon"), 8)] = ()
    """What was expected, by resource and distance ahead."""
    actions: Annotated[tuple[ActionSpec, ...], Field(min_length=1), ListMap(("rung", "node"), MAX_ACTIONS)]
    """The changes, one per rung and node; that of the replicas first, if there is one."""
    candidates: Annotated[tuple[Candidate, ...], ListMap(("rule",), MAX_CANDIDATES)] = ()
    """What each rule said, in the order in which the rules are asked; the last word is in actions."""
    scaling_factor: Number | None = None
    """Pods after divided by pods before, as a quantity."""
    estimated_cost: Number | None = None
    """Price of the pods that are added, by the requests of the workload's pod template, over four hours or until the
    schedule behind the plan closes; negative where pods are removed."""
    expected_shortage_cost: Number | None = None
    """What too few pods are expected to cost in an hour of such demand as is forecast one lead time ahead: kappa times
    the pods expected to be missing times the price of a pod-hour, by the pool's prices."""
    expected_idle_cost: Number | None = None
    """What idle pods are expected to cost in such an hour; absent where pods have no price."""
    risk: Risk | None = None
    """What could go wrong."""
    approval_reasons: Annotated[
        tuple[Sentence, ...], Field(max_length=8, json_schema_extra={"x-kubernetes-list-type": "atomic"})
    ] = ()
    """Why a person must approve it although the mode is Act; empty where nobody must."""
    expires_at: Time | None = None
    """RFC 3339 time after which the decision may no longer be approved."""
    approval: Approval | None = None
    """A person's answer, Approved or Denied; it can be given once. Nothing else in the spec can be changed."""

    rules = (
        Rule(
            "a ScalingDecision cannot be changed; only spec.approval can be set",
            cel=" && ".join(_unchanged(name) for name in _FIXED),
        ),
        Rule(
            "approval is given once and cannot be changed or taken back",
            cel="!has(oldSelf.approval) || (has(self.approval) && self.approval == oldSelf.approval)",
        ),
    )


class EvaluationStatus(Wire):
    """What came true, compared with the reactive answer on the same demand."""

    outcome: Outcome
    """Hit: worth its cost. FalsePositive: not. Miss: demand found too few pods. Neutral: it changed nothing."""
    simulated: StrictBool | None = None
    """True if nothing was acted on, so that pods were simulated."""
    from_: Annotated[Time | None, Field(alias="from")] = None
    """Start of the time that was evaluated, in RFC 3339."""
    until: Time | None = None
    """End of the time that was evaluated, in RFC 3339."""
    raised_pod_minutes: Number | None = None
    """Pod-minutes that were ready above the reactive answer."""
    used_pod_minutes: Number | None = None
    """Pod-minutes of these that demand needed."""
    short_pod_minutes: Number | None = None
    """Pod-minutes that demand needed and that were not ready."""
    promised_pod_minutes: Number | None = None
    """Pod-minutes of use that the forecast promised for what it raised."""
    miss_cause: Literal["Forecast", "Bound", "Blind", "Disturbance"] | None = None
    """What a miss is owed to: the forecast; a bound, limit of the pace or pause; missing data; or pods that were asked
    for in time and were not ready."""


class ScalingDecisionStatus(Wire):
    """Where the decision is in its life, and afterwards whether it was right."""

    phase: Phase | None = None
    """Where the decision is in its life."""
    message: Annotated[StrictStr, Field(max_length=1024)] | None = None
    """Why it is there, in one sentence."""
    executed_at: Time | None = None
    """When it was carried out, in RFC 3339."""
    evaluation: EvaluationStatus | None = None
    """Whether it was right, once that is known."""
