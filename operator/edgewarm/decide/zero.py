"""To and from zero, and back from a fall: when keeping a pod that is not needed now costs less than starting it again.

    kappa_0    = kappa x min(cold start, step) / step          of one cold start, in idle steps
    warm iff     P(demand within the window) > 1 / (1 + kappa_0)
    break-even = kappa x cold start                            idle time that one cold start's shortage is worth
    hold iff     P(back within break-even) x kappa x cold start > E(idle time until then)

The first is the newsvendor of one unit over one step; the second ski rental with a distribution of the season's length
(Karlin, Manasse, McGeoch & Owicki 1994; Shahrad et al., "Serverless in the Wild", ATC 2020, use its histogram form).
"""

from __future__ import annotations

from collections.abc import Sequence


def kappa_of_a_cold_start(kappa: float, cold_start_seconds: float, step_seconds: float) -> float:
    """kappa_0: a cold start delays at most one step's work within that step."""
    return kappa * min(cold_start_seconds, step_seconds) / step_seconds


def is_warm(probability: float, kappa_0: float) -> bool:
    """Is a unit worth holding where demand comes with this probability?

    >>> is_warm(0.1, 10.0), is_warm(0.05, 10.0)  # 1 / 11 = .091
    (True, False)
    """
    return probability > 1 / (1 + kappa_0)


def break_even_seconds(kappa: float, cold_start_seconds: float) -> float:
    """The longest idle time that is worth one cold start."""
    return kappa * cold_start_seconds


def is_held(returns: Sequence[tuple[float, float]], kappa: float, cold_start_seconds: float) -> bool:
    """Hold a unit that is not needed now, until its break-even time at the latest?

    `returns` are (seconds, P(demand is back by then)), rising in both; before the first nothing comes back.
    Idle time is counted from the middle of each span in which demand returns, and in full where it does not.
    """
    end = break_even_seconds(kappa, cold_start_seconds)
    idle, before, seen = 0.0, 0.0, 0.0
    for seconds, probability in returns:
        if seconds > end:
            break
        idle += (probability - seen) * (before + seconds) / 2
        before, seen = seconds, probability
    return seen * end > idle + (1 - seen) * end
