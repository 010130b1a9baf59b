"""PHPA's Holt-Winters: refitted at every sync on the history of the HPA's own answers, the larger of both counts.

    wanted = max(HPA, ceil(forecast one sync ahead of the last 4 days of HPA counts, season a day))

jthomperoo/predictive-horizontal-pod-autoscaler v0.13 (commit c91d060). Two forms:

*as shipped*: alpha = beta = gamma = 0.9 as in its documentation, and the order in which its controller hands over the
history: pruning stores it newest first and the next sync appends "now", so the model sees [t-1, t-2, .., t0, t].
*corrected*: oldest first, and small coefficients.

Approximated: its sync is 15 s, here the model runs every five minutes (`perSyncPeriod`), HPA at every step.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.peers import hpa
from edgewarm.replay.peers.holt_winters import Coefficients, forecasts
from edgewarm.replay.peers.peer import Peer, Plans, planned, pods
from edgewarm.replay.scene import Scene

DAY_SECONDS = 86_400.0
SYNC_SECONDS = 300.0
SEASONS = 4
TARGETS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
SHIPPED = (Coefficients(0.9, 0.9, 0.9),)
SANE = (Coefficients(0.3, 0.01, 0.1), Coefficients(0.1, 0.001, 0.1), Coefficients(0.5, 0.01, 0.3))
ORIGINS_AT_ONCE = 1000

Model = tuple[Coefficients, bool]
"""Coefficients, and whether the history is in the shipped order."""


def newest_first(histories: FloatArray) -> FloatArray:
    """The order that the shipped controller makes of histories (N, n) in time order."""
    return np.concatenate([histories[:, -2::-1], histories[:, -1:]], axis=1)


def predicted(counts: IntArray, sync: int, season: int, model: Model, begin: int = 0) -> IntArray:
    """The model's answer (T,) to a history of counts (T,), every `sync` rows and held between.

    0 before row `begin` and before there are two seasons.
    """
    coefficients, shipped = model
    sampled = counts[::sync].astype(np.float64)
    answers = np.zeros(len(sampled), dtype=np.int64)
    for size in (2 * season, 3 * season, SEASONS * season):  # grows with the history, by whole seasons
        last = len(sampled) if size == SEASONS * season else min(len(sampled), size + season - 1)
        for first in range(max(size - 1, begin // sync), last, ORIGINS_AT_ONCE):
            origins = np.arange(first, min(first + ORIGINS_AT_ONCE, last))
            histories = sampled[origins[:, None] + np.arange(-size + 1, 1)]
            histories = newest_first(histories) if shipped else histories
            answers[origins] = pods(np.minimum(forecasts(histories, season, coefficients), hpa.MOST))
    result: IntArray = np.repeat(answers, sync)[: len(counts)]
    return result


def _plans(scene: Scene, tried: tuple[Coefficients, ...], shipped: bool) -> Plans:
    sync = scene.steps(SYNC_SECONDS)
    season = round(DAY_SECONDS / (sync * scene.step_seconds))
    reactive = dict(zip(TARGETS, hpa.wanted(scene, scene.load, np.array(TARGETS)).T, strict=True))
    knobs = list(product(tried, TARGETS))
    columns = [
        np.maximum(reactive[target], predicted(reactive[target], sync, season, (c, shipped), scene.warm))
        for c, target in knobs
    ]
    labels = tuple(f"{c.alpha:g}/{c.beta:g}/{c.gamma:g}, target {target:.0%}" for c, target in knobs)
    return planned(scene, labels, columns)


def as_shipped(scene: Scene) -> Plans:
    """The documented coefficients, the shipped order, targets from 30 to 100 %."""
    return _plans(scene, SHIPPED, shipped=True)


def corrected(scene: Scene) -> Plans:
    """Small coefficients, oldest first, targets from 30 to 100 %."""
    return _plans(scene, SANE, shipped=False)


SOURCE = "jthomperoo/predictive-horizontal-pod-autoscaler"
NOTE = (
    "its sync is 15 s; here the model runs every five minutes and the HPA at every step; values begin by a simple rule"
)
PEERS = (
    Peer("phpa", "PHPA Holt-Winters, as documented", SOURCE, as_shipped, "0.9/0.9/0.9, target 80%", NOTE),
    Peer("phpa-corrected", "PHPA Holt-Winters, corrected", SOURCE, corrected, "", NOTE),
)
