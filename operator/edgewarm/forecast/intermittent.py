"""Which rows are a question of whether, not of how much.

    intermittent = zero share >= 1/4   and   at least one arrival in ten follows a zero step

A mean gap between arrivals of 1.32 steps (Syntetos, Boylan & Croston, 2005) is a zero share of 1 - 1/1.32 = .24. The
second test keeps a row that sleeps through the night and is busy all day with the level models: its zeros lie together,
and what is asked of it in between is a level.
"""

from __future__ import annotations

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray

ZERO_SHARE = 0.25
BROKEN_SHARE = 0.1
ENOUGH = 30  # known steps before a row is called anything


def intermittent(known: FloatArray, arrivals: FloatArray, broken: FloatArray) -> BoolArray:
    """Of N rows, (N,) counts of steps: `known`, with an arrival, and with an arrival right after a zero.

    A row of which fewer than 30 steps are known is not intermittent yet; one that was only ever zero is.
    """
    zero = known - arrivals
    found: BoolArray = (known >= ENOUGH) & (zero >= ZERO_SHARE * known) & (broken >= BROKEN_SHARE * arrivals)
    return found


def counted(demand: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The three counts of `intermittent` from history (N, T), NaN where unknown."""
    known = np.isfinite(demand)
    with np.errstate(invalid="ignore"):
        arrived = demand > 0
    after_zero = arrived[:, 1:] & (demand[:, :-1] == 0)
    return known.sum(axis=1, dtype=float), arrived.sum(axis=1, dtype=float), after_zero.sum(axis=1, dtype=float)
