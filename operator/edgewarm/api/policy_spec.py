"""The spec of a WarmingPolicy on the wire. Every field here acts; a field enters with the code that makes it act."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from edgewarm.api.behavior_spec import Behavior
from edgewarm.api.data_spec import DATA_RULES, DataList
from edgewarm.api.fields import (
    MAX_REPLICAS,
    DurationText,
    IntOrText,
    ListMap,
    Name,
    RatioText,
    Replicas,
    Time,
    TimeZone,
    cron,
    duration_within,
    is_ratio_in_cel,
    parse_ratio,
    quantity_above_zero,
    ratio_in_cel,
)
from edgewarm.api.labels_spec import DemandLabels
from edgewarm.api.objective_spec import Objective
from edgewarm.api.rule import Rule, Wire
from edgewarm.api.rungs_spec import RungsSpec
from edgewarm.api.warming_spec import QosSpec, RegionSpec, WarmingSpec
from edgewarm.model.identity import DEMAND
from edgewarm.model.policy import Mode, Model, Strategy

PLUGIN_NAME = re.compile("[a-z0-9][-a-z0-9]*")
CronText = Annotated[StrictStr, Field(max_length=128)]


class Target(Wire):
    """A workload with a /scale subresource."""

    api_version: Name
    """API version of the workload: apps/v1."""
    kind: Name
    """Kind of the workload: Deployment or StatefulSet."""
    name: Name
    """Name of the workload, in the namespace of the policy."""

    rules = (
        Rule(
            "targetRef must name a Deployment or a StatefulSet of apiVersion apps/v1",
            cel="self.apiVersion == 'apps/v1' && self.kind in ['Deployment', 'StatefulSet']",
            holds=lambda ref: ref.api_version == "apps/v1" and ref.kind in ("Deployment", "StatefulSet"),
        ),
    )


class PoolRef(Wire):
    """An EdgeNodePool by name."""

    name: Name
    """Name of the EdgeNodePool."""


class Argument(Wire):
    """One argument of a query template."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=63)]
    """Name of the argument, as the template spells it."""
    value: Annotated[StrictStr, Field(max_length=256)]
    """Value of the argument; it is compared with a label, never pasted into the query as code."""


class Template(Wire):
    """A query that the administrator declared, and the arguments that pick one series of it."""

    name: Name
    """Name of the query template in the operator's configuration."""
    arguments: Annotated[tuple[Argument, ...], ListMap(("name",), 16)] = ()
    """Arguments of the template, at most 16; together they must pick exactly one series."""


QueryText = Annotated[StrictStr, Field(min_length=1, max_length=4096)]


class ResourceSpec(Wire):
    """Something that demand uses up, and how much of it one pod gives."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=63, pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Name of the resource, a DNS label such as cpu, memory, gpu, storage or network; it appears where it binds."""
    query: QueryText | None = None
    """PromQL whose one result is what is used of the resource now, over all pods. Set either query or template."""
    template: Template | None = None
    """A query template of the operator's configuration, instead of query."""
    per_pod: Annotated[
        StrictStr, Field(max_length=32), quantity_above_zero("demand.resources[].perPod", "1E", "2Gi", "self")
    ]
    """What one pod gives of the resource, as a quantity in the unit of the query: "500m" for a query in cores, "2Gi"
    for one in bytes, "300M" for one in bits per second."""

    rules = (
        Rule(
            "set exactly one of demand.resources[].query and demand.resources[].template",
            cel="has(self.query) != has(self.template)",
            holds=lambda resource: (resource.query is None) != (resource.template is None),
        ),
        Rule(
            "demand.resources[].name must not be demand: that is what demand.query and demand.template ask for",
            cel="self.name != 'demand'",
            holds=lambda resource: resource.name != DEMAND,
        ),
    )


