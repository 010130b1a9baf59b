"""Wrong policies, each with the sentence that its author reads, from the API server or from the operator.

`change` is a JSON merge patch on RIGHT_POLICY. The operator refuses every row too, since an older CRD may be installed;
`operator_sentence` is what it says where the API server's own words cannot be the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

RIGHT_POLICY: dict[str, Any] = {
    "apiVersion": "edgewarm.io/v1alpha1",
    "kind": "WarmingPolicy",
    "metadata": {"name": "right", "namespace": "default"},
    "spec": {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"},
        "demand": {"query": 'sum(rate(http_requests_total{app="checkout"}[1m]))', "capacityPerPod": "50"},
    },
}


@dataclass(frozen=True)
class WrongPolicy:
    """One mistake; `sentence` is part of the message of whoever refuses it first."""

    name: str
    change: Mapping[str, Any]
    sentence: str
    refused_by: Literal["server", "operator"] = "server"
    operator_sentence: str | None = None

    def manifest(self) -> dict[str, Any]:
        """The wrong object, named after the row."""
        named: dict[str, Any] = merged(RIGHT_POLICY, {"metadata": {"name": self.name}})
        return merged(named, self.change)


def merged(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7386: None removes, objects are merged, everything else replaces."""
    result = dict(target)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            old = result.get(name)
            result[name] = merged(old if isinstance(old, Mapping) else {}, value)
        else:
            result[name] = value
    return result


def _spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


def _demand(**fields: Any) -> dict[str, Any]:
    return _spec(demand=fields)


CPU = {"name": "cpu", "query": 'sum(rate(container_cpu_usage_seconds_total{pod=~"checkout-.*"}[1m]))', "perPod": "500m"}


