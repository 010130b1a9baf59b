"""From a pool's state to what its status and its policies' conditions say. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from edgewarm.engine.pooling import POOL_BUDGETS, RESERVED, PoolState, strangers
from edgewarm.engine.remarks import Remark
from edgewarm.manifests.pool_status import BudgetUse, PoolReport
from edgewarm.model.conditions import Condition, merged
from edgewarm.model.identity import Key
from edgewarm.model.objects import PoolObject
from edgewarm.model.policy import Mode, Policy, WarmedNode
from edgewarm.model.rungs import PULLED, RungName
from edgewarm.model.units import format_time
from edgewarm.pools.allocate import shadow_prices
from edgewarm.pools.success import TARGET
from edgewarm.pools.use import PoolUse, pool_use

Said = tuple[str, str, bool, bool]
"""(reason, message, ready, stalled)."""


def pool_report(pool: PoolObject, state: PoolState, now: float) -> PoolReport:
    """All of one pool's status."""
    use = pool_use(state.survey, state.membership.lost)
    reason, message, ready, stalled = _standing(pool, state, use)
    found = [Condition("Ready", "True" if ready else "False", reason, message, now, pool.generation)]
    if stalled:
        found.append(Condition("Stalled", "True", reason, message, now, pool.generation))
    found += _allocation(pool, state, now)
    if state.membership.lost:
        found.append(Condition("Overlapping", "True", "NodesInOlderPool", _lost(state), now, pool.generation))
    return PoolReport(
        generation=pool.generation,
        conditions=merged(pool.conditions, found),
        reason=reason,
        health=_health(use, state),
        use=use,
        rate=state.success.rate,
        pace=state.survey.pace,
        budgets=_budgets(state),
        refused={key: str(found) for (key, _), found in reversed(list(state.shortages.items()))},
    )


def _standing(pool: PoolObject, state: PoolState, use: PoolUse) -> Said:
    if pool.selector is None:
        return "InvalidSpec", pool.problem or "the spec cannot be read", False, True
    if use.nodes == 0 and state.membership.lost:
        return "NodesInOlderPool", _lost(state), False, True
    if use.nodes == 0:
        return "NoNodes", "spec.selector matches no node: label a node, or correct the selector", False, False
    if use.ready_nodes == 0:
        return "NoReadyNodes", f"none of the {use.nodes} selected nodes is ready and schedulable", False, False
    if state.survey.pace <= 0:
        return "WarmingPaused", f"the pool is at {use.utilization or 0:.0%}, so nothing new is warmed", True, False
    return "NodesReady", f"{use.ready_nodes} of {use.nodes} selected nodes are ready", True, False


def _lost(state: PoolState) -> str:
    """Such as "edge-1 and edge-2 belong to the older pool north; select other nodes, or delete one of the pools"."""
    by_pool: dict[str, list[str]] = {}
    for node, pool in sorted(state.membership.lost.items()):
        by_pool.setdefault(pool, []).append(node)
    parts = [f"{_names(nodes)} to the older EdgeNodePool {pool}" for pool, nodes in sorted(by_pool.items())]
    return f"selected nodes belong to another pool: {'; '.join(parts)}. Make the selectors disjoint"


def _names(nodes: list[str]) -> str:
    return ", ".join(nodes[:5]) + (f" and {len(nodes) - 5} more" if len(nodes) > 5 else "")


def _allocation(pool: PoolObject, state: PoolState, now: float) -> Iterable[Condition]:
    rate = state.success.rate
    if rate is None:
        return
    good = rate >= TARGET
    reason = "RequestsPlaced" if good else "TooManyRefused"
    message = f"{rate:.0%} of the requests for room of the last hour found a place; {TARGET:.0%} are expected"
    last = next((str(found) for found in state.shortages.values()), "")
    message += f". The last refusal: {last}" if last and not good else ""
    yield Condition("AllocationSucceeds", "True" if good else "False", reason, message, now, pool.generation)


def _health(use: PoolUse, state: PoolState) -> str:
    rate = state.success.rate
    if use.ready_nodes == 0:
        return "Unavailable"
    worn = use.ready_nodes < use.nodes or state.survey.pace <= 0 or (rate is not None and rate < TARGET)
    return "Degraded" if worn else "Healthy"


def _budgets(state: PoolState) -> tuple[BudgetUse, ...]:
    """The pool's own."""
    prices = shadow_prices(state.done.refused)
    return tuple(
        BudgetUse(name, limit, account.spent.get(name, 0.0), prices.get(name, 0.0))
        for account in state.survey.accounts
        if account.budget.name == POOL_BUDGETS
        for name, limit in sorted(account.budget.limits.items())
    )


def remarks(key: Key, policy: Policy, states: Mapping[str, PoolState], now: float) -> tuple[Remark, ...]:
    """What a policy's conditions say of its pool: of nodes warmed by hand, room and standbys without place."""
    state = states.get(policy.pool or "")
    if state is None:
        return ()
    found = [_by_hand(key, policy, state, now)]
    for rung, kind in ((RungName.NODE_ROOM, "NodeRoomPlaced"), (RungName.STANDBY, "StandbysPlaced")):
        refused = state.shortages.get((key, rung))
        if refused is not None:
            found.append(Remark(kind, False, str(refused.reason), str(refused)))
    return tuple(remark for remark in found if remark is not None)


def _by_hand(key: Key, policy: Policy, state: PoolState, now: float) -> Remark | None:
    due = [entry for entry in policy.warming.nodes if entry.until > now]
    unknown, refused = strangers(policy, state.membership, now), state.shortages.get((key, RESERVED))
    if not due:
        return None
    if unknown:
        fix = "correct spec.warming.nodes[].name, or label the node so that the pool selects it"
        text = f"EdgeNodePool {policy.pool} has no node {_names(list(unknown))}: {fix}"
        return Remark("NodesWarmed", False, "UnknownNode", text)
    if policy.mode is not Mode.ACT:
        return Remark("NodesWarmed", False, "NotActing", f"mode {policy.mode} reserves nothing: use mode Act")
    if refused is not None:
        return Remark("NodesWarmed", False, str(refused.reason), str(refused))
    return _granted(key, due, state)


def _granted(key: Key, due: list[WarmedNode], state: PoolState) -> Remark:
    held = Counter(one.node for one in state.survey.holdings if one.owner == key and one.rung not in PULLED)
    wanted, there = sum(entry.pods for entry in due), sum(min(entry.pods, held[entry.name]) for entry in due)
    if there < wanted:
        return Remark("NodesWarmed", False, "Waiting", f"room for {there} of {wanted} pods is reserved or taken")
    until = format_time(max(entry.until for entry in due))
    return Remark("NodesWarmed", True, "RoomReserved", f"room for {there} pods is reserved, the last until {until}")
