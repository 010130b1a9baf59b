"""The status of a WarmingPolicy and of an EdgeNodePool on the wire: we write it, so everything is optional."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr

from edgewarm.api.fields import Count, ListMap, Name, Number, Percent, Sentence, Time, Word
from edgewarm.api.rule import Wire
from edgewarm.model.stages import Stage


class ConditionStatus(Wire):
    """One aspect of the object's state, in the form that all of Kubernetes uses."""

    type: Annotated[StrictStr, Field(min_length=1, max_length=316)]
    """Ready is always there; Reconciling and Stalled only while they are true."""
    status: Literal["True", "False", "Unknown"]
    """Whether the condition holds: True, False or Unknown."""
    reason: Annotated[StrictStr, Field(min_length=1, max_length=1024)]
    """CamelCase word for programs that says why."""
    message: Annotated[StrictStr, Field(max_length=32768)]
    """Sentence for people that says why, and what to change if something must be changed."""
    last_transition_time: Time
    """When status last changed, in RFC 3339."""
    observed_generation: Count | None = None
    """metadata.generation of the spec that the condition is about."""


Conditions = Annotated[tuple[ConditionStatus, ...], ListMap(("type",), 16)]


class ReplicaCounts(Wire):
    """Pods of the workload, counted."""

    current: Count | None = None
    """Pods that the workload asks for now."""
    ready: Count | None = None
    """Pods that are ready."""
    wanted: Count | None = None
    """Pods that the rules chose."""


class ResourceNeedStatus(Wire):
    """What one resource asks for by itself."""

    name: Word
    """Name of the resource; demand is what demand.query or demand.template asks for."""
    demand: Number | None = None
    """Its last sample, in the unit of its query."""
    need: Count | None = None
    """Pods that it needs now."""
    forecast_need: Count | None = None
    """Pods that suffice for it in 90 of 100 cases one lead time ahead."""


class HorizonNeed(Wire):
    """The need at one distance ahead."""

    horizon: Word
    """Distance ahead: lead (one lead time), 5m, 15m, 1h or 24h."""
    seconds: Count | None = None
    """Distance ahead in seconds."""
    need_p50: Count | None = None
    """Pods that suffice in 50 of 100 cases."""
    need_p90: Count | None = None
    """Pods that suffice in 90 of 100 cases."""


class LeadTimeStatus(Wire):
    """How long a pod takes from its creation until it is ready."""

    text: Word | None = None
    """The 90 percent quantile as a short duration, such as 62s."""
    p50_seconds: Count | None = None
    """Half of the starts were faster than this many seconds."""
    p90_seconds: Count | None = None
    """90 of 100 starts were faster than this many seconds."""
    starts: Count | None = None
    """Starts that were measured."""
    source: Literal["Measured", "Default"] | None = None
    """Measured, or Default (spec.forecast.predictionHorizon) while too few starts were seen."""


class NodeLeadStatus(Wire):
    """One stage of a start on one node."""

    name: Name
    """Name of the node."""
    p50_seconds: Count | None = None
    """Half of the starts there were faster than this many seconds."""
    p90_seconds: Count | None = None
    """90 of 100 starts there were faster than this many seconds."""
    starts: Count | None = None
    """Starts that were measured there."""


class StageLeadStatus(Wire):
    """How long one stage of a start takes where nothing of it is warm."""

    stage: Stage
    """Scheduling (until a node has room), Image (its pulls), Data (volumes filled or attached), Start (until its
    containers run) or Ready (until it is ready)."""
    p50_seconds: Count | None = None
    """Half of the starts were faster than this many seconds."""
    p90_seconds: Count | None = None
    """90 of 100 starts were faster than this many seconds."""
    ahead_seconds: Count | None = None
    """p90Seconds of this stage and of all that follow, added up: how early a plan that begins with it must begin."""
    starts: Count | None = None
    """Starts that were measured."""
    warm_starts: Count | None = None
    """Further starts that found room at once, or the image or the data on their node."""
    nodes: Annotated[tuple[NodeLeadStatus, ...], ListMap(("name",), 10)] | None = None
    """The nodes with three starts or more that differ most from the others, at most 10."""


class ScoresStatus(Wire):
    """What following the forecast gained and cost, compared with the reactive answer on the same demand."""

    since: Time | None = None
    """Start of the window that the scores are about, in RFC 3339."""
    simulated: StrictBool | None = None
    """True while nothing is acted on, so that pods are simulated."""
    samples: Count | None = None
    """Forecasts that were checked against the demand that came."""
    raised_pod_minutes: Number | None = None
    """Pod-minutes that were ready above the reactive answer."""
    used_pod_minutes: Number | None = None
    """Pod-minutes of these that demand needed."""
    short_pod_minutes: Number | None = None
    """Pod-minutes that demand needed and that were not ready."""
    idle_pod_minutes: Number | None = None
    """Pod-minutes that were ready and not needed."""
    promised_pod_minutes: Number | None = None
    """Pod-minutes of use that the forecast promised for what it raised."""
    cost: Number | None = None
    """Idle pod-minutes plus kappa times short pod-minutes."""
    reactive_cost: Number | None = None
    """The same cost, had the reactive answer been followed."""
    saving: Percent | None = None
    """1 - cost / reactiveCost, in percent; negative where the forecast cost more than it saved."""
    precision: Percent | None = None
    """Share of the raised pod-minutes that demand needed."""
    recall: Percent | None = None
    """Share of the pod-minutes missing in the reactive answer that were ready."""
    f1: Percent | None = None
    """Harmonic mean of precision and recall."""
    kept_promise: Percent | None = None
    """Used divided by promised pod-minutes; 100% is honest."""
    coverage_p90: Percent | None = None
    """How often demand stayed at or below its 90 percent quantile; 90% is calibrated."""
    hits: Count | None = None
    """Decisions that were worth their cost."""
    false_positives: Count | None = None
    """Decisions that were not worth their cost."""
    misses: Count | None = None
    """Episodes of shortage."""


