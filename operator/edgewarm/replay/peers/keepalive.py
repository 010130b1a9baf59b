"""Keep-alive: what platforms for functions do, for demand that sleeps; as many pods as were needed last, or none.

fixed     warm for so long after each arrival
hybrid    unloaded after an arrival, loaded again before the gaps that were seen ("Serverless in the Wild", ATC 2020)
"""

from __future__ import annotations

import numpy as np

from edgewarm.model.demand import BoolArray, IntArray
from edgewarm.replay.keepalive import HybridHistogram, fixed_keep_alive
from edgewarm.replay.peers.peer import Peer, Plans, planned
from edgewarm.replay.scene import Scene

MINUTES = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 60, 120, 240)
RANGES = (30, 60, 120, 240, 480)
FALLBACK = 10


def fixed_plans(scene: Scene) -> Plans:
    """Every length of keep-alive."""
    steps = np.array([scene.steps(60.0 * minutes) for minutes in MINUTES], dtype=np.int64)
    warm = fixed_keep_alive(_arrivals(scene), steps)[:, 0]
    return planned(scene, tuple(f"{minutes} min" for minutes in MINUTES), [_pods(scene, one) for one in warm])


def hybrid_plans(scene: Scene) -> Plans:
    """Every range of the histogram, each with its range and ten minutes as the keep-alive of who has none."""
    labels, columns = [], []
    for minutes in RANGES:
        for fallback in (minutes, FALLBACK):
            bins, keep = scene.steps(60.0 * minutes), scene.steps(60.0 * fallback)
            histogram = HybridHistogram(bins, fallback=keep, lead=scene.lead_rows)
            labels.append(f"{minutes} min" + (f", else {fallback}" if fallback != minutes else ""))
            columns.append(_pods(scene, histogram.warm(_arrivals(scene))[0]))
    return planned(scene, tuple(labels), columns)


def _arrivals(scene: Scene) -> BoolArray:
    return np.asarray(scene.need > 0)[None]


def _pods(scene: Scene, warm: BoolArray) -> IntArray:
    """As many pods (T,) as the last arrival before each row needed, where it is warm."""
    last = np.maximum.accumulate(np.where(scene.need > 0, np.arange(scene.rows), -1))
    before = np.concatenate([[-1], last[:-1]])
    return np.where(warm & (before >= 0), scene.need[np.maximum(before, 0)], 0)


PEERS = (
    Peer("keep-alive", "fixed keep-alive", "AWS, OpenWhisk", fixed_plans, "10 min", asleep=True),
    Peer(
        "hybrid-histogram",
        "hybrid histogram",
        "Shahrad et al., Serverless in the Wild, ATC 2020",
        hybrid_plans,
        "240 min",
        "Its ARIMA model for gaps out of bounds is a fixed keep-alive; it knows the lead time",
        asleep=True,
    ),
)
