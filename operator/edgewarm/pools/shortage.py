"""A refusal in words: what is short, with numbers, and what would help.

Suggestions, each only where it would really do: `Smaller` a size that fits, `OtherNode` a node outside the pool or a
cordoned one, `Preempt` what to give up and what allows it, `Wait` when promises expire that stand in the way,
`Raise` the budget.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from edgewarm.model.amounts import Amounts, listed, scaled, shown
from edgewarm.model.pool import Holding, Preemption, Qos, Request
from edgewarm.model.units import format_time
from edgewarm.pools import barriers
from edgewarm.pools.placement import (
    Lack,
    Placed,
    Refusal,
    Refused,
    nearest,
    open_nodes,
    over_budget,
    placement,
    with_room,
)
from edgewarm.pools.survey import Survey
from edgewarm.pools.victims import victims

MOST_REASONS = 4
MOST_NAMES = 3
SMALLEST = 0.05
"""A suggestion to ask for less than this share of it is no help."""


class Help(StrEnum):
    """Kinds of suggestions."""

    SMALLER = "Smaller"
    OTHER_NODE = "OtherNode"
    PREEMPT = "Preempt"
    WAIT = "Wait"
    RAISE = "Raise"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing that would help, as a sentence without its full stop; `at` is when, of Wait."""

    kind: Help
    text: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a request was refused, and what would help; `message` is one sentence."""

    reason: Refusal
    message: str
    suggestions: tuple[Suggestion, ...] = ()

    def __str__(self) -> str:
        return "; ".join([self.message, *(suggestion.text for suggestion in self.suggestions)])


def explained(refused: Refused, survey: Survey) -> Shortage:
    """The words for a refusal; `survey` is the pool as it was when the request was refused."""
    request, name = refused.request, refused.request.name
    if refused.reason is Refusal.PAUSED or refused.reason is Refusal.SLOWED:
        return Shortage(refused.reason, f"{name}: {_full(survey, refused.reason)}")
    if refused.reason is Refusal.NO_NODE:
        return Shortage(refused.reason, f"{name}: {_closed(request, survey)}", tuple(_elsewhere(request, survey)))
    if refused.lack is None:
        raise ValueError(f"a refusal for {refused.reason} says what is short")
    helps = (*_raise(refused), *_smaller(request, survey), *_elsewhere(request, survey), *_preempting(request, survey))
    sentence = _over(refused.lack) if refused.reason is Refusal.BUDGET else _short(refused.lack, request, survey)
    return Shortage(refused.reason, f"{name}: {sentence}", (*helps, *_waiting(request, survey)))


def _full(survey: Survey, reason: Refusal) -> str:
    use, slowdown = survey.utilization or 0.0, survey.settings.slowdown
    if reason is Refusal.SLOWED or slowdown is None:
        return f"the pool is at {use:.0%}, so only {survey.pace:.0%} of what is asked is warmed in a pass"
    return f"the pool is at {use:.0%}, and warming pauses from {slowdown.pause:.0%} on"


def _closed(request: Request, survey: Survey) -> str:
    counts, members = barriers.told(request, survey), int(survey.ground.member.sum())
    if not members:
        return "the pool has no node"
    reasons = [f"{count} {reason}" for reason, count in counts.items()]
    more = [] if len(reasons) <= MOST_REASONS else [f"{len(reasons) - MOST_REASONS} other reasons"]
    return f"none of the pool's {members} nodes may take it: {', '.join([*reasons[:MOST_REASONS], *more])}"


def _over(lack: Lack) -> str:
    if lack.resource == "nodes":
        return f"{lack.where} allows no more nodes"
    if lack.limit is not None and lack.limit < lack.asked:
        limit, asked = shown(lack.resource, lack.limit), shown(lack.resource, lack.asked)
        return f"{lack.where}.{lack.resource} is {limit}, less than the {asked} that is asked"
    left = max(0.0, lack.left)
    asked, missing = shown(lack.resource, lack.asked), shown(lack.resource, lack.missing)
    return f"{lack.where}.{lack.resource} has {shown(lack.resource, left)} left and {asked} is asked: {missing} short"


def _short(lack: Lack, request: Request, survey: Survey) -> str:
    if not lack.where:
        return f"no node has {lack.resource}, and {shown(lack.resource, lack.asked)} is asked"
    left, asked = shown(lack.resource, max(0.0, lack.left)), shown(lack.resource, lack.asked)
    closed = barriers.told(request, survey)
    aside = f" ({', '.join(f'{count} {reason}' for reason, count in list(closed.items())[:MOST_REASONS])})"
    return (
        f"no node has room: nearest is {lack.where} with {lack.resource} {left} free and {asked} asked, "
        f"{shown(lack.resource, lack.missing)} short{aside if closed else ''}"
    )


def _raise(refused: Refused) -> Iterable[Suggestion]:
    lack = refused.lack
    if refused.reason is Refusal.BUDGET and lack is not None and lack.resource != "nodes":
        yield Suggestion(Help.RAISE, f"raise {lack.where}.{lack.resource} by {shown(lack.resource, lack.missing)}")


def _smaller(request: Request, survey: Survey) -> Iterable[Suggestion]:
    """The largest share of the request that fits a node and the budgets, whole pieces kept."""
    open_ = open_nodes(request, survey)
    if survey.unknown(request.amounts) is not None or not open_.any():
        return
    i, room = nearest(request, survey, open_)
    lack = over_budget(request, survey)
    share = room if lack is None else min(room, max(0.0, lack.left) / lack.asked)
    fitting = _of_size(request.amounts, share)
    if SMALLEST <= share < 1 and fitting is not None:
        yield Suggestion(Help.SMALLER, f"{listed(fitting)} would fit on {survey.nodes[i].name}")


DIVISIBLE = frozenset({"cpu", "memory", "ephemeral-storage"})


def _of_size(amounts: Amounts, share: float) -> Amounts | None:
    """`share` of what can be divided; None where what cannot be divided is the trouble, since it stays whole."""
    divided = {name: amount for name, amount in amounts.items() if name in DIVISIBLE}
    return scaled(divided, share) if divided else None


def _elsewhere(request: Request, survey: Survey) -> Iterable[Suggestion]:
    """A node that would take it if it were in the pool, or not cordoned."""
    ask = survey.vector(request.amounts)
    for node_state, wish in (("cordoned", "uncordon {}"), ("outside", "{}, which is not in the pool, has the room")):
        eased = _eased(survey, node_state)
        fits = with_room(request, eased, ask, open_nodes(request, eased) & ~open_nodes(request, survey))
        if fits.any():
            yield Suggestion(Help.OTHER_NODE, wish.format(survey.nodes[int(fits.argmax())].name))


def _eased(survey: Survey, barrier: str) -> Survey:
    """As if no node of the pool were cordoned, or as if all nodes were in the pool."""
    if barrier == "outside":
        return replace(survey, ground=replace(survey.ground, member=np.ones_like(survey.ground.member)))
    nodes = tuple(replace(node, schedulable=True) for node in survey.nodes)
    return replace(survey, ground=replace(survey.ground, nodes=nodes))


def _preempting(request: Request, survey: Survey) -> Iterable[Suggestion]:
    """What would have to go, where the pool does not preempt or the request's own QoS is too low."""
    able = [h for h in survey.holdings if h.preemptible and not h.is_spent(survey.now)]
    found = victims(request, survey, open_nodes(request, survey), able) if able else None
    if found is None or not found.holdings:
        return
    able_to = _allows(request, survey, found.holdings)
    if able_to is not None:
        names = named(found.holdings, request)
        yield Suggestion(Help.PREEMPT, f"giving up {names} would make room on {found.node}: {able_to}")


