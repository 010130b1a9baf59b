"""Between the policies of a pass and their pools: who asks, for what demand, and what each is told. Pure.

A policy that a bug meets asks for nothing in this pass; the others do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from edgewarm.engine.allowance import Allowance
from edgewarm.engine.alone import alone
from edgewarm.engine.pool_reports import remarks
from edgewarm.engine.pooling import Asker, PoolState, allows, holdings, may_hold, on_the_way, pods_held
from edgewarm.engine.remarks import Remark
from edgewarm.engine.reports import Case, Found
from edgewarm.engine.resting import RESIZE, not_warmth
from edgewarm.engine.rungs import RungSituation
from edgewarm.model.amounts import NOTHING, PODS, Amounts, total
from edgewarm.model.identity import Key, Split
from edgewarm.model.names import PULL_BYTES, PULL_NODE, PULL_SPEED, RUNG_LABEL
from edgewarm.model.operations import CreateObject, Manifest, PatchObject
from edgewarm.model.policy import Policy, Warming
from edgewarm.model.pool import Holding, Request
from edgewarm.model.rungs import PULLED, RungName
from edgewarm.model.units import parse_quantity
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod
from edgewarm.pools.expected import NodeDemand

Made = TypeVar("Made")


def askers(found: Iterable[Found], view: ClusterView) -> list[Asker]:
    """The policies that may hold something in their pool, with what their rungs hold and ask for."""
    return list(_each(found, lambda one: _asker(one, view)))


def _asker(one: Found, view: ClusterView) -> Asker | None:
    item, workload, policy = one.around.item, one.around.workload, one.around.item.policy
    if policy is None or workload is None or not may_hold(policy):
        return None
    if one.case is not None:
        return _asking(one.case, view)
    still = replace(policy, preemptible=False, warming=Warming())  # it is not decided on: nothing is made or removed
    return Asker(item, still, workload, pods_held(view, item.uid))


def _asking(case: Case, view: ClusterView) -> Asker:
    by_hand = tuple(
        entry.name for entry in case.book.policy.warming.nodes if entry.until > case.judgement.situation.now
    )
    requests = spread_out(case.ladder.requests, _lacking(case, view), by_hand)
    beyond = {} if case.climb is None else not_warmth(case.climb)
    pods, coming = pods_held(view, case.item.uid), tuple(_coming(case))
    return Asker(case.item, case.book.policy, case.workload, pods, requests, coming, beyond)


def _coming(case: Case) -> Iterator[Holding]:
    """The pulls and fetches that this pass begins; standbys and placeholders are among the requests.

    Each counts in the budgets, and its node among those of the policy; of the node's room it takes nothing yet, since
    a standby had better wait for the end of a pull of a few millicores than go elsewhere.
    """
    begun = ((rung, plan) for rung, plan in case.ladder.plans if case.climb is not None and case.climb.begins(rung))
    for number, (rung, one) in enumerate((rung, one) for rung, plan in begun for one in plan.operations):
        if rung in PULLED and isinstance(one, CreateObject):
            plain = Holding(
                name=f"pull {number} of {case.item.key}",
                owner=case.item.key,
                rung=rung,
                node="",
                amounts=asked_by(one.manifest),
                since=case.judgement.situation.now,
                preemptible=False,
            )
            node = one.manifest["metadata"]["annotations"].get(PULL_NODE, "")
            yield from (plain, replace(plain, name=f"{plain.name} on {node}", node=node, amounts=NOTHING))


def asked_by(manifest: Manifest) -> Amounts:
    """What a pull or a fetch to be made asks of budgets.

    >>> notes = {"edgewarm.io/pull-bytes": "100", "edgewarm.io/pull-bytes-per-second": "10"}
    >>> spec = {"containers": [{"resources": {"requests": {"cpu": "1m"}}}, {}]}
    >>> asked_by({"metadata": {"annotations": notes}, "spec": spec})
    {'storage': 100.0, 'concurrentPulls': 1.0, 'bandwidth': 80.0, 'pods': 1.0, 'cpu': 0.001}
    """
    notes = manifest["metadata"]["annotations"]
    budgeted = on_the_way(float(notes[PULL_BYTES]), float(notes[PULL_SPEED]))
    asks = [(one.get("resources") or {}).get("requests") or {} for one in manifest["spec"]["containers"]]
    parts = [{name: float(parse_quantity(text)) for name, text in each.items()} for each in asks]
    return total([budgeted, {PODS: 1.0}, *parts])


def spread_out(
    requests: Iterable[Request], lacking: Mapping[str, float], by_hand: tuple[str, ...] = ()
) -> tuple[Request, ...]:
    """Each request prefers the node that lacks most pods by then, then the others that lack any, then those that are
    warmed by hand."""
    left, result = dict(lacking), []
    for request in requests:
        order = tuple(sorted((name for name in left if left[name] > 0), key=lambda name: (-left[name], name)))
        result.append(replace(request, preferred=(*order, *by_hand)))
        if order:
            left[order[0]] -= 1
    return tuple(result)


def _lacking(case: Case, view: ClusterView) -> Mapping[str, float]:
    """Pods that the 90% quantile of demand one lead time ahead needs on a node, beyond those that it has there."""
    needed = _by_node(case, 0.9)
    if needed is None or not case.ladder.requests:
        return {}
    own = (pod for pod in view.pods.values() if needed.has(pod) and pod.is_active)
    standing = (pod for pod in view.owned_by(case.item.uid) if RUNG_LABEL in pod.labels and pod.is_active)
    there = Counter(pod.node for pod in (*own, *standing))
    return {node: count - there[node] for node, count in needed.pods.items()}


def pooled(one: Found, states: Mapping[str, PoolState]) -> RungSituation | None:
    """What the rungs may look at now that the pool has said where, and what may be parked there; None where it has
    nothing to say.

    A pool that could not be planned gives no place.
    """
    case = one.case
    if case is None or case.climb is None or not may_hold(case.book.policy):
        return None
    state = states.get(case.book.policy.pool or "")
    given_up = frozenset[Key]() if state is None else state.given_up
    parks, raises = case.book.policy.rungs.parking is not None, case.climb.leavers or _resizes(case)
    if not case.ladder.requests and not given_up and not parks and not raises:
        return None
    if state is None:
        return replace(case.climb, places={}, may_park=lambda _: False, may_rise=lambda _, __: False)
    may_park, may_rise = partial(_may_park, case, state.allowance), partial(_may_rise, case, state.allowance)
    found = replace(case.climb, places=state.places(case.item.key), given_up=given_up)
    return replace(found, may_park=may_park, may_rise=may_rise)


def _may_park(case: Case, allowance: Allowance, pod: Pod) -> bool:
    """As the standby that it would be from now on."""
    now = case.judgement.situation.now
    standby = replace(_held(case, pod), rung=RungName.STANDBY, since=now)
    return allowance.takes(standby, case.book.policy.regions)


def _resizes(case: Case) -> bool:
    operations = (one for _, plan in case.ladder.plans for one in plan.operations)
    return any(isinstance(one, PatchObject) and one.subresource == RESIZE for one in operations)


def _may_rise(case: Case, allowance: Allowance, pod: Pod, cores: float) -> bool:
    return allowance.raises(_held(case, pod), cores)


def _held(case: Case, pod: Pod) -> Holding:
    (plain,) = holdings(Asker(case.item, case.book.policy, case.workload, (pod,)), case.judgement.situation.now)
    return plain


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
    return list(_each(found, lambda one: _by_node(one.case, 0.5) if one.case is not None and one.case.parts else None))


def _each(found: Iterable[Found], make: Callable[[Found], Made | None]) -> Iterator[Made]:
    for one in found:
        with alone(one.around.item.key, "a policy asks nothing of its pool"):
            if (made := make(one)) is not None:
                yield made


def _by_node(case: Case, level: float) -> NodeDemand | None:
    loads = case.judgement.situation.parts
    whole = next((load for load in loads if any(by is Split.NODE for by, _ in load.resource.request.split)), None)
    if whole is None:
        return None
    ahead = {
        part.value: numbers.forecast.get(level, numbers.demand or 0.0)
        for part, numbers in case.parts.items()
        if part.by is Split.NODE
    }
    return NodeDemand(case.workload, {node: demand / whole.resource.per_pod for node, demand in ahead.items()})
