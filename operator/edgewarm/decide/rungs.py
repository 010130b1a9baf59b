"""The ladder of warmth, decided at the margin: how many units to hold on each rung.

A unit on rung r has everything up to r warm: K_r minutes of its start are then spared, and holding it costs H_r idle
pods. Against the next kept rung q below (K_q, H_q; nothing at all: 0, 0), with W_r the shortest hold in minutes:

    kappa_r = kappa x min(K_r - K_q, W_r) / ((H_r - H_q) x W_r)      tau_r = kappa_r / (1 + kappa_r), capped
    n_r     = smallest n with P(max need in the rung's window <= n) >= tau_r

Rungs whose dH / dK does not rise up the ladder are merged into the higher one (the lower convex hull of H over K), and
n_r never rises up the ladder: a pod that is warmer is also everything below. dH = 0 takes the higher rung.
The marginal newsvendor of nested services. Priced one by one instead, rungs pay for the same pod twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

SMALL = 1e-12

Held = Callable[[str, float], int]
"""(rung, level) -> units: the level's quantile of the largest need in the rung's window."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One stage: `spared` minutes of start, `price` in idle pods, `shortest` hold in minutes (one step at least)."""

    name: str
    spared: float
    price: float
    shortest: float = 1.0

    def __post_init__(self) -> None:
        if self.spared < 0 or self.price < 0 or self.shortest <= 0:
            raise ValueError(f"rung {self.name}: spared and price must be >= 0, shortest above 0, got {self}")


@dataclass(frozen=True, slots=True)
class Margin:
    """A kept rung against the next kept one below it."""

    rung: Rung
    kappa: float

    def level(self, highest: float) -> float:
        """tau_r, capped at the highest calibrated level; a rung that costs nothing more is held up to the cap."""
        tau = 1.0 if self.kappa == float("inf") else self.kappa / (1 + self.kappa)
        return min(tau, highest)


def kept(rungs: Sequence[Rung]) -> tuple[Rung, ...]:
    """The lower convex hull of price over minutes spared, lowest first; what spares no more than a cheaper one goes."""
    hull: list[Rung] = []
    for rung in sorted(rungs, key=lambda r: (r.spared, r.price)):
        if rung.spared <= SMALL or (hull and rung.spared <= hull[-1].spared + SMALL):
            continue
        while hull and _slope(_below(hull, len(hull) - 1), hull[-1]) >= _slope(hull[-1], rung) - SMALL:
            hull.pop()
        hull.append(rung)
    return tuple(hull)


def _below(hull: Sequence[Rung], index: int) -> Rung | None:
    return hull[index - 1] if index > 0 else None


def _slope(low: Rung | None, high: Rung) -> float:
    """dH / dK from `low` (None: nothing at all) to `high`."""
    spared, price = (low.spared, low.price) if low is not None else (0.0, 0.0)
    return (high.price - price) / (high.spared - spared)


def margins(rungs: Sequence[Rung], kappa: float) -> tuple[Margin, ...]:
    """Every kept rung with its own kappa, lowest first."""
    hull = kept(rungs)
    found = []
    for index, rung in enumerate(hull):
        low = _below(hull, index)
        spared = rung.spared - (low.spared if low is not None else 0.0)
        price = rung.price - (low.price if low is not None else 0.0)
        worth = kappa * min(spared, rung.shortest)
        found.append(Margin(rung, worth / (price * rung.shortest) if price > SMALL else float("inf")))
    return tuple(found)


def ladder(rungs: Sequence[Rung], kappa: float, held: Held, highest: float) -> dict[str, int]:
    """Units to hold at least as warm as each kept rung; the counts never rise up the ladder.

    Not kept rungs are absent: their units are on a neighbour. `highest` is the highest calibrated level.
    """
    found: dict[str, int] = {}
    fewest = 0
    for margin in reversed(margins(rungs, kappa)):  # from the warmest down: what is warmer counts below too
        fewest = max(fewest, held(margin.rung.name, margin.level(highest)))
        found[margin.rung.name] = fewest
    return dict(reversed(found.items()))