def named(holdings: Sequence[Holding], request: Request) -> str:
    """Such as "web-s1, web-s2 and 3 of other namespaces": a tenant does not read the names of another's things."""
    own = [held.name for held in holdings if held.owner.namespace == request.owner.namespace]
    rest, others = len(own) - MOST_NAMES, len(holdings) - len(own)
    parts = [", ".join(own[:MOST_NAMES])] if own else []
    parts += [f"{rest} more"] if rest > 0 else []
    parts += [f"{others} of other namespaces"] if others else []
    return " and ".join(parts)


def _allows(request: Request, survey: Survey, holdings: tuple[Holding, ...]) -> str | None:
    """What would have to be set; None where nothing can be above what is held."""
    dearest = min((holding.qos for holding in holdings), key=lambda qos: qos.rank)
    policy = [] if survey.settings.preemption is Preemption.LOWER else [f"set spec.preemption {Preemption.LOWER}"]
    if request.qos.rank >= dearest.rank:
        policy.append(f"raise qos.priority above {dearest}")
    return " and ".join(policy) if policy and dearest is not Qos.CRITICAL else None


def _waiting(request: Request, survey: Survey) -> Iterable[Suggestion]:
    """The first time at which enough has expired."""
    expiring = sorted((h for h in survey.holdings if h.until is not None), key=lambda h: (h.until or 0.0, h.name))

    def has_room(count: int) -> bool:
        return isinstance(placement(request, survey.without(expiring[:count])), Placed)

    needed = bisect_left(range(1, len(expiring) + 1), True, key=has_room)
    if needed < len(expiring):
        last = expiring[needed]
        at = last.until or 0.0
        yield Suggestion(Help.WAIT, f"room comes at {format_time(at)}, when {named([last], request)} expires", at)
