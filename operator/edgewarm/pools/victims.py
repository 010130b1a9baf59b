"""What to give up so that a request fits: as little as will do.

Two kinds may go: what is to spare (expired, wanted by no plan, or room that the policy itself reserved for its pods),
which goes before anything is refused, and, where the pool preempts, what is preemptible and of a lower QoS than the
request. Of all sets that make room, on all nodes:

    the lowest class of QoS that suffices, then the fewest holdings, then the least of what they hold, then by name

Budgets come first: as few as they ask for, wherever they stand; where no node has room by that, what stands on a node
too, less what is then not needed. The fewest are found exactly among up to `EXACT` candidates; beyond that one where
one will do, else a set from which nothing can be left out (as kube-scheduler does it: give up all, then take back the
dearest first).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.model.pool import Holding, Request
from edgewarm.pools.budgets import EPSILON, Account, charge
from edgewarm.pools.choice import chosen
from edgewarm.pools.survey import BoolArray, Survey

EXACT = 10
Suspects = Callable[[Holding], bool]


@dataclass(frozen=True, slots=True)
class Victims:
    """What goes, and the node that then has room."""

    node: str
    holdings: tuple[Holding, ...]


def is_spare(held: Holding, request: Request, survey: Survey) -> bool:
    """Nobody wants it any more, or it was reserved for such a request."""
    return held.is_spent(survey.now) or held.is_meant_for(request)


def spare(request: Request, survey: Survey) -> tuple[Holding, ...]:
    """All that is to spare for the request."""
    return tuple(held for held in survey.holdings if is_spare(held, request, survey))


def victims(request: Request, survey: Survey, open_: BoolArray, candidates: Sequence[Holding]) -> Victims | None:
    """The cheapest set of `candidates` that makes room for the request on one of the `open_` nodes; None without."""
    free = {held.name for held in candidates if is_spare(held, request, survey)}
    ordered = sorted(candidates, key=lambda held: (held.name not in free, -held.qos.rank, held.name))
    for rank in sorted({held.qos.rank for held in ordered if held.name not in free}, reverse=True) or [-1]:
        class_ = [held for held in ordered if held.name in free or 0 <= rank <= held.qos.rank]
        found = _of_class(request, survey, open_, class_, free)
        if found is not None:
            return found
    return None


def _of_class(
    request: Request, survey: Survey, open_: BoolArray, candidates: Sequence[Holding], free: Collection[str]
) -> Victims | None:
    """First what the budgets ask for, wherever it stands; then, where no node has room by that, what is on a node."""
    bought = _for_budgets(request, survey, candidates)
    if bought is None:
        return None
    freed = survey.without(bought) if bought else survey
    ask = survey.vector(request.amounts)
    i = chosen(freed, request, ask, open_ & freed.fits(ask, request.promises))
    if i is not None:
        return Victims(survey.nodes[i].name, bought)
    taken = {held.name for held in bought}
    rest = [held for held in candidates if held.name not in taken]
    found = [one for one in _by_node(request, freed, open_, rest) if one is not None]
    if not found:
        return None
    best = min(found, key=lambda one: _price(one, free, survey))
    return Victims(
        best.node, _needed(request, survey, best.node, (*best.holdings, *bought)) if bought else best.holdings
    )


def _needed(request: Request, survey: Survey, node: str, holdings: tuple[Holding, ...]) -> tuple[Holding, ...]:
    """Without what can be kept, since what goes from the node helps the budgets too."""
    left, i, ask = list(holdings), survey.ground.index[node], survey.vector(request.amounts)
    for held in reversed(holdings):
        without = survey.without(other for other in left if other.name != held.name)
        if without.fits(ask, request.promises)[i] and not any(_short(one, request) for one in without.accounts):
            left.remove(held)
    return tuple(left)


def lower(request: Request, survey: Survey) -> tuple[Holding, ...]:
    """What the request may push out, and what is to spare."""
    return tuple(held for held in survey.holdings if is_spare(held, request, survey) or _yields(held, request))


def _yields(holding: Holding, request: Request) -> bool:
    return holding.preemptible and holding.qos.rank > request.qos.rank


def _price(found: Victims, free: Collection[str], survey: Survey) -> tuple[int, int, float, str]:
    """What is to spare costs less than anything that is not."""
    live = [held for held in found.holdings if held.name not in free]
    return len(live), len(found.holdings), _size(live, survey), found.node


def _size(holdings: Iterable[Holding], survey: Survey) -> float:
    """Their largest share of the pool, summed."""
    whole = survey.ground.capacity @ survey.ground.member
    shares = (np.divide(survey.vector(h.amounts), whole, out=np.zeros_like(whole), where=whole > 0) for h in holdings)
    return float(sum(share.max(initial=0.0) for share in shares))


def _by_node(
    request: Request, survey: Survey, open_: BoolArray, candidates: Sequence[Holding]
) -> Iterable[Victims | None]:
    """A minimal set for each node where giving up all that is there would do."""
    homes: dict[str, list[Holding]] = {}
    for held in candidates:
        homes.setdefault(held.node, []).append(held)
    for i in np.flatnonzero(open_):
        node = survey.nodes[i].name
        if node in homes:
            yield _minimal(request, survey, int(i), homes[node])


def _for_budgets(request: Request, survey: Survey, candidates: Sequence[Holding]) -> tuple[Holding, ...] | None:
    """As few as the budgets ask for; None where all together are too few."""
    parts = [_of_account(one, request, candidates) for one in survey.accounts if _short(one, request)]
    if not parts:
        return ()
    lacks, gives = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts], axis=1)
    rows = fewest(gives, lacks)
    return None if rows is None else tuple(candidates[v] for v in rows)


def _short(account: Account, request: Request) -> bool:
    if not account.budget.covers(request.owner, request.rung):
        return False
    left, asks = account.left(), charge(request.amounts)
    return any(asks.get(name, 0.0) > have + EPSILON * max(1.0, have) for name, have in left.items())


def _minimal(request: Request, survey: Survey, i: int, candidates: Sequence[Holding]) -> Victims | None:
    lacks, gives = _deficits(request, survey, i, candidates)
    chosen = fewest(gives, lacks)
    return None if chosen is None else Victims(survey.nodes[i].name, tuple(candidates[v] for v in chosen))


def _deficits(request: Request, survey: Survey, i: int, candidates: Sequence[Holding]) -> tuple[FloatArray, FloatArray]:
    """(K,) what is missing on node i, and (V, K) what each candidate there would give of it."""
    ask = survey.vector(request.amounts)
    runs = np.array([held.name in survey.on_node for held in candidates], dtype=bool)[:, None]
    holds = np.array([survey.vector(held.amounts) for held in candidates])
    promised = survey.unpromised[:, i] + survey.ground.slack[:, i]
    lacks = _beyond(ask, promised, survey, i)
    if request.promises:
        return lacks, holds
    unused = _beyond(ask, survey.free[:, i], survey, i)
    return np.concatenate([lacks, unused]), np.concatenate([holds, holds * runs], axis=1)


def _beyond(ask: FloatArray, room: FloatArray, survey: Survey, i: int) -> FloatArray:
    """What is missing on node i of what is asked; a node that is overfull in what is not asked lacks nothing."""
    return np.where(ask > 0, ask - room - survey.ground.margin[:, i], 0.0)


def _of_account(account: Account, request: Request, candidates: Sequence[Holding]) -> tuple[FloatArray, FloatArray]:
    left, asks = account.left(), charge(request.amounts)
    missing = np.array([asks.get(name, 0.0) - have - EPSILON * max(1.0, abs(have)) for name, have in left.items()])
    covered = [charge(h.amounts) if account.budget.covers(h.owner, h.rung) else {} for h in candidates]
    given = np.array([[amounts.get(name, 0.0) for name in left] for amounts in covered])
    return missing, given.reshape(len(candidates), len(left))


def fewest(gives: FloatArray, lacks: FloatArray) -> tuple[int, ...] | None:
    """Rows of `gives` (V, K), as few as will do, that together reach `lacks` (K,); None where all together do not.

    Earlier rows are given up more readily.
    """
    needed = lacks > 0
    gives, lacks = gives[:, needed], lacks[needed]
    if not needed.any():
        return ()
    helpful = [int(v) for v in np.flatnonzero((gives > 0).any(axis=1))]
    if not (gives[helpful].sum(axis=0) >= lacks).all():
        return None
    alone = next((v for v in helpful if (gives[v] >= lacks).all()), None)
    if alone is not None:
        return (alone,)
    for count in range(2, len(helpful) + 1 if len(helpful) <= EXACT else 1):
        for rows in combinations(helpful, count):
            if (gives[list(rows)].sum(axis=0) >= lacks).all():
                return rows
    return _taken_back(helpful, gives, lacks)


def _taken_back(rows: list[int], gives: FloatArray, lacks: FloatArray) -> tuple[int, ...]:
    """All of them, less each that can be spared, the last first."""
    left, total = list(rows), gives[rows].sum(axis=0)
    for row in reversed(rows):
        if (total - gives[row] >= lacks).all():
            left.remove(row)
            total = total - gives[row]
    return tuple(left)
