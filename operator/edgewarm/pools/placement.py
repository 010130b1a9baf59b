"""Where one request goes, or why not: checked against budgets first, then against nodes.

paused?  ->  budgets  ->  nodes that are open to it  ->  nodes with room  ->  the strategy's node
where a budget or all nodes are full: give up what is spent, then, if the pool preempts, what is of lower QoS
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.model.pool import Holding, Preemption, Request
from edgewarm.pools import barriers
from edgewarm.pools.budgets import EPSILON, Account, charge
from edgewarm.pools.choice import chosen
from edgewarm.pools.survey import BoolArray, Survey
from edgewarm.pools.victims import Victims, is_spare, lower, spare, victims


class Refusal(StrEnum):
    """Why a request has no place, in one word."""

    PAUSED = "WarmingPaused"
    SLOWED = "WarmingSlowed"
    BUDGET = "BudgetExhausted"
    NO_NODE = "NoNodeAllowed"
    NO_ROOM = "NoRoom"


@dataclass(frozen=True, slots=True)
class Lack:
    """A shortage in numbers: of which resource, where, how much is asked and how much is left."""

    resource: str
    where: str
    asked: float
    left: float
    limit: float | None = None

    @property
    def missing(self) -> float:
        return self.asked - max(0.0, self.left)


@dataclass(frozen=True, slots=True)
class Placed:
    """The holding that the request becomes, and what must go before it can: spent first, preempted last."""

    request: Request
    holding: Holding
    cleanup: tuple[Holding, ...] = ()
    preempted: tuple[Holding, ...] = ()

    @property
    def node(self) -> str:
        return self.holding.node

    @property
    def waits(self) -> bool:
        """Something that runs must go first; what was only promised is gone at once."""
        return any(held.pod is not None for held in (*self.cleanup, *self.preempted))


@dataclass(frozen=True, slots=True)
class Refused:
    """Why not; `lack` where something is short. Its sentence and suggestions are made by `shortage.explained`."""

    request: Request
    reason: Refusal
    lack: Lack | None = None


Answer = Placed | Refused
Admitted = Callable[[Request, Survey], BoolArray]


def placement(request: Request, survey: Survey, admitted: Admitted = barriers.admitted) -> Answer:
    """Where it goes. `admitted` may remember its answers: it depends on nothing that granting changes."""
    if survey.pace <= 0:
        return Refused(request, Refusal.PAUSED)
    open_ = open_nodes(request, survey, admitted)
    if not open_.any():
        return Refused(request, Refusal.NO_NODE)
    own = _in_own_room(request, survey, open_)
    if own is not None:
        return _after(request, survey, own)
    lack = over_budget(request, survey)
    if lack is None:
        ask = survey.vector(request.amounts)
        i = chosen(survey, request, ask, with_room(request, survey, ask, open_))
        if i is not None:
            return Placed(request, request.held_on(survey.nodes[i].name, survey.now))
    found = _made_room(request, survey, open_)
    if found is not None:
        return _after(request, survey, found)
    return Refused(request, Refusal.BUDGET, lack) if lack else _no_room(request, survey, open_)


def taken(placed: Placed, survey: Survey) -> Survey:
    """The pool once the request is granted."""
    gone = (*placed.cleanup, *placed.preempted)
    rest = survey.without(gone) if gone else survey
    return rest.holding(placed.holding, placed.request.promises)


def open_nodes(request: Request, survey: Survey, admitted: Admitted = barriers.admitted) -> BoolArray:
    """(N,) nodes that the request may go to, also as far as pods that are there have a say."""
    open_ = admitted(request, survey)
    constraints = request.constraints
    bound = bool(constraints.spreads or constraints.apart or constraints.together) or survey.guarded
    return open_ & barriers.settled(request, survey) if bound else open_


def with_room(request: Request, survey: Survey, ask: FloatArray, open_: BoolArray) -> BoolArray:
    """(N,) open nodes that have what is asked, and that the budgets of nodes allow."""
    return open_ & survey.fits(ask, request.promises) & countable(request, survey)


def countable(request: Request, survey: Survey) -> BoolArray:
    """(N,) nodes that the budgets of nodes allow: where one is used up, those that it holds something on already."""
    allowed: BoolArray = np.ones(len(survey.nodes), dtype=bool)
    for account in _without_new_nodes(request, survey):
        allowed &= np.array([node.name in account.nodes for node in survey.nodes], dtype=bool)
    return allowed


def _without_new_nodes(request: Request, survey: Survey) -> Iterator[Account]:
    """The budgets that allow it no more nodes."""
    for account in survey.accounts:
        if account.budget.covers(request.owner, request.rung) and account.new_nodes_left() <= 0:
            yield account


def over_budget(request: Request, survey: Survey) -> Lack | None:
    """The budget that it would exceed, with what is left of it; what it does not ask for may be short."""
    asks = {name: amount for name, amount in charge(request.amounts).items() if amount > 0}
    for account in survey.accounts:
        if account.budget.covers(request.owner, request.rung):
            for name, left in account.left().items():
                if name in asks and asks[name] > left + EPSILON * max(1.0, abs(left)):
                    return Lack(name, account.budget.name, asks[name], left, account.budget.limits[name])
    return None


def _in_own_room(request: Request, survey: Survey, open_: BoolArray) -> Victims | None:
    """A node where its policy has reserved room for it, and how much of that it takes."""
    meant = [held for held in survey.holdings if held.is_meant_for(request)]
    if not meant:
        return None
    there = np.zeros(len(survey.nodes), dtype=bool)
    there[[survey.ground.index[held.node] for held in meant if held.node in survey.ground.index]] = True
    return victims(request, survey, open_ & there & countable(request, survey), meant)


def _made_room(request: Request, survey: Survey, open_: BoolArray) -> Victims | None:
    search = partial(victims, request, survey, open_ & countable(request, survey))
    waste = spare(request, survey)
    found = search(waste) if waste else None
    if found is None and survey.settings.preemption is Preemption.LOWER:
        found = search(lower(request, survey))
    return found


def _after(request: Request, survey: Survey, found: Victims) -> Placed:
    waste = tuple(held for held in found.holdings if is_spare(held, request, survey))
    live = tuple(holding for holding in found.holdings if holding not in waste)
    return Placed(request, request.held_on(found.node, survey.now), waste, live)


def _no_room(request: Request, survey: Survey, open_: BoolArray) -> Refused:
    """The lack on the open node that comes nearest: where the smallest factor would do."""
    strange = survey.unknown(request.amounts)
    if strange is not None:
        return Refused(request, Refusal.NO_ROOM, Lack(strange, "", request.amounts[strange], 0.0))
    i, share = nearest(request, survey, open_)
    if share >= 1 - EPSILON:
        return Refused(request, Refusal.BUDGET, _nodes_lack(request, survey))
    ask, room = survey.vector(request.amounts), survey.room(request.promises)[:, i]
    j = int(np.divide(room, ask, out=np.full_like(ask, np.inf), where=ask > 0).argmin())
    lack = Lack(survey.ground.names[j], survey.nodes[i].name, float(ask[j]), float(room[j]))
    return Refused(request, Refusal.NO_ROOM, lack)


def nearest(request: Request, survey: Survey, open_: BoolArray) -> tuple[int, float]:
    """The open node that has the largest share of what is asked, and that share."""
    ask = survey.vector(request.amounts)
    asked = np.flatnonzero(ask > 0)
    share = (survey.room(request.promises)[asked] / ask[asked, None]).min(axis=0, initial=np.inf)
    i = int(np.where(open_, share, -np.inf).argmax())
    return i, float(share[i])


def _nodes_lack(request: Request, survey: Survey) -> Lack | None:
    """The budget of nodes that keeps the request off a node with room."""
    account = next(_without_new_nodes(request, survey), None)
    return None if account is None else Lack("nodes", account.budget.name, 1.0, 0.0)
