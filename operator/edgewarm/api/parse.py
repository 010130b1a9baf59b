"""Objects from the API server to the values of the core; what is wrong with one becomes its `problem`, never an error.

Defaults are filled in here too, so an object reads the same whether or not the API server has defaulted it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from edgewarm.api.behavior_spec import ScaleDown, ScaleUp
from edgewarm.api.data_spec import data
from edgewarm.api.decision_wire import ActionSpec, ScalingDecisionSpec
from edgewarm.api.fields import parse_ratio
from edgewarm.api.objective_spec import kappa
from edgewarm.api.policy_spec import (
    DemandSpec,
    FallbackSpec,
    ScheduleSpec,
    Template,
    WarmingPolicySpec,
)
from edgewarm.api.problem import sentence
from edgewarm.api.rungs_spec import rungs
from edgewarm.api.warming_spec import RegionSpec, WarmingSpec
from edgewarm.api.wired import Wired, created_at_of, key_of, parse_conditions, spec_of, status_of
from edgewarm.model.decision import Action, DecisionRecord, Phase
from edgewarm.model.demand import DemandRequest
from edgewarm.model.geography import Point, Region
from edgewarm.model.identity import DEMAND, TargetRef
from edgewarm.model.names import PAUSED_UNTIL
from edgewarm.model.objects import PolicyObject
from edgewarm.model.policy import (
    SCALE_DOWN_DEFAULT,
    Bounds,
    Fallback,
    Pace,
    Policy,
    RateLimit,
    Resource,
    Schedule,
    WarmedNode,
    Warming,
)
from edgewarm.model.pool import Qos
from edgewarm.model.rungs import RungName
from edgewarm.model.units import parse_duration, parse_quantity, parse_time, unit_of


def parse_policy(obj: Wired) -> PolicyObject:
    """A WarmingPolicy; `policy` is None where `problem` says what its author must change."""
    meta = obj.get("metadata") or {}
    policy, problem = _policy_or_problem(obj.get("spec"), meta)
    status = status_of(obj)
    return PolicyObject(
        key=key_of(meta),
        uid=meta.get("uid", ""),
        generation=meta.get("generation", 0),
        created_at=created_at_of(meta),
        policy=policy,
        problem=problem,
        conditions=parse_conditions(status),
        status=status,
    )


def parse_decision(obj: Wired) -> DecisionRecord | None:
    """A ScalingDecision; None for one that this operator did not write or cannot read."""
    meta, status = obj.get("metadata") or {}, status_of(obj)
    try:
        spec = ScalingDecisionSpec.model_validate(spec_of(obj.get("spec")))
        phase = Phase(status["phase"]) if "phase" in status else None
    except ValueError:  # pydantic's ValidationError is one
        return None
    actions = tuple(map(_action, spec.actions))
    return DecisionRecord(
        key=key_of(meta),
        uid=meta.get("uid", ""),
        policy=spec.policy,
        created_at=created_at_of(meta),
        action=next((one for one in actions if one.rung == RungName.REPLICA), actions[0]),
        rungs=tuple(one for one in actions if one.rung != RungName.REPLICA),
        reason=spec.reason,
        expires_at=None if spec.expires_at is None else parse_time(spec.expires_at),
        approval=spec.approval,
        phase=phase,
        evaluated="evaluation" in status,
    )


def _policy_or_problem(spec: Any, meta: Wired) -> tuple[Policy | None, str | None]:
    try:
        wire = WarmingPolicySpec.model_validate(spec_of(spec))
    except ValidationError as error:
        return None, sentence(error)
    annotation = (meta.get("annotations") or {}).get(PAUSED_UNTIL)
    try:
        paused = [parse_time(text) for text in (wire.paused_until, annotation) if text is not None]
    except ValueError:
        fix = "write an RFC 3339 time such as 2026-11-22T08:05:00Z, or remove it"
        return None, f"annotation {PAUSED_UNTIL} is {annotation!r}; {fix}"
    try:
        return _policy(wire, meta.get("namespace", ""), max(paused, default=None)), None
    except (ValueError, ArithmeticError) as error:  # an event that raises is lost, and its author never told
        return None, f"spec: {error}; correct the field, or leave it out for its default"


def _policy(spec: WarmingPolicySpec, namespace: str, paused_until: float | None) -> Policy:
    scaling, series = spec.scaling, _series(spec.demand, namespace)
    alone = not spec.demand.resources
    return Policy(
        target=TargetRef(spec.target_ref.api_version, spec.target_ref.kind, spec.target_ref.name),
        demand=series[0].request,
        capacity_per_pod=series[0].per_pod if alone else 1.0,
        resources=() if alone else series,
        pool=None if spec.pool_ref is None else spec.pool_ref.name,
        rungs=rungs(spec.rungs),
        data=data(spec.data),
        mode=spec.mode,
        strategy=scaling.strategy,
        kappa=kappa(spec.objective),
        bounds=Bounds(scaling.min_replicas, scaling.max_replicas),
        scale_up=_pace(scaling.behavior.scale_up, scaling.behavior.scale_up.stabilization_window_seconds),
        scale_down=_scale_down(scaling.behavior.scale_down),
        scale_up_utilization=parse_ratio(scaling.scale_up_utilization),
        scale_down_utilization=parse_ratio(scaling.scale_down_utilization),
        schedules=tuple(_schedule(entry, spec.time_zone) for entry in spec.schedules),
        fallback=_fallback(spec.fallback),
        confidence_threshold=_ratio(spec.forecast.confidence_threshold),
        model=spec.forecast.model,
        history_window_seconds=parse_duration(spec.forecast.history_window),
        prediction_horizon_seconds=parse_duration(spec.forecast.prediction_horizon),
        paused_until=paused_until,
        warming=_warming(spec.warming),
        regions=tuple(_region(entry) for entry in spec.regions),
        qos=Qos.MEDIUM if spec.qos is None else spec.qos.priority,
        preemptible=spec.qos is None or spec.qos.preemptible,
        time_zone=spec.time_zone,
    )


def _warming(spec: WarmingSpec | None) -> Warming:
    if spec is None:
        return Warming()
    nodes = tuple(WarmedNode(entry.name, parse_time(entry.until), entry.pods) for entry in spec.nodes)
    return Warming(spec.max_prewarmed_nodes, spec.max_new_nodes_per_pass, nodes)


def _region(spec: RegionSpec) -> Region:
    if spec.latitude is None or spec.longitude is None or spec.within_km is None:
        return Region(spec.name)
    centre = Point(float(parse_quantity(spec.latitude)), float(parse_quantity(spec.longitude)))
    return Region(spec.name, centre, float(spec.within_km))


def _series(spec: DemandSpec, namespace: str) -> tuple[Resource, ...]:
    """Everything that is asked for: query or template first, then the resources."""
    resources = tuple(
        _resource(one.name, _request(spec.source, one.query, one.template, namespace), one.per_pod)
        for one in spec.resources
    )
    if spec.capacity_per_pod is None:
        return resources
    request = _request(spec.source, spec.query, spec.template, namespace)
    split = () if spec.labels is None else tuple(spec.labels.given().items())
    return (_resource(DEMAND, replace(request, split=split), spec.capacity_per_pod), *resources)


def _resource(name: str, request: DemandRequest, per_pod: str) -> Resource:
    return Resource(name, request, float(parse_quantity(per_pod)), unit_of(per_pod))


def _request(source: str | None, query: str | None, template: Template | None, namespace: str) -> DemandRequest:
    name, arguments = (None, ()) if template is None else (template.name, template.arguments)
    labels = tuple(sorted((argument.name, argument.value) for argument in arguments))
    return DemandRequest(namespace, source, query, name, labels)


def _pace(spec: ScaleUp | ScaleDown, window: float) -> Pace:
    limits = tuple(RateLimit(entry.type, entry.value, float(entry.period_seconds)) for entry in spec.policies)
    return Pace(float(window), spec.select_policy, limits)


def _scale_down(spec: ScaleDown) -> Pace:
    stated = spec.stabilization_window_seconds
    if stated is None:
        return _pace(spec, SCALE_DOWN_DEFAULT.stabilization_seconds)
    return replace(_pace(spec, stated), stated=True)


def _schedule(spec: ScheduleSpec, zone: str) -> Schedule:
    return Schedule(spec.name, spec.time_zone or zone, spec.start, spec.end, spec.min, spec.max)


def _ratio(text: str | None) -> float | None:
    return None if text is None else parse_ratio(text)


def _fallback(spec: FallbackSpec | None) -> Fallback | None:
    return None if spec is None else Fallback(spec.replicas, parse_duration(spec.after))


def _action(spec: ActionSpec) -> Action:
    return Action(RungName(spec.rung), spec.before, spec.after, parse_time(spec.execute_at), spec.node or None)