class DemandSpec(Wire):
    """What is asked of the workload, and how much of it one pod serves: a query or template with capacityPerPod, a list
    of resources, or both."""

    source: Name | None = None
    """Name of a metrics source in the operator's configuration; without it the operator's default source is asked."""
    query: QueryText | None = None
    """PromQL whose one result is the demand now, such as sum(rate(http_requests_total{app="checkout"}[1m])), in
    requests/s. Set either query or template."""
    template: Template | None = None
    """A query template of the operator's configuration, instead of query; it spares one query per policy."""
    capacity_per_pod: Annotated[IntOrText, quantity_above_zero("demand.capacityPerPod", "1E", "50")] | None = None
    """Demand that one ready pod serves, as a quantity in the unit of the query, such as "50" for 50 requests/s.
    Required with query or template."""
    labels: DemandLabels | None = None
    """Labels by which the answer of query or template is split."""
    resources: Annotated[tuple[ResourceSpec, ...], ListMap(("name",), 8)] = ()
    """Resources that demand uses up, at most 8, each with its own forecast. The need is the largest of all needs, that
    of query or template included; while one of them is unknown, nothing is lowered."""

    rules = (
        Rule(
            "set only one of demand.query and demand.template",
            cel="!(has(self.query) && has(self.template))",
            holds=lambda demand: demand.query is None or demand.template is None,
        ),
        Rule(
            "demand needs a query or a template with capacityPerPod, or resources",
            cel="has(self.query) || has(self.template) || (has(self.resources) && self.resources.size() > 0)",
            holds=lambda demand: bool(demand.query or demand.template or demand.resources),
        ),
        Rule(
            "demand.capacityPerPod goes with demand.query or demand.template: set it with one of them, and not without",
            cel="has(self.capacityPerPod) == (has(self.query) || has(self.template))",
            holds=lambda d: (d.capacity_per_pod is None) == (d.query is None and d.template is None),
        ),
        Rule(
            "demand.labels splits demand.query or demand.template: set one of them, or remove labels",
            cel="!has(self.labels) || has(self.query) || has(self.template)",
            holds=lambda d: d.labels is None or d.query is not None or d.template is not None,
        ),
    )


class ForecastSpec(Wire):
    """Which model forecasts, how far back it learns, how far ahead it looks, and when it is trusted."""

    model: Annotated[StrictStr, Field(max_length=63)] = Model.FLEET.value
    """The model that forecasts: Fleet, which learns all the time; ARIMA, ExponentialSmoothing or Linear, which are
    fitted every five minutes in a process of their own; or the name of a plug-in in the operator's configuration. While
    another model cannot, Fleet does; see the condition SelectedModel."""
    history_window: Annotated[DurationText, duration_within("forecast.historyWindow", "1h", "2160h")] = "336h"
    """Past demand to learn from when the operator starts, a Go duration from 1h to 2160h (90 days). No more than 840h
    are read: all that is older weighs one percent in the model."""
    prediction_horizon: Annotated[DurationText, duration_within("forecast.predictionHorizon", "15s", "24h")] = "5m"
    """How far ahead to look until the workload's lead time is measured, a Go duration from 15s to 24h."""
    confidence_threshold: RatioText | None = None
    """How sure it must be that following the forecast costs less than reacting, before it is acted on: a ratio from 0
    (always act) to 0.99. Without it the operator begins with 0.7 and learns within 0.6 to 0.9, from its record, what
    would have paid. Until it is reached the forecast is only shown; see status.confidence."""

    rules = (
        Rule(
            'forecast.confidenceThreshold must be a ratio from 0 to 0.99, such as "0.7" or "70%"',
            cel=f"!has(self.confidenceThreshold) || ({is_ratio_in_cel('self.confidenceThreshold')} && "
            f"{ratio_in_cel('self.confidenceThreshold')} <= 0.99)",
            holds=lambda f: f.confidence_threshold is None or 0 <= parse_ratio(f.confidence_threshold) <= 0.99,
        ),
        Rule(
            f"forecast.model must be {', '.join(Model)}, or the name of a plug-in: a DNS label such as my-model",
            cel=f"self.model in [{', '.join(repr(name.value) for name in Model)}] || "
            "self.model.matches('^[a-z0-9][-a-z0-9]*$')",
            holds=lambda forecast: forecast.model in set(Model) or bool(PLUGIN_NAME.fullmatch(forecast.model)),
        ),
    )


def _utilizations_in_cel() -> str:
    up, down = "self.scaleUpUtilization", "self.scaleDownUtilization"
    ratios = f"{is_ratio_in_cel(up)} && {is_ratio_in_cel(down)}"
    order = f"0.0 < {ratio_in_cel(down)} && {ratio_in_cel(down)} < {ratio_in_cel(up)} && {ratio_in_cel(up)} <= 1.0"
    return f"{ratios} && {order}"


