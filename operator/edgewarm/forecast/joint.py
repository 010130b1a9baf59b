"""Several demands on the same pods: the quantiles of the largest, in pods.

    Q(q) = max over resources r of Q_r(q) / c_r        c_r = what one pod gives of r

A pod needs all of its resources at once, so the need is the largest of the needs. The q-quantile of a maximum lies
between its terms' q-quantiles and those at level 1 - (1 - q) / R:

    1 - R (1 - q) <= P(all X_r / c_r <= Q(q)) <= q      for R resources

The right side is reached where the resources rise and fall together or one of them is far the largest, the left side (a
union bound) only where they never exceed at the same time. Fréchet 1935, "Généralisation du théorème des probabilités
totales", Fundamenta Mathematicae 25. So what is said is at most as sure as it sounds; how sure it is in fact is scored
on the joint demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from edgewarm.forecast.protocol import FleetForecast
from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.model.quantiles import Outlook, Quantiles


def largest(quantiles: Sequence[Quantiles], per_pod: Sequence[float]) -> Quantiles:
    """The formula at every level of the first; the result is in pods."""
    levels = quantiles[0].levels
    pods = (max(q.at(level) / each for q, each in zip(quantiles, per_pod, strict=True)) for level in levels)
    return Quantiles(levels, tuple(accumulate(pods, max)))


def joint_outlook(outlooks: Sequence[Outlook], per_pod: Sequence[float]) -> Outlook:
    """One outlook in pods from those of all resources; horizons that all of them have."""
    ahead = [dict(outlook.horizons) for outlook in outlooks]
    shared = [seconds for seconds in ahead[0] if all(seconds in horizons for horizons in ahead)]
    return Outlook(
        outlooks[0].lead_seconds,
        largest([outlook.lead for outlook in outlooks], per_pod),
        largest([outlook.hold for outlook in outlooks], per_pod),
        tuple((seconds, largest([horizons[seconds] for horizons in ahead], per_pod)) for seconds in shared),
        spells=tuple(
            replace(spells[0], demand=largest([spell.demand for spell in spells], per_pod))
            for spells in zip(*(outlook.spells for outlook in outlooks), strict=True)
        ),
    )


def joint_demand(demand: FloatArray, per_pod: FloatArray, starts: IntArray) -> FloatArray:
    """Rows `starts[p]` until `starts[p + 1]` of (N,) become row p, in pods; NaN where one of them is."""
    pods: FloatArray = np.maximum.reduceat(demand / per_pod, starts)
    return pods


def joint_fleet(fleet: FleetForecast, per_pod: FloatArray, starts: IntArray) -> FleetForecast:
    """The same for what is forecast; known where all of its rows are."""
    each = per_pod[:, None, None]
    return replace(
        fleet,
        at_ahead=np.maximum.reduceat(fleet.at_ahead / each, starts, axis=0),
        max_until=np.maximum.reduceat(fleet.max_until / each, starts, axis=0),
        known=np.logical_and.reduceat(fleet.known, starts),
        chance_ahead=_alone(fleet.chance_ahead, starts),
        chance_until=_alone(fleet.chance_until, starts),
    )


def _alone(chance: FloatArray | None, starts: IntArray) -> FloatArray | None:
    """P of rows that are joined with no other; of resources together there is none."""
    if chance is None:
        return None
    sizes = np.diff(np.append(starts, len(chance)))
    return np.where(sizes[:, None] == 1, chance[starts], np.nan)
