"""Between the policies of a pass and their pools: who asks, for what demand, and what each is told. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgewarm.engine.pool_reports import remarks
from edgewarm.engine.pooling import Asker, PoolState, allows, may_hold
from edgewarm.engine.remarks import Remark
from edgewarm.engine.reports import Case, Found
from edgewarm.model.policy import Policy
from edgewarm.model.view import ClusterView
from edgewarm.pools.expected import NodeDemand


def askers(found: Iterable[Found]) -> list[Asker]:
    """The policies that may hold something in their pool."""
    cases = [one.case for one in found if one.case is not None]
    return [Asker(case.item, case.book.policy, case.workload) for case in cases if may_hold(case.book.policy)]


def pool_trouble(namespace: str, policy: Policy | None, view: ClusterView) -> tuple[bool, bool]:
    """(there is no such pool, the pool is not for this namespace)."""
    if policy is None or policy.pool is None:
        return False, False
    pool = view.pools.get(policy.pool)
    return pool is None, pool is not None and not allows(pool, namespace, view.namespaces.get(namespace, {}))


def remarked(one: Found, states: Mapping[str, PoolState], now: float) -> tuple[Remark, ...]:
    """What the pool has to say to a policy that may use it."""
    return () if one.case is None else remarks(one.case.item.key, one.case.book.policy, states, now)


def demands_by_node(found: Iterable[Found]) -> list[NodeDemand]:
    """The pods that workloads will need by node, where demand is known by node."""
    cases = (one.case for one in found if one.case is not None and one.case.parts)
    return [demand for case in cases if (demand := _by_node(case)) is not None]


def _by_node(case: Case) -> NodeDemand | None:
    whole = next((load for load in case.judgement.situation.parts if load.resource.request.split is not None), None)
    if whole is None:
        return None
    medians = {node: numbers.forecast.get(0.5, numbers.demand or 0.0) for node, numbers in case.parts.items()}
    return NodeDemand(case.workload, {node: demand / whole.resource.per_pod for node, demand in medians.items()})
