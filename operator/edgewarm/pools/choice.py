"""Which of the nodes that fit: every strategy is a cost per node, and the cheapest is taken.

    LeastLoaded   (used + asked) / capacity, the largest over what is asked
    MostCapacity  - mean of free / largest free in the cluster, over what is asked
    Balanced      what more is stranded on the node, see `stranded`
    Predictive    forecast utilisation + asked / capacity; as LeastLoaded where nothing is forecast
    BestFit       (free - asked) / capacity, the mean over what is asked; WorstFit its opposite
    FirstFit      the order of the names; RoundRobin the same, beginning after the node taken last

Costs are compared in whole percent, and among near-ties the node where less is stranded wins, then the first by name:
so a pod without a GPU leaves the nodes with GPUs free. Stranding is a cheap form of the measure of fragmentation of
Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent" (ATC 2023).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.model.pool import Allocation, NodeChoice, Request
from edgewarm.pools.survey import BoolArray, Ground, Survey

Cost = Callable[[Survey, FloatArray], FloatArray]


def _share(survey: Survey, ask: FloatArray) -> FloatArray:
    result = np.zeros(len(survey.nodes))
    for j in np.flatnonzero(ask > 0):
        np.maximum(result, 1 - (survey.unpromised[j] - ask[j]) * survey.ground.per_unit[j], out=result)
    return result


def _left(survey: Survey, ask: FloatArray) -> FloatArray:
    asked = np.flatnonzero(ask > 0)
    shares = (survey.unpromised[asked] - ask[asked, None]) * survey.ground.per_unit[asked]
    result: FloatArray = shares.sum(axis=0) / max(1, len(asked))
    return result


def _most_left(survey: Survey, ask: FloatArray) -> FloatArray:
    return -_left(survey, ask)


def _least_room(survey: Survey, ask: FloatArray) -> FloatArray:
    asked = np.flatnonzero(ask > 0)
    free = survey.unpromised[asked]
    largest = np.maximum(free.max(axis=1, initial=0.0, keepdims=True), 1e-12)
    result: FloatArray = (free / largest).sum(axis=0) / max(1, len(asked))
    return -result


def _expected(survey: Survey, ask: FloatArray) -> FloatArray:
    forecast = survey.ground.forecast
    asked: FloatArray = (ask[:, None] * survey.ground.per_unit).max(axis=0, initial=0.0)
    return np.where(np.isfinite(forecast), forecast + asked, _share(survey, ask))


def _by_name(survey: Survey, ask: FloatArray) -> FloatArray:
    return np.arange(len(survey.nodes), dtype=float)


def _after_the_last(survey: Survey, ask: FloatArray) -> FloatArray:
    count = len(survey.nodes)
    return ((np.arange(count) - survey.last - 1) % max(1, count)).astype(float)


def _strands(survey: Survey, ask: FloatArray) -> FloatArray:
    return _stranding(survey, ask, np.arange(len(survey.nodes)))


def _stranding(survey: Survey, ask: FloatArray, at: IntArray) -> FloatArray:
    """For the nodes `at`: how much more is stranded with the request there."""
    free = survey.unpromised[:, at]
    return stranded(free - ask[:, None], survey.ground, at) - stranded(free, survey.ground, at)


def stranded(free: FloatArray, ground: Ground, at: IntArray) -> FloatArray:
    """For the nodes `at`, of which `free` (R, n) is left: what is free and cannot be used, as a share.

        mean over a node's resources of (free share - smallest free share)

    With half the cpu free and no memory it is (.5 - 0) / 2 = .25.
    """
    share = np.maximum(free * ground.per_unit[:, at], 0.0)
    least = (share + ground.absent[:, at]).min(axis=0, initial=1.0)
    result: FloatArray = share.sum(axis=0) / ground.kinds[at] - least
    return result


ALLOCATION_COST: dict[Allocation, Cost] = {
    Allocation.FIRST_FIT: _by_name,
    Allocation.BEST_FIT: _left,
    Allocation.WORST_FIT: _most_left,
    Allocation.ROUND_ROBIN: _after_the_last,
}
CHOICE_COST: dict[NodeChoice, Cost] = {
    NodeChoice.LEAST_LOADED: _share,
    NodeChoice.MOST_CAPACITY: _least_room,
    NodeChoice.BALANCED: _strands,
    NodeChoice.PREDICTIVE: _expected,
}


def cost_of(survey: Survey) -> Cost:
    """The cost that the pool's settings choose."""
    settings = survey.settings
    return ALLOCATION_COST.get(settings.allocation) or CHOICE_COST[settings.node_choice]


def chosen(survey: Survey, request: Request, ask: FloatArray, fits: BoolArray) -> int | None:
    """The node for the request among those that `fits` (N,) marks; preferred ones first, in their order."""
    for name in request.preferred:
        i = survey.ground.index.get(name)
        if i is not None and fits[i]:
            return i
    if not fits.any():
        return None
    cost = np.where(fits, np.round(cost_of(survey)(survey, ask), 2), np.inf)
    ties: IntArray = np.flatnonzero(cost == cost.min())
    return int(ties[0] if len(ties) == 1 else ties[np.round(_stranding(survey, ask, ties), 9).argmin()])
