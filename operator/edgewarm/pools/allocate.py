"""Many requests at once: who is served first, by the pool's allocation.

    FirstFit, BestFit, WorstFit, RoundRobin   in the order of asking
    Priority    by QoS, then by value per unit of the pool, then by name
    FairShare   again and again the namespace whose largest share of any resource is smallest, what it holds already
                counted: Ghodsi et al., "Dominant Resource Fairness" (NSDI 2011); inside a namespace as Priority

A request's value is v(n) = (1 + kappa) P(need >= n) - 1 of the n-th pod, idle pod-minutes a minute. v falls with n, so
the largest values per unit of all workloads are a prefix of each one's units: inside a class of QoS no other share of a
budget is worth more where units are of one size (Fox, "Discrete optimization via marginal analysis", 1966), and none by
more than one unit's value where they are not.

Above the pool's slow-down only the first ceil(pace x requests) are served in a pass; the rest is refused as slowed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edgewarm.model.amounts import Amounts
from edgewarm.model.demand import FloatArray
from edgewarm.model.pool import Allocation, Request
from edgewarm.pools import barriers
from edgewarm.pools.budgets import charge
from edgewarm.pools.placement import Answer, Placed, Refusal, Refused, placement, taken
from edgewarm.pools.survey import BoolArray, Survey


@dataclass(frozen=True)
class Allocated:
    """An answer for each request, in the order of serving, and the pool afterwards."""

    answers: tuple[Answer, ...]
    survey: Survey

    @property
    def placed(self) -> tuple[Placed, ...]:
        return tuple(answer for answer in self.answers if isinstance(answer, Placed))

    @property
    def refused(self) -> tuple[Refused, ...]:
        return tuple(answer for answer in self.answers if isinstance(answer, Refused))


def allocate(requests: Iterable[Request], survey: Survey) -> Allocated:
    """All of them against one pool; what is granted first is no longer there for the next."""
    waiting, whole = tuple(requests), _whole(survey)
    served = math.ceil(survey.pace * len(waiting) - 1e-9)
    fair = survey.settings.allocation is Allocation.FAIR_SHARE
    queue: _Queue = _FairShare(waiting, survey, whole) if fair else _InOrder(_ordered(waiting, survey, whole))
    answers: list[Answer] = []
    admitted = _remembered()
    for request in queue:
        slow = len(answers) >= served > 0
        answer = Refused(request, Refusal.SLOWED) if slow else placement(request, survey, admitted)
        answers.append(answer)
        if isinstance(answer, Placed):
            survey = taken(answer, survey)
            queue.granted(request)
    return Allocated(tuple(answers), survey)


def shadow_prices(refused: Iterable[Refused]) -> Amounts:
    """By resource of an exhausted budget: the most that one unit of it would have been worth, in idle pod-minutes.

    0, and so absent, where nothing of value had to be left out.
    """
    prices: dict[str, float] = {}
    for one in refused:
        if one.reason is Refusal.BUDGET and one.lack is not None and one.request.value > 0:
            price = one.request.value / one.lack.asked
            prices[one.lack.resource] = max(price, prices.get(one.lack.resource, 0.0))
    return prices


class _Queue(Protocol):
    """Requests in the order of serving, which may depend on what was granted before."""

    def __iter__(self) -> Iterator[Request]: ...

    def granted(self, request: Request) -> None:
        """It was placed."""
        return


class _InOrder(_Queue):
    def __init__(self, requests: Sequence[Request]) -> None:
        self._requests = requests

    def __iter__(self) -> Iterator[Request]:
        return iter(self._requests)


class _FairShare(_Queue):
    """Progressive filling by namespace."""

    def __init__(self, requests: Sequence[Request], survey: Survey, whole: Amounts) -> None:
        self._whole = whole
        self._waiting: dict[str, list[Request]] = {}
        self._held: dict[str, dict[str, float]] = {}
        for request in reversed(_by_priority(requests, whole)):
            self._waiting.setdefault(request.owner.namespace, []).append(request)
        for holding in survey.holdings:
            self._add(holding.owner.namespace, holding.amounts)

    def __iter__(self) -> Iterator[Request]:
        while self._waiting:
            namespace = min(self._waiting, key=lambda name: (round(self._share(name), 12), name))
            queue = self._waiting[namespace]
            yield queue.pop()
            if not queue:
                del self._waiting[namespace]

    def granted(self, request: Request) -> None:
        self._add(request.owner.namespace, request.amounts)

    def _add(self, namespace: str, amounts: Amounts) -> None:
        held = self._held.setdefault(namespace, {})
        for name, amount in charge(amounts).items():
            held[name] = held.get(name, 0.0) + amount

    def _share(self, namespace: str) -> float:
        return dominant(self._held.get(namespace, {}), self._whole)


def dominant(amounts: Amounts, whole: Amounts) -> float:
    """The largest share of any resource."""
    return max((amount / whole[name] for name, amount in amounts.items() if whole.get(name, 0.0) > 0), default=0.0)


def _ordered(requests: Sequence[Request], survey: Survey, whole: Amounts) -> Sequence[Request]:
    return _by_priority(requests, whole) if survey.settings.allocation is Allocation.PRIORITY else requests


def _by_priority(requests: Sequence[Request], whole: Amounts) -> Sequence[Request]:
    def worth(request: Request) -> float:
        return request.value / max(dominant(charge(request.amounts), whole), 1e-12)

    return sorted(requests, key=lambda one: (one.qos.rank, -worth(one), one.owner, one.name))


def _whole(survey: Survey) -> Amounts:
    """What there is to share: the pool's budgets where they are set, else what its serving nodes have."""
    sums: FloatArray = survey.ground.capacity @ survey.ground.serving
    nodes = charge(dict(zip(survey.ground.names, map(float, sums), strict=True)))
    limits = [account.budget.limits for account in survey.accounts if account.budget.owner is None]
    return {**nodes, **{name: limit for one in limits for name, limit in one.items()}}


def _remembered() -> Callable[[Request, Survey], BoolArray]:
    """`barriers.admitted`, once for all requests of the same constraints."""
    found: dict[object, BoolArray] = {}

    def admitted(request: Request, survey: Survey) -> BoolArray:
        key = (request.constraints, request.only, request.regions)
        if key not in found:
            found[key] = np.asarray(barriers.admitted(request, survey))
        return found[key]

    return admitted