def _resource(resource: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Resource cpu, changed; without other fields beside the query that is there."""
    return _demand(**fields, resources=[merged(CPU, resource or {})])


def _objective(**fields: Any) -> dict[str, Any]:
    return _spec(objective=fields)


def _scaling(**fields: Any) -> dict[str, Any]:
    return _spec(scaling=fields)


def _schedule(**fields: Any) -> dict[str, Any]:
    right = {"name": "day", "start": "0 8 * * MON-FRI", "end": "0 18 * * MON-FRI", "min": 3}
    return _spec(schedules=[merged(right, fields)])


WRONG_POLICIES = (
    WrongPolicy(
        "query-and-template", _demand(template={"name": "http"}), "set only one of demand.query and demand.template"
    ),
    WrongPolicy(
        "no-demand",
        _demand(query=None, capacityPerPod=None),
        "demand needs a query or a template with capacityPerPod, or resources",
    ),
    WrongPolicy(
        "no-capacity",
        _demand(capacityPerPod=None),
        "demand.capacityPerPod goes with demand.query or demand.template: set it with one of them, and not without",
    ),
    WrongPolicy(
        "capacity-of-nothing",
        _resource(query=None, capacityPerPod="50"),
        "demand.capacityPerPod goes with demand.query or demand.template: set it with one of them, and not without",
    ),
    WrongPolicy(
        "labels-of-resources",
        _resource(query=None, capacityPerPod=None, labels={"node": "node"}),
        "demand.labels splits demand.query or demand.template: set one of them, or remove labels",
    ),
    WrongPolicy(
        "label-that-is-none",
        _demand(labels={"node": "my-node"}),
        "spec.demand.labels.node in body should match",
        operator_sentence="spec.demand.labels.node must match",
    ),
    WrongPolicy("labels-without-one", _demand(labels={}), "demand.labels needs a label: set node"),
    WrongPolicy("labels-that-are-one", _demand(labels={"node": "i", "region": "i"}), "demand.labels must be another"),
    WrongPolicy(
        "resource-without-query",
        _resource(resource={"query": None}),
        "set exactly one of demand.resources[].query and demand.resources[].template",
    ),
    WrongPolicy(
        "resource-with-both",
        _resource(resource={"template": {"name": "cpu"}}),
        "set exactly one of demand.resources[].query and demand.resources[].template",
    ),
    WrongPolicy(
        "resource-of-nothing",
        _resource(resource={"perPod": "0"}),
        "demand.resources[].perPod must be a quantity above 1n and at most 1E",
    ),
    WrongPolicy(
        "resource-without-per-pod",
        _resource(resource={"perPod": None}),
        "spec.demand.resources[0].perPod: Required value",
        operator_sentence="spec.demand.resources[0].perPod is required",
    ),
    WrongPolicy(
        "resource-called-demand",
        _resource(resource={"name": "demand"}),
        "demand.resources[].name must not be demand: that is what demand.query and demand.template ask for",
    ),
    WrongPolicy(
        "resource-twice",
        _demand(resources=[CPU, CPU]),
        "spec.demand.resources[1]: Duplicate value",
        operator_sentence="spec.demand.resources: name must be unique, found 'cpu' twice",
    ),
    WrongPolicy(
        "nine-resources",
        _demand(resources=[{**CPU, "name": f"cpu-{index}"} for index in range(9)]),
        "spec.demand.resources: Too many: 9: must have at most 8 items",
        operator_sentence="spec.demand.resources: must have at most 8 entries, found 9",
    ),
    WrongPolicy("capacity-zero", _demand(capacityPerPod="0"), "demand.capacityPerPod must be a quantity above 1n"),
    WrongPolicy("capacity-int-zero", _demand(capacityPerPod=0), "demand.capacityPerPod must be a quantity above 1n"),
    WrongPolicy("capacity-negative", _demand(capacityPerPod=-5), "demand.capacityPerPod must be a quantity above 1n"),
    *(
        WrongPolicy(f"{field}-{name}", change, sentence)
        for name, number in (("next-to-nothing", "1e-400"), ("least", "1n"), ("endless", "1e400"))
        for field, change, sentence in (
            (
                "capacity",
                _demand(capacityPerPod=number),
                "demand.capacityPerPod must be a quantity above 1n and at most 1E",
            ),
            (
                "resource",
                _resource(resource={"perPod": number}),
                "demand.resources[].perPod must be a quantity above 1n and at most 1E",
            ),
            ("kappa", _objective(kappa=number), "objective.kappa must be a quantity above 1n and at most 10000"),
            (
                "costs",
                _objective(costs={"delayedSecond": "0.0002", "podHour": number}),
                "objective.costs.delayedSecond and podHour must be quantities above 1n and at most 1E",
            ),
        )
    ),
    WrongPolicy("capacity-in-words", _demand(capacityPerPod="fifty"), "demand.capacityPerPod must be a quantity"),
    WrongPolicy(
        "capacity-float",
        _demand(capacityPerPod=0.5),
        "spec.demand.capacityPerPod: Invalid value",
        operator_sentence="spec.demand.capacityPerPod must be a whole number or a quoted string",
    ),
    WrongPolicy(
        "argument-twice",
        _demand(
            query=None,
            template={"name": "http", "arguments": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]},
        ),
        "spec.demand.template.arguments[1]: Duplicate value",
        operator_sentence="spec.demand.template.arguments: name must be unique, found 'a' twice",
    ),
    WrongPolicy(
        "target-is-a-job",
        _spec(targetRef={"apiVersion": "batch/v1", "kind": "Job"}),
        "targetRef must name a Deployment or a StatefulSet of apiVersion apps/v1",
    ),
    WrongPolicy(
        "no-target",
        _spec(targetRef=None),
        "spec.targetRef: Required value",
        operator_sentence="spec.targetRef is required",
    ),
    WrongPolicy(
        "unknown-mode",
        _spec(mode="Fast"),
        'spec.mode: Unsupported value: "Fast"',
        operator_sentence="spec.mode must be 'Observe', 'Recommend' or 'Act', found 'Fast'",
    ),
    WrongPolicy(
        "unknown-strategy",
        _scaling(strategy="Psychic"),
        'spec.scaling.strategy: Unsupported value: "Psychic"',
        operator_sentence="spec.scaling.strategy must be 'Reactive', 'Predictive', 'Scheduled', 'Hybrid', "
        "'Aggressive' or 'Conservative', found 'Psychic'",
    ),
    WrongPolicy(
        "certainty-asked-for",
        _spec(forecast={"confidenceThreshold": "100%"}),
        'forecast.confidenceThreshold must be a ratio from 0 to 0.99, such as "0.7" or "70%"',
    ),
    WrongPolicy("two-objectives", _objective(kappa="10", serviceLevel="95%"), "set exactly one of objective.kappa"),
    WrongPolicy("no-objective", _objective(), "set exactly one of objective.kappa"),
    WrongPolicy(
        "service-level-one",
        _objective(serviceLevel="100%"),
        "objective.serviceLevel must be a ratio above 0 and at most 99.99%",
    ),
    WrongPolicy(
        "service-level-in-words",
        _objective(serviceLevel="high"),
        "objective.serviceLevel must be a ratio above 0 and at most 99.99%",
    ),
    WrongPolicy(
        "costs-free-pods",
        _objective(costs={"delayedSecond": "1", "podHour": "0"}),
        "objective.costs.delayedSecond and podHour must be quantities above 1n",
    ),
    WrongPolicy(
        "costs-too-far-apart",
        _objective(costs={"delayedSecond": "10", "podHour": "0.04"}),
        "with 3600 x delayedSecond / podHour at most 10000",
    ),
    WrongPolicy(
        "scheduled-without-schedules",
        _scaling(strategy="Scheduled"),
        "scaling.strategy Scheduled needs schedules: add one, or use strategy Hybrid",
    ),
    WrongPolicy(
        "predictive-with-a-minimum",
        merged(_scaling(strategy="Predictive"), _schedule()),
        "schedules[].min does nothing in scaling.strategy Predictive",
    ),
    WrongPolicy(
        "bounds-crossed",
        _scaling(minReplicas=5, maxReplicas=3),
        "scaling.minReplicas must not be above scaling.maxReplicas",
    ),
    WrongPolicy(
        "bounds-crossed-with-default",
        _scaling(minReplicas=200),
        "scaling.minReplicas must not be above scaling.maxReplicas (default 100)",
    ),
    WrongPolicy(
        "min-below-zero",
        _scaling(minReplicas=-1),
        "spec.scaling.minReplicas in body should be greater than or equal to 0",
        operator_sentence="spec.scaling.minReplicas must be at least 0, found -1",
    ),
    WrongPolicy(
        "max-too-large",
        _scaling(maxReplicas=10001),
        "spec.scaling.maxReplicas in body should be less than or equal to 10000",
        operator_sentence="spec.scaling.maxReplicas must be at most 10000, found 10001",
    ),
    WrongPolicy(
        "utilizations-crossed",
        _scaling(scaleUpUtilization="30%", scaleDownUtilization="0.8"),
        "0 < scaleDownUtilization < scaleUpUtilization <= 1",
    ),
    WrongPolicy(
        "utilization-above-one", _scaling(scaleUpUtilization="120%"), "scaleUpUtilization <= 1 (defaults 0.3 and 0.8)"
    ),
    WrongPolicy("utilization-in-words", _scaling(scaleUpUtilization="high"), 'must be ratios such as "0.3" or "80%"'),
    WrongPolicy(
        "utilization-float",
        _scaling(scaleUpUtilization=0.7),
        "spec.scaling.scaleUpUtilization in body must be of type string",
        operator_sentence="spec.scaling.scaleUpUtilization must be a string; quote it, found 0.7",
    ),
    WrongPolicy(
        "no-rate-limits",
        _scaling(behavior={"scaleUp": {"policies": []}}),
        "spec.scaling.behavior.scaleUp.policies in body should have at least 1 items",
        operator_sentence="spec.scaling.behavior.scaleUp.policies must have at least 1 entry",
    ),
    WrongPolicy(
        "period-too-long",
        _scaling(behavior={"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 1801}]}}),
        "periodSeconds in body should be less than or equal to 1800",
        operator_sentence="spec.scaling.behavior.scaleDown.policies[0].periodSeconds must be at most 1800, found 1801",
    ),
    WrongPolicy(
        "kappa-zero", _spec(objective={"kappa": "0"}), "objective.kappa must be a quantity above 1n and at most 10000"
    ),
    WrongPolicy(
        "kappa-too-large",
        _spec(objective={"kappa": "1M"}),
        "objective.kappa must be a quantity above 1n and at most 10000",
    ),
    WrongPolicy(
        "window-in-days",
        _spec(forecast={"historyWindow": "14d"}),
        "forecast.historyWindow must be a Go duration such as 90s or 1h30m, from 1h to 2160h",
    ),
    WrongPolicy(
        "window-too-short",
        _spec(forecast={"historyWindow": "30m"}),
        "forecast.historyWindow must be a Go duration such as 90s or 1h30m, from 1h to 2160h",
    ),
    WrongPolicy(
        "model-not-a-name",
        _spec(forecast={"model": "Auto ARIMA"}),
        "forecast.model must be Fleet, ARIMA, ExponentialSmoothing, Linear, or the name of a plug-in: a DNS label such "
        "as my-model",
    ),
    WrongPolicy(
        "model-in-the-wrong-case",
        _spec(forecast={"model": "Arima"}),
        "forecast.model must be Fleet, ARIMA, ExponentialSmoothing, Linear, or the name of a plug-in",
    ),
    WrongPolicy(
        "horizon-negative",
        _spec(forecast={"predictionHorizon": "-5m"}),
        "forecast.predictionHorizon must be a Go duration such as 90s or 1h30m, from 15s to 24h",
    ),
    WrongPolicy(
        "fallback-above-max",
        _spec(scaling={"maxReplicas": 10}, fallback={"replicas": 11}),
        "fallback.replicas must not be above scaling.maxReplicas",
    ),
    WrongPolicy(
        "fallback-too-soon",
        _spec(fallback={"replicas": 1, "after": "5s"}),
        "fallback.after must be a Go duration such as 90s or 1h30m, from 15s to 24h",
    ),
    WrongPolicy("schedule-without-bounds", _schedule(min=None), "a schedule needs min, max or both"),
    WrongPolicy("schedule-bounds-crossed", _schedule(max=2), "schedules[].min must not be above schedules[].max"),
    WrongPolicy("schedule-above-max", _schedule(min=101), "schedules[].min must not be above scaling.maxReplicas"),
    WrongPolicy(
        "schedule-at-daily", _schedule(start="@daily"), "schedules[].start must be a cron expression of five fields"
    ),
    WrongPolicy(
        "schedule-with-seconds",
        _schedule(end="0 0 8 * * *"),
        "schedules[].end must be a cron expression of five fields",
    ),
    WrongPolicy(
        "schedule-name",
        _schedule(name="Day Time"),
        "spec.schedules[0].name in body should match",
        operator_sentence="spec.schedules[0].name must match",
    ),
    WrongPolicy(
        "paused-until-tomorrow",
        _spec(pausedUntil="tomorrow"),
        "spec.pausedUntil in body must be of type date-time",
        operator_sentence="spec.pausedUntil: must be an RFC 3339 time such as 2026-11-22T08:05:00Z",
    ),
    WrongPolicy("zone-offset", _spec(timeZone="+01:00"), "timeZone must be an IANA name such as Europe/Berlin or UTC"),
    WrongPolicy("zone-unknown", _spec(timeZone="Mars/Olympus_Mons"), "spec.timeZone: no such time zone", "operator"),
    WrongPolicy(
        "schedule-zone-unknown",
        _schedule(timeZone="Europe/Baerlin"),
        "spec.schedules[0].timeZone: no such time zone",
        "operator",
    ),
    WrongPolicy(
        "schedule-never", _schedule(start="0 0 30 2 *"), "spec.schedules[0].start: schedules[].start never", "operator"
    ),
    WrongPolicy(
        "schedule-hour-25", _schedule(end="0 25 * * *"), "spec.schedules[0].end: schedules[].end never", "operator"
    ),
    WrongPolicy(
        "paused-annotation",
        {"metadata": {"annotations": {"edgewarm.io/paused-until": "tomorrow"}}},
        "annotation edgewarm.io/paused-until is 'tomorrow'; write an RFC 3339 time such as 2026-11-22T08:05:00Z",
        "operator",
    ),
)

IMMUTABLE_TARGET = WrongPolicy(
    "right",
    _spec(targetRef={"name": "another"}),
    "targetRef is immutable; delete the policy and create another for the new target",
)
"""An update of RIGHT_POLICY that the API server refuses."""
