"""Budgets of what is held warm: what is spent, what is left, and how a full pool tightens them.

left  = limit - what the holdings take that the budget covers
slowed: concurrent pulls, bandwidth and new nodes times the pace of the slow-down, pieces rounded up
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from edgewarm.model.amounts import BANDWIDTH, EPHEMERAL, PULLS, STORAGE, Amounts, total
from edgewarm.model.pool import Budget, Holding

EPSILON = 1e-9
"""Of a whole: 0.1 + 0.2 cores are 0.3."""


@dataclass(frozen=True)
class Account:
    """A budget, what is spent of it, and the nodes that it holds something on; `fresh` are those of this pass."""

    budget: Budget
    spent: Amounts
    nodes: frozenset[str]
    fresh: frozenset[str]

    def left(self) -> Amounts:
        """What may still be taken of each limit; below 0 where a limit was lowered since."""
        return {name: limit - self.spent.get(name, 0.0) for name, limit in self.budget.limits.items()}

    def new_nodes_left(self) -> float:
        """On how many more nodes may something be held, in this pass? Infinite without a bound."""
        budget, bounds = self.budget, [math.inf]
        if budget.max_nodes is not None:
            bounds.append(budget.max_nodes - len(self.nodes))
        if budget.max_new_nodes is not None:
            bounds.append(budget.max_new_nodes - len(self.fresh))
        return min(bounds)

    def allows(self, taken: Amounts) -> bool:
        """With these amounts charged, is none of them above its limit, nor the number of nodes?"""
        most = self.budget.max_nodes
        return self.keeps(taken) and (most is None or len(self.nodes) <= most)

    def keeps(self, taken: Amounts) -> bool:
        """Of what is taken nothing is above its limit; where others are, that is no matter of who takes none of it."""
        asks = charge(taken)
        left = ((name, have) for name, have in self.left().items() if asks.get(name, 0.0) > 0)
        return all(have >= -EPSILON * self.budget.limits[name] for name, have in left)

    def charged(self, holding: Holding) -> Account:
        """With one more holding, should the budget cover it."""
        if not self.budget.covers(holding.owner, holding.rung):
            return self
        spent = total((self.spent, charge(holding.amounts)))
        if holding.node in self.nodes:
            return replace(self, spent=spent)
        return Account(self.budget, spent, self.nodes | {holding.node}, self.fresh | {holding.node})


def account_of(budget: Budget, holdings: Iterable[Holding], now: float) -> Account:
    """What the holdings that it covers have spent; nodes where all of them are of this very pass are new."""
    mine = [h for h in holdings if budget.covers(h.owner, h.rung)]
    old = frozenset(h.node for h in mine if h.since < now and h.node)
    nodes = frozenset(h.node for h in mine if h.node)
    return Account(budget, total(charge(h.amounts) for h in mine), nodes, nodes - old)


def slowed(budget: Budget, pace: float) -> Budget:
    """What may go on at once, and what may begin in a pass, at a pace from 0 to 1."""
    limits = {name: _at_pace(name, limit, pace) for name, limit in budget.limits.items()}
    new = None if budget.max_new_nodes is None else math.ceil(budget.max_new_nodes * pace)
    return replace(budget, limits=limits, max_new_nodes=new)


def _at_pace(name: str, limit: float, pace: float) -> float:
    if name == PULLS:
        return math.ceil(limit * pace)
    return limit * pace if name == BANDWIDTH else limit


def charge(amounts: Amounts) -> Amounts:
    """What it takes of budgets: ephemeral storage counts as storage."""
    if EPHEMERAL not in amounts:
        return amounts
    rest = {name: amount for name, amount in amounts.items() if name != EPHEMERAL}
    return {**rest, STORAGE: amounts.get(STORAGE, 0.0) + amounts[EPHEMERAL]}
