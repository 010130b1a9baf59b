"""An EdgeNodePool from the API server to the values of the core; what is wrong with it becomes its `problem`."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from edgewarm.api.fields import parse_ratio
from edgewarm.api.pool_spec import EdgeNodePoolSpec
from edgewarm.api.problem import sentence
from edgewarm.api.selector_spec import LabelSelector
from edgewarm.api.terms_spec import Approval, PoolPrices
from edgewarm.api.wired import Wired, created_at_of, parse_conditions, spec_of, status_of
from edgewarm.model.amounts import PODS, PULLS, Amounts
from edgewarm.model.objects import PoolObject
from edgewarm.model.pool import NodeChoice, PoolSettings
from edgewarm.model.prices import ApprovalTerms
from edgewarm.model.selector import Requirement, Selector
from edgewarm.model.units import parse_quantity


def parse_pool(obj: Wired) -> PoolObject:
    """An EdgeNodePool; `selector` is None where `problem` says what its author must change."""
    meta, status = obj.get("metadata") or {}, status_of(obj)
    spec, problem = _pool_or_problem(obj.get("spec"))
    allowed = None if spec is None else spec.allowed_namespaces
    return PoolObject(
        name=meta.get("name", ""),
        uid=meta.get("uid", ""),
        generation=meta.get("generation", 0),
        created_at=created_at_of(meta),
        selector=None if spec is None else _selector(spec.selector),
        allowed_namespaces=None if allowed is None else _selector(allowed),
        settings=PoolSettings() if spec is None else _settings(spec),
        prices=() if spec is None or spec.prices is None else _prices(spec.prices),
        approval=None if spec is None or spec.approval is None else _approval(spec.approval),
        problem=problem,
        conditions=parse_conditions(status),
        status=status,
    )


def _pool_or_problem(spec: Any) -> tuple[EdgeNodePoolSpec | None, str | None]:
    try:
        return EdgeNodePoolSpec.model_validate(spec_of(spec)), None
    except ValidationError as error:
        return None, sentence(error)


def _settings(spec: EdgeNodePoolSpec) -> PoolSettings:
    plain = PoolSettings()
    return PoolSettings(
        allocation=spec.allocation,
        node_choice=spec.node_choice or NodeChoice.LEAST_LOADED,
        preemption=spec.preemption,
        oversubscription=float(parse_quantity(spec.oversubscription_ratio)),
        shareable=plain.shareable if spec.shareable is None else frozenset(spec.shareable),
        limits=_limits(spec),
        slowdown=None if spec.slow_down is None else spec.slow_down.parsed(),
        migrate_above=None if spec.migrate_above is None else parse_ratio(spec.migrate_above),
        region_label=spec.location.region_label,
    )


def _limits(spec: EdgeNodePoolSpec) -> Amounts:
    if spec.budgets is None:
        return {}
    limits = {name: float(parse_quantity(text)) for name, text in spec.budgets.quantities().items()}
    counts = {PODS: spec.budgets.pods, PULLS: spec.budgets.concurrent_pulls}
    return {**limits, **{name: float(count) for name, count in counts.items() if count is not None}}


def _selector(spec: LabelSelector) -> Selector:
    requirements = tuple(Requirement(entry.key, entry.operator, entry.values) for entry in spec.match_expressions)
    return Selector(tuple(sorted(spec.match_labels.items())), requirements)


def _prices(spec: PoolPrices) -> tuple[tuple[str, float], ...]:
    return tuple((name, float(parse_quantity(text))) for name, text in spec.given().items())


def _approval(spec: Approval) -> ApprovalTerms:
    return ApprovalTerms(float(parse_quantity(spec.cost_above)), spec.risk, frozenset(spec.strategies))