class BlockStatus(Wire):
    """What following the forecast would have gained in six hours, from two simulated plans on the same demand."""

    start: Time
    """Start of the six hours, in RFC 3339."""
    gain: Number
    """Difference of the costs of reacting and of following the forecast, divided by their sum; above 0 it pays."""
    saved: Number
    """Cost saved, in idle pod-minutes."""
    source: Literal["Live", "Backtest"]
    """Whether it was lived through, or rehearsed on history; a backtest counts half."""


class ConfidenceStatus(Wire):
    """How sure it is that following the forecast costs less than reacting."""

    value: Percent | None = None
    """Probability that the mean cost of following the forecast is below that of reacting."""
    threshold: Percent | None = None
    """From which probability on the forecast is acted on: forecast.confidenceThreshold, else what was learned."""
    acting: StrictBool | None = None
    """Whether that is enough to act on the forecast."""
    blocks: Annotated[tuple[BlockStatus, ...], ListMap(("start",), 28)] = ()
    """The evidence of the last week, in blocks of six hours; blocks in which both plans were the same are left out."""


class RungStatus(Wire):
    """One stage of warmth, over all nodes."""

    rung: Word
    """The stage: NodeRoom, Image, Data or Standby."""
    wanted: Count | None = None
    """Units that are wanted: nodes with the images of rung Image, pods of rung Standby, placeholders of NodeRoom."""
    warm: Count | None = None
    """Units that can be used now."""
    warming: Count | None = None
    """Units that are on their way."""
    reason: Word | None = None
    """Why that many are wanted, in one CamelCase word."""


class NodeRungStatus(Wire):
    """One stage of warmth on one node."""

    node: Name
    """Name of the node."""
    rung: Word
    """The stage."""
    wanted: Count | None = None
    """Units that are wanted there."""
    warm: Count | None = None
    """Units that can be used there now."""
    warming: Count | None = None
    """Units that are on their way there."""


class WarmingPolicyStatus(Wire):
    """What the operator sees, expects and wants."""

    observed_generation: Count | None = None
    """metadata.generation of the spec that this status is about."""
    conditions: Conditions | None = None
    """Ready, and Reconciling or Stalled while they are true."""
    reason: Word | None = None
    """The rule that set the wanted count, in one CamelCase word."""
    summary: Sentence | None = None
    """One sentence that says what is done, and why."""
    demand: Number | None = None
    """The last demand sample, in the unit of the query; with resources, of the one that needs the most pods now."""
    replicas: ReplicaCounts | None = None
    """Pods asked for, ready and wanted."""
    need: Count | None = None
    """Pods that demand needs now."""
    binding_resource: Word | None = None
    """The resource behind the wanted count; absent without demand.resources, and where not demand set it."""
    resources: Annotated[tuple[ResourceNeedStatus, ...], ListMap(("name",), 9)] | None = None
    """The need of each of demand.resources, and of demand.query or demand.template beside them."""
    forecast: Annotated[tuple[HorizonNeed, ...], ListMap(("horizon",), 8)] | None = None
    """Pods that demand will need, by distance ahead."""
    forecast_need: Count | None = None
    """Pods that suffice in 90 of 100 cases one lead time ahead."""
    forecast_model: Name | None = None
    """The model that forecast: spec.forecast.model, or Fleet while that one cannot."""
    lead_time: LeadTimeStatus | None = None
    """How long a pod takes to become ready."""
    lead_times: Annotated[tuple[StageLeadStatus, ...], ListMap(("stage",), 5)] | None = None
    """How long each stage of a start takes, as far as one was measured."""
    rungs: Annotated[tuple[RungStatus, ...], ListMap(("rung",), 8)] | None = None
    """What is warm of each of spec.rungs."""
    nodes: Annotated[tuple[NodeRungStatus, ...], ListMap(("node", "rung"), 20)] | None = None
    """The same by node: the 20 entries that differ most from the plan, for rungs that are planned by node."""
    last_decision: Name | None = None
    """Name of the newest ScalingDecision of this policy."""
    confidence: ConfidenceStatus | None = None
    """How sure it is that following the forecast pays."""
    scores: ScoresStatus | None = None
    """How good the forecast has been, in this workload's own pod-minutes."""