class Scaling(Wire):
    """Which rules choose the replica count, and its bounds."""

    strategy: Strategy = Strategy.HYBRID
    """Which rules recommend. All hold at least what demand needs now. Reactive follows demand with two utilisations;
    Predictive adds the forecast, Scheduled the schedules, Hybrid both. Aggressive is Hybrid at three times kappa that
    does not scale in while a horizon of the next hour asks for more than would be left; Conservative is Hybrid at a
    third of kappa, one pod at a time."""
    min_replicas: Replicas = 1
    """Pods that are always kept, 0 to 10000."""
    max_replicas: Annotated[StrictInt, Field(ge=1, le=MAX_REPLICAS)] = 100
    """Pods that are never exceeded, 1 to 10000."""
    behavior: Behavior = Behavior()
    """How fast the replica count may change; a rise is never delayed by the scale-down window."""
    scale_up_utilization: RatioText = "0.8"
    """Strategy Reactive adds pods above this share of capacity: a ratio up to 1 such as "0.8" or "80%"."""
    scale_down_utilization: RatioText = "0.3"
    """Strategy Reactive removes pods below this share of capacity: a ratio such as "0.3" or "30%"."""

    rules = (
        Rule(
            "scaling.minReplicas must not be above scaling.maxReplicas (default 100)",
            cel="self.minReplicas <= self.maxReplicas",
            holds=lambda scaling: scaling.min_replicas <= scaling.max_replicas,
        ),
        Rule(
            'scaling.scaleDownUtilization and scaleUpUtilization must be ratios such as "0.3" or "80%" with '
            "0 < scaleDownUtilization < scaleUpUtilization <= 1 (defaults 0.3 and 0.8)",
            cel=_utilizations_in_cel(),
            holds=lambda s: 0 < parse_ratio(s.scale_down_utilization) < parse_ratio(s.scale_up_utilization) <= 1,
        ),
    )


class ScheduleSpec(Wire):
    """A recurring window in which other bounds hold."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=63, pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Name of the schedule, a DNS label; it appears in decisions."""
    start: Annotated[CronText, *cron("schedules[].start")]
    """When the window opens: cron with five fields, such as "0 8 * * MON-FRI"."""
    end: Annotated[CronText, *cron("schedules[].end")]
    """When the window closes: cron with five fields, such as "0 18 * * MON-FRI"."""
    time_zone: TimeZone | None = None
    """IANA time zone of start and end; without it spec.timeZone counts."""
    min: Replicas | None = None
    """Pods to keep while the window is open; they are started one lead time before it opens."""
    max: Replicas | None = None
    """Pods not to exceed while the window is open; like maxReplicas it holds whatever demand asks for."""

    rules = (
        Rule(
            "a schedule needs min, max or both",
            cel="has(self.min) || has(self.max)",
            holds=lambda schedule: schedule.min is not None or schedule.max is not None,
        ),
        Rule(
            "schedules[].min must not be above schedules[].max",
            cel="!has(self.min) || !has(self.max) || self.min <= self.max",
            holds=lambda schedule: schedule.min is None or schedule.max is None or schedule.min <= schedule.max,
        ),
    )


class FallbackSpec(Wire):
    """What to hold when demand has been unknown for long."""

    replicas: Replicas
    """Pods to hold at least while demand is unknown; never fewer than there are."""
    after: Annotated[DurationText, duration_within("fallback.after", "15s", "24h")] = "5m"
    """How long demand must have been unknown, a Go duration from 15s to 24h."""


def _schedules_within(spec: WarmingPolicySpec) -> bool:
    return all(schedule.min is None or schedule.min <= spec.scaling.max_replicas for schedule in spec.schedules)


