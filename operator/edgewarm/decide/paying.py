"""What one more pod is worth over the next spells, because a start costs its own idle time and a shortage its minutes.

    g(n, t)    = (1 + kappa) P(need at t >= n) - 1                of a pod that is there, in idle pod-seconds a second
    worth      = max over ends e of  sum until e of seconds g     it may go at any time
    started iff  worth from when it could be ready > what it takes to be ready
    kept iff     worth from now > 0

A pod that starts is idle until it is ready, so it must be needed for long enough to pay for that (ADR 14 says the same
of the first pod). A pod that is there has paid already. kappa is the price of a pod-*minute*, so P counts minute by
minute: P of the largest demand in a window would take a burst of one minute for a shortage that lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgewarm.decide.newsvendor import probability_needed
from edgewarm.model.quantiles import Spell


def capped(kappa: float, spells: Sequence[Spell]) -> float:
    """No more than the highest calibrated level can tell: beyond it every P is the same."""
    top = min((spell.demand.levels[-1] for spell in spells), default=0.5)
    return min(kappa, top / (1 - top))


def worth(spells: Sequence[Spell], count: int, capacity_per_pod: float, kappa: float) -> float:
    """What the `count`-th pod saves over being idle, in idle pod-seconds; at least 0, for it may go at once."""
    best = so_far = 0.0
    for spell in spells:
        gain = (1 + kappa) * probability_needed(spell.demand, count, capacity_per_pod) - 1
        so_far += spell.seconds * gain
        best = max(best, so_far)
    return best


def most(low: int, high: int, pays: Callable[[int], bool]) -> int:
    """The most pods within low .. high of which each one above low pays; a pod pays no more than the one before it.

    >>> most(2, 9, lambda count: count <= 5), most(2, 9, lambda count: False)
    (5, 2)
    """
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if pays(middle) else (low, middle - 1)
    return low
