"""A decayed percentile: what the VPA recommender does for requests, done for a pod count.

    weight of a sample = 2^(age / -24 h),  buckets grow by 5 %,  wanted = ceil((1 + margin) x end of the bucket)

`vertical-pod-autoscaler/pkg/recommender` (kubernetes/autoscaler): p90, half-life 24 h, safety margin 15 %. VPA itself
never changes a count; Autopilot (Rzadca et al., EuroSys 2020) uses the same rule. Percentile and margin are its knobs.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.replay.peers.peer import Peer, Plans, planned, pods
from edgewarm.replay.scene import Scene

HALF_LIFE_SECONDS = 86_400.0
FIRST_BUCKET, GROWTH, BUCKETS = 0.01, 1.05, 400
LEVELS = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99)
MARGINS = (0.0, 0.15)
LARGEST_WEIGHT = 1e100


def decayed(load: FloatArray, levels: FloatArray, half_life_rows: float) -> FloatArray:
    """The percentiles (T, Q) of what each row has seen so far."""
    ends = FIRST_BUCKET * np.cumsum(GROWTH ** np.arange(BUCKETS))
    bucket = np.minimum(np.searchsorted(ends, load, side="left"), BUCKETS - 1)
    weights, weight, growth = np.zeros(BUCKETS), 1.0, 2.0 ** (1 / half_life_rows)
    result = np.empty((len(load), len(levels)))
    for row, index in enumerate(bucket):
        weights[index] += weight
        total = np.cumsum(weights)
        result[row] = ends[np.searchsorted(total, levels * total[-1])]
        weight *= growth
        if weight > LARGEST_WEIGHT:
            weights, weight = weights / weight, 1.0
    return result


def plans(scene: Scene) -> Plans:
    """Percentiles from the median to p99, without and with the margin."""
    found = decayed(scene.load, np.array(LEVELS), HALF_LIFE_SECONDS / scene.step_seconds)
    knobs = list(product(range(len(LEVELS)), MARGINS))
    labels = tuple(f"p{100 * LEVELS[level]:.0f}, margin {margin:.0%}" for level, margin in knobs)
    return planned(scene, labels, [pods(found[:, level] * (1 + margin)) for level, margin in knobs])


NOTE = "VPA recommends requests; here its rule sizes a pod count"
PEER = Peer(
    "percentile",
    "decayed percentile (VPA)",
    "kubernetes/autoscaler vertical-pod-autoscaler",
    plans,
    "p90, margin 15%",
    NOTE,
)
