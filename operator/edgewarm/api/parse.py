"""Objects from the API server to the values of the core; what is wrong with one becomes its `problem`, never an error.

Defaults are filled in here too, so an object reads the same whether or not the API server has defaulted it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from edgewarm.api.data_spec import data
from edgewarm.api.decision_wire import ActionSpec, ScalingDecisionSpec
from edgewarm.api.fields import parse_ratio
from edgewarm.api.objective_spec import kappa
from edgewarm.api.policy_spec import (
    DemandSpec,
    FallbackSpec,
    ScaleDown,
    ScaleUp,
    ScheduleSpec,
    Template,
    WarmingPolicySpec,
)
from edgewarm.api.pool_spec import Approval, EdgeNodePoolSpec, NodeSelector, PoolPrices
from edgewarm.api.problem import sentence
from edgewarm.api.rungs_spec import rungs
from edgewarm.model.conditions import Condition
from edgewarm.model.decision import Action, DecisionRecord, Phase
from edgewarm.model.demand import DemandRequest
from edgewarm.model.identity import DEMAND, Key, TargetRef
from edgewarm.model.names import PAUSED_UNTIL
from edgewarm.model.objects import PolicyObject, PoolObject
from edgewarm.model.policy import Bounds, Fallback, Pace, Policy, RateLimit, Resource, Schedule
from edgewarm.model.prices import ApprovalTerms
from edgewarm.model.rungs import RungName
from edgewarm.model.units import parse_duration, parse_quantity, parse_time, unit_of
from edgewarm.model.workload import Requirement, Selector

Wired = Mapping[str, Any]


def parse_policy(obj: Wired) -> PolicyObject:
    """A WarmingPolicy; `policy` is None where `problem` says what its author must change."""
    meta = obj.get("metadata") or {}
    policy, problem = _policy_or_problem(obj.get("spec"), meta)
    status = _status(obj)
    return PolicyObject(
        key=_key(meta),
        uid=meta.get("uid", ""),
        generation=meta.get("generation", 0),
        created_at=_created_at(meta),
        policy=policy,
        problem=problem,
        conditions=parse_conditions(status),
        status=status,
    )


def parse_pool(obj: Wired) -> PoolObject:
    """An EdgeNodePool; `selector` is None where `problem` says what its author must change."""
    meta, status = obj.get("metadata") or {}, _status(obj)
    spec, problem = _pool_or_problem(obj.get("spec"))
    return PoolObject(
        name=meta.get("name", ""),
        uid=meta.get("uid", ""),
        generation=meta.get("generation", 0),
        selector=None if spec is None else _selector(spec.selector),
        prices=() if spec is None or spec.prices is None else _prices(spec.prices),
        approval=None if spec is None or spec.approval is None else _approval(spec.approval),
        problem=problem,
        conditions=parse_conditions(status),
        status=status,
    )


def parse_decision(obj: Wired) -> DecisionRecord | None:
    """A ScalingDecision; None for one that this operator did not write or cannot read."""
    meta, status = obj.get("metadata") or {}, _status(obj)
    try:
        spec = ScalingDecisionSpec.model_validate(_spec(obj.get("spec")))
        phase = Phase(status["phase"]) if "phase" in status else None
    except ValueError:  # pydantic's ValidationError is one
        return None
    actions = tuple(map(_action, spec.actions))
    return DecisionRecord(
        key=_key(meta),
        uid=meta.get("uid", ""),
        policy=spec.policy,
        created_at=_created_at(meta),
        action=next((one for one in actions if one.rung == RungName.REPLICA), actions[0]),
        rungs=tuple(one for one in actions if one.rung != RungName.REPLICA),
        reason=spec.reason,
        expires_at=None if spec.expires_at is None else parse_time(spec.expires_at),
        approval=spec.approval,
        phase=phase,
        evaluated="evaluation" in status,
    )


def parse_conditions(status: Wired) -> tuple[Condition, ...]:
    """The conditions of a status; entries that are not conditions are passed over."""
    found = status.get("conditions")
    return tuple(
        Condition(
            kind=entry["type"],
            status=entry["status"],
            reason=entry.get("reason", ""),
            message=entry.get("message", ""),
            since=parse_time(entry["lastTransitionTime"]),
            generation=entry.get("observedGeneration", 0),
        )
        for entry in (found if isinstance(found, list) else [])
        if isinstance(entry, Mapping) and _is_condition(entry)
    )


def _is_condition(entry: Wired) -> bool:
    try:
        parse_time(str(entry.get("lastTransitionTime")))
    except ValueError:
        return False
    return isinstance(entry.get("type"), str) and isinstance(entry.get("status"), str)


def _pool_or_problem(spec: Any) -> tuple[EdgeNodePoolSpec | None, str | None]:
    try:
        return EdgeNodePoolSpec.model_validate(_spec(spec)), None
    except ValidationError as error:
        return None, sentence(error)


def _policy_or_problem(spec: Any, meta: Wired) -> tuple[Policy | None, str | None]:
    try:
        wire = WarmingPolicySpec.model_validate(_spec(spec))
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
        scale_up=_pace(scaling.behavior.scale_up),
        scale_down=_pace(scaling.behavior.scale_down),
        scale_up_utilization=parse_ratio(scaling.scale_up_utilization),
        scale_down_utilization=parse_ratio(scaling.scale_down_utilization),
        schedules=tuple(_schedule(entry, spec.time_zone) for entry in spec.schedules),
        fallback=_fallback(spec.fallback),
        confidence_threshold=_ratio(spec.forecast.confidence_threshold),
        model=spec.forecast.model,
        history_window_seconds=parse_duration(spec.forecast.history_window),
        prediction_horizon_seconds=parse_duration(spec.forecast.prediction_horizon),
        paused_until=paused_until,
    )


def _series(spec: DemandSpec, namespace: str) -> tuple[Resource, ...]:
    """Everything that is asked for: query or template first, then the resources."""
    resources = tuple(
        _resource(one.name, _request(spec.source, one.query, one.template, namespace), one.per_pod)
        for one in spec.resources
    )
    if spec.capacity_per_pod is None:
        return resources
    request = _request(spec.source, spec.query, spec.template, namespace)
    split = None if spec.labels is None else spec.labels.node
    return (_resource(DEMAND, replace(request, split=split), spec.capacity_per_pod), *resources)


def _resource(name: str, request: DemandRequest, per_pod: str) -> Resource:
    return Resource(name, request, float(parse_quantity(per_pod)), unit_of(per_pod))


def _request(source: str | None, query: str | None, template: Template | None, namespace: str) -> DemandRequest:
    name, arguments = (None, ()) if template is None else (template.name, template.arguments)
    labels = tuple(sorted((argument.name, argument.value) for argument in arguments))
    return DemandRequest(namespace, source, query, name, labels)


def _pace(spec: ScaleUp | ScaleDown) -> Pace:
    limits = tuple(RateLimit(entry.type, entry.value, float(entry.period_seconds)) for entry in spec.policies)
    return Pace(float(spec.stabilization_window_seconds), spec.select_policy, limits)


def _schedule(spec: ScheduleSpec, zone: str) -> Schedule:
    return Schedule(spec.name, spec.time_zone or zone, spec.start, spec.end, spec.min, spec.max)


def _ratio(text: str | None) -> float | None:
    return None if text is None else parse_ratio(text)


def _fallback(spec: FallbackSpec | None) -> Fallback | None:
    return None if spec is None else Fallback(spec.replicas, parse_duration(spec.after))


def _selector(spec: NodeSelector) -> Selector:
    requirements = tuple(Requirement(entry.key, entry.operator, entry.values) for entry in spec.match_expressions)
    return Selector(tuple(sorted(spec.match_labels.items())), requirements)


def _prices(spec: PoolPrices) -> tuple[tuple[str, float], ...]:
    return tuple((name, float(parse_quantity(text))) for name, text in spec.given().items())


def _approval(spec: Approval) -> ApprovalTerms:
    return ApprovalTerms(float(parse_quantity(spec.cost_above)), spec.risk, frozenset(spec.strategies))


def _action(spec: ActionSpec) -> Action:
    return Action(RungName(spec.rung), spec.before, spec.after, parse_time(spec.execute_at), spec.node or None)


def _spec(found: Any) -> Any:
    """An absent spec lacks its required fields, which is what its author should read."""
    return {} if found is None else found


def _status(obj: Wired) -> Wired:
    found = obj.get("status")
    return found if isinstance(found, Mapping) else {}


def _key(meta: Wired) -> Key:
    return Key(meta.get("namespace", ""), meta.get("name", ""))


def _created_at(meta: Wired) -> float:
    """Objects that were never stored (a dry run, a recording) have no creation time: the epoch, older than any."""
    stamp = meta.get("creationTimestamp")
    return 0.0 if stamp is None else parse_time(stamp)