class WarmingPolicySpec(Wire):
    """What the user wants to have warm, and at what price."""

    target_ref: Annotated[
        Target,
        Rule("targetRef is immutable; delete the policy and create another for the new target", cel="self == oldSelf"),
    ]
    """The workload to scale, in the policy's namespace. It cannot be changed later."""
    pool_ref: PoolRef | None = None
    """The EdgeNodePool on whose nodes something is held warm, and whose prices and approval thresholds count; without
    it those of the operator's configuration."""
    mode: Mode = Mode.OBSERVE
    """What the operator may do: only forecast and record decisions (Observe), act after a person approved
    (Recommend), or act (Act)."""
    demand: DemandSpec
    """What is asked of the workload, and how much of it one pod serves."""
    time_zone: TimeZone = "UTC"
    """IANA time zone that demand follows, such as Europe/Berlin: when its clocks change, the forecast's day moves.
    Schedules that name no zone of their own are in it too."""
    objective: Objective | None = None
    """What a shortage is worth compared with an idle pod; without it kappa is 10."""
    forecast: ForecastSpec = ForecastSpec()
    """Which model forecasts, how far back it learns, how far ahead it looks, and when it is trusted."""
    scaling: Scaling = Scaling()
    """Which rules choose the replica count, and its bounds."""
    rungs: RungsSpec | None = None
    """What is kept warm below the replicas; without it nothing is."""
    data: DataList = ()
    """What the workload reads that is not in its images, at most 16 items; rungs.data stages it."""
    schedules: Annotated[tuple[ScheduleSpec, ...], ListMap(("name",), 32)] = ()
    """Recurring windows with bounds of their own, at most 32; where several are open they count in the order of
    the list."""
    fallback: FallbackSpec | None = None
    """What to hold when demand has been unknown for long; without it the present count is held."""
    warming: WarmingSpec | None = None
    """On how many nodes of the pool anything may be held warm, and on which of them by hand."""
    regions: Annotated[tuple[RegionSpec, ...], ListMap(("name",), 16)] = ()
    """Regions outside of which nothing is warmed, at most 16; without any the whole pool comes into question."""
    qos: QosSpec | None = None
    """Who yields to whom where the pool has too little room; without it Medium, and preemptible."""
    paused_until: Time | None = None
    """RFC 3339 time until which nothing is changed. The annotation edgewarm.io/paused-until does the same; the later
    of the two counts."""

    rules = (
        Rule(
            "rungs.image needs poolRef, which says on which nodes: add it, or remove rungs.image",
            cel="!has(self.rungs) || !has(self.rungs.image) || !self.rungs.image.enabled || has(self.poolRef)",
            holds=lambda s: (
                s.rungs is None or s.rungs.image is None or not s.rungs.image.enabled or s.pool_ref is not None
            ),
        ),
        Rule(
            "rungs.migration needs poolRef, whose nodes take the pods that leave: add it, or remove rungs.migration",
            cel="!has(self.rungs) || !has(self.rungs.migration) || has(self.poolRef)",
            holds=lambda s: s.rungs is None or s.rungs.migration is None or s.pool_ref is not None,
        ),
        Rule(
            "rungs.standby needs a Deployment: a StatefulSet's pods have ordinals, so none of them can come from "
            "outside; remove it, or raise scaling.minReplicas",
            cel="!has(self.rungs) || !has(self.rungs.standby) || self.targetRef.kind == 'Deployment'",
            holds=lambda s: s.rungs is None or s.rungs.standby is None or s.target_ref.kind == "Deployment",
        ),
        *DATA_RULES,
        Rule(
            "fallback.replicas must not be above scaling.maxReplicas (default 100)",
            cel="!has(self.fallback) || self.fallback.replicas <= self.scaling.maxReplicas",
            holds=lambda spec: spec.fallback is None or spec.fallback.replicas <= spec.scaling.max_replicas,
        ),
        Rule(
            "schedules[].min must not be above scaling.maxReplicas (default 100)",
            cel="!has(self.schedules) || self.schedules.all(s, !has(s.min) || s.min <= self.scaling.maxReplicas)",
            holds=_schedules_within,
        ),
        Rule(
            "warming, regions and qos are about the nodes of a pool: set poolRef, or remove them",
            cel="has(self.poolRef) || !(has(self.warming) || has(self.qos) || has(self.regions))",
            holds=lambda s: s.pool_ref is not None or not (s.warming or s.qos or s.regions),
        ),
        Rule(
            "scaling.strategy Scheduled needs schedules: add one, or use strategy Hybrid",
            cel="self.scaling.strategy != 'Scheduled' || (has(self.schedules) && self.schedules.size() > 0)",
            holds=lambda spec: spec.scaling.strategy is not Strategy.SCHEDULED or bool(spec.schedules),
        ),
        Rule(
            "schedules[].min does nothing in scaling.strategy Predictive: use strategy Hybrid, or remove min",
            cel="self.scaling.strategy != 'Predictive' || !has(self.schedules) || self.schedules.all(s, !has(s.min))",
            holds=lambda s: s.scaling.strategy is not Strategy.PREDICTIVE or all(e.min is None for e in s.schedules),
        ),
    )
