"""To and from zero: a pod that is not needed now is worth starting, or keeping, while a cold start would cost more.

    c          = kappa x min(cold start, step) / step + cold start / step  of one cold start, in idle steps
    idle(j)    = E(steps until demand is back, at most j)                  of a pod that stays, or starts, for j steps
    started iff  c P(demand in the lead window) > idle(end of that window), and c P > 1 - P in the step it begins in
    kept iff     c P(demand back within j steps) > idle(j)                 for some j up to that end

A cold start is short for at most one step, and its pod is idle while it starts. With a start that takes no time this is
P > 1 / (1 + kappa), the newsvendor of one unit over one step: warm steps are separable. What comes before a pod started
now is ready is served only by one that stays, hence the third line, an optimal stopping rule on the quiet path. A start
that pays only by what comes late in its window can wait for the next pass.
"""

from __future__ import annotations

from collections.abc import Iterable

Back = Iterable[tuple[float, float]]
"""(steps from now, P that demand has come by then), rising in both."""


def cost_of_a_cold_start(kappa: float, cold_start_seconds: float, step_seconds: float) -> float:
    """In idle steps: at most one step's work is late, and the pod starts whether or not it is needed.

    >>> cost_of_a_cold_start(10.0, 6.0, 60.0), cost_of_a_cold_start(10.0, 120.0, 60.0)
    (1.1, 12.0)
    """
    steps = cold_start_seconds / step_seconds
    return kappa * min(steps, 1.0) + steps


def idle_steps(back: Back) -> float:
    """What is expected of a pod that is there through all of them. A step in which demand comes is not idle."""
    idle, before = 0.0, 0.0
    for steps, probability in back:
        idle += (steps - before) * (1 - probability)
        before = steps
    return idle


def is_started(soon: float, lead: float, back: Back, cold_start: float) -> bool:
    """Is a pod started now, for demand that comes with P `soon` in the step in which it is ready, `lead` in its window?

    >>> is_started(0.1, 0.1, [(1.0, 0.1)], 10.0), is_started(0.0, 0.1, [(1.0, 0.1)], 10.0)  # 10 x .1 > .9, 0 < 1
    (True, False)
    """
    return cold_start * soon > 1 - soon and cold_start * lead > idle_steps(back)


def is_kept(back: Back, cold_start: float) -> bool:
    """Is a pod that is there worth keeping for what comes before it could be there again?

    >>> is_kept([(1.0, 0.0), (2.0, 0.5)], 10.0), is_kept([(1.0, 0.0), (2.0, 0.1)], 10.0)  # 5 > 1 + .5, 1 < 1 + .9
    (True, False)
    """
    span = tuple(back)
    return any(cold_start * span[end - 1][1] > idle_steps(span[:end]) for end in range(1, len(span) + 1))
