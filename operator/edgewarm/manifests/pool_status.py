"""The status of an EdgeNodePool from what its nodes have, what runs there and what is reserved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgewarm.manifests.condition import conditions
from edgewarm.manifests.text import clipped, cpu_quantity, memory_quantity, percent, present, short_number
from edgewarm.model.amounts import BYTES, CPU, EPHEMERAL, MEMORY, PODS, Amounts
from edgewarm.model.conditions import Condition
from edgewarm.model.identity import Key
from edgewarm.model.prices import GIB
from edgewarm.pools.use import NodeUse, PoolUse

MOST_OTHERS = 16


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """One budget of the pool; `price` is what one more unit would have been worth, in idle pod-minutes."""

    name: str
    limit: float
    used: float
    price: float = 0.0


@dataclass(frozen=True, slots=True)
class PoolReport:
    """All that a pool's status says. `refused` are sentences by policy, `rate` is None with too few requests."""

    generation: int
    conditions: tuple[Condition, ...]
    reason: str
    health: str
    use: PoolUse
    rate: float | None = None
    pace: float = 1.0
    budgets: tuple[BudgetUse, ...] = ()
    refused: Mapping[Key, str] = field(default_factory=dict)


def pool_status(report: PoolReport) -> dict[str, Any]:
    """The value of `status`."""
    use = report.use
    return present(
        observedGeneration=report.generation,
        conditions=conditions(report.conditions),
        reason=report.reason,
        health=report.health,
        nodes=use.nodes,
        readyNodes=use.ready_nodes,
        warmNodes=use.warm_nodes,
        capacity=_resources(use.capacity),
        requested=_resources(use.requested),
        reserved=_resources(use.reserved),
        utilization=None if use.utilization is None else percent(use.utilization),
        fragmentation=None if use.fragmentation is None else percent(use.fragmentation),
        allocationSuccessRate=None if report.rate is None else percent(report.rate),
        pace=percent(report.pace),
        budgets=[_budget(budget) for budget in report.budgets],
        refused=[
            {"policy": str(key), "message": clipped(text, 1024)} for key, text in sorted(report.refused.items())[:5]
        ],
        notableNodes=[_node(node) for node in use.notable],
    )


def _node(node: NodeUse) -> dict[str, Any]:
    return present(
        name=node.name,
        state=node.state,
        utilization=None if node.utilization is None else percent(node.utilization),
        forecast=None if node.forecast is None else percent(node.forecast),
        held=node.holdings or None,
    )


def _budget(budget: BudgetUse) -> dict[str, Any]:
    per = GIB if budget.name in BYTES else 1
    return present(
        name=budget.name,
        limit=_amount(budget.name, budget.limit),
        used=_amount(budget.name, budget.used),
        left=_amount(budget.name, max(0.0, budget.limit - budget.used)),
        shadowPrice=short_number(budget.price * per) if budget.price > 0 else None,
    )


def _resources(amounts: Amounts) -> dict[str, Any]:
    others = sorted(name for name in amounts if name not in {CPU, MEMORY, PODS, EPHEMERAL} and amounts[name])
    return present(
        cpu=cpu_quantity(amounts.get(CPU, 0.0)),
        memory=memory_quantity(amounts.get(MEMORY, 0.0)),
        pods=round(amounts.get(PODS, 0.0)),
        ephemeralStorage=memory_quantity(amounts[EPHEMERAL]) if amounts.get(EPHEMERAL) else None,
        others=[{"name": name, "amount": short_number(amounts[name])} for name in others[:MOST_OTHERS]] or None,
    )


def _amount(name: str, amount: float) -> str:
    if name == CPU:
        return cpu_quantity(amount)
    return memory_quantity(amount) if name in BYTES else short_number(amount)
