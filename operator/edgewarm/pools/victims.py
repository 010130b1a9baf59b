"""What to give up so that a request fits: as little as will do.

Two kinds may go: what is spent (expired, or wanted by no plan), which goes before anything is refused, and, where the
pool preempts, what is preemptible and of a lower QoS than the request. Of all sets that make room, on all nodes:

    the lowest class of QoS that suffices, then the fewest holdings, then the least of what they hold, then by name

The fewest are found exactly among up to `EXACT` candidates per node; beyond that a set from which nothing can be left
out (as kube-scheduler does it: give up all, then take back the dearest first).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.model.pool import Holding, Request
from edgewarm.pools.budgets import EPSILON, Account, charge
from edgewarm.pools.survey import BoolArray, Survey

EXACT = 10
Suspects = Callable[[Holding], bool]


@dataclass(frozen=True, slots=True)
class Victims:
    """What goes, and the node that then has room."""

    node: str
    holdings: tuple[Holding, ...]


def spent(survey: Survey) -> tuple[Holding, ...]:
    """What nobody wants any more."""
    return tuple(holding for holding in survey.holdings if holding.is_spent(survey.now))


def victims(request: Request, survey: Survey, open_: BoolArray, candidates: Sequence[Holding]) -> Victims | None:
    """The cheapest set of `candidates` that makes room for the request on one of the `open_` nodes; None without."""
    spare = [holding for holding in candidates if holding.is_spent(survey.now)]
    for rank in sorted({holding.qos.rank for holding in candidates if holding not in spare}, reverse=True) or [-1]:
        class_ = [holding for holding in candidates if holding in spare or 0 <= rank <= holding.qos.rank]
        found = [one for one in _by_node(request, survey, open_, class_) if one is not None]
        if found:
            return min(found, key=lambda one: _price(one, survey))
    return None


def lower(request: Request, survey: Survey) -> tuple[Holding, ...]:
    """What the request may push out, and what is spent."""
    return tuple(h for h in survey.holdings if h.is_spent(survey.now) or _yields(h, request))


def _yields(holding: Holding, request: Request) -> bool:
    return holding.preemptible and holding.qos.rank > request.qos.rank


def _price(found: Victims, survey: Survey) -> tuple[int, int, float, str]:
    """What is spent costs less than anything that is not."""
    live = [holding for holding in found.holdings if not holding.is_spent(survey.now)]
    return len(live), len(found.holdings), _size(live, survey), found.node


def _size(holdings: Iterable[Holding], survey: Survey) -> float:
    """Their largest share of the pool, summed."""
    whole = survey.ground.capacity @ survey.ground.member
    shares = (np.divide(survey.vector(h.amounts), whole, out=np.zeros_like(whole), where=whole > 0) for h in holdings)
    return float(sum(share.max(initial=0.0) for share in shares))


def _by_node(
    request: Request, survey: Survey, open_: BoolArray, candidates: Sequence[Holding]
) -> Iterable[Victims | None]:
    """A minimal set for each node where giving up all would do."""
    lacking = [account for account in survey.accounts if _short(account, request)]
    ordered = sorted(candidates, key=lambda h: (not h.is_spent(survey.now), -h.qos.rank, h.name))
    everywhere = {h.name for h in ordered if any(a.budget.covers(h.owner, h.rung) for a in lacking)}
    homes = {holding.node for holding in ordered}
    for i in np.flatnonzero(open_):
        node = survey.nodes[i].name
        if node in homes or (everywhere and _fits(request, survey, int(i))):
            here = [holding for holding in ordered if holding.node == node or holding.name in everywhere]
            yield _minimal(request, survey, int(i), here)


def _short(account: Account, request: Request) -> bool:
    if not account.budget.covers(request.owner, request.rung):
        return False
    left, asks = account.left(), charge(request.amounts)
    return any(asks.get(name, 0.0) > have + EPSILON * max(1.0, have) for name, have in left.items())


def _fits(request: Request, survey: Survey, i: int) -> bool:
    room = survey.room(request.promises)[:, i] + survey.ground.margin[:, i]
    ask = survey.vector(request.amounts)
    return bool(((room >= ask) | (ask <= 0)).all())


def _minimal(request: Request, survey: Survey, i: int, candidates: Sequence[Holding]) -> Victims | None:
    lacks, gives = _deficits(request, survey, i, candidates)
    chosen = fewest(gives, lacks)
    return None if chosen is None else Victims(survey.nodes[i].name, tuple(candidates[v] for v in chosen))


def _deficits(request: Request, survey: Survey, i: int, candidates: Sequence[Holding]) -> tuple[FloatArray, FloatArray]:
    """(K,) what is missing on node i and in each budget, and (V, K) what each candidate would give of it."""
    ask, name = survey.vector(request.amounts), survey.nodes[i].name
    here = np.array([holding.node == name for holding in candidates], dtype=bool)[:, None]
    runs = np.array([holding.name in survey.on_node for holding in candidates], dtype=bool)[:, None]
    holds = np.array([survey.vector(holding.amounts) for holding in candidates]).reshape(len(candidates), -1)
    promised = survey.unpromised[:, i] + survey.ground.slack[:, i]
    lacks, gives = [_beyond(ask, promised, survey, i)], [holds * here]
    if not request.promises:
        lacks.append(_beyond(ask, survey.free[:, i], survey, i))
        gives.append(holds * (here & runs))
    for account in survey.accounts:
        if account.budget.covers(request.owner, request.rung):
            missing, given = _of_account(account, request, candidates)
            lacks.append(missing)
            gives.append(given)
    return np.concatenate(lacks), np.concatenate(gives, axis=1)


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
    most = len(helpful) if len(helpful) <= EXACT else 2
    for count in range(1, most + 1):
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
