"""Linear look-ahead: least squares over the last minutes, read off where a pod that is started now would serve.

    wanted = max(HPA, ceil(line(now + lead) / target))

The model `Linear` of jthomperoo/predictive-horizontal-pod-autoscaler with decisionType maximum; there the line goes
through past replica counts, here through the load itself, which it has one sync earlier.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.replay.peers import hpa
from edgewarm.replay.peers.peer import Peer, Plans, planned, pods
from edgewarm.replay.scene import Scene

WINDOW_SECONDS = (300.0, 600.0, 1800.0)
TARGETS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


def ahead(load: FloatArray, window: int, rows: int) -> FloatArray:
    """The line through the last `window` rows, `rows` after the last of them; (T,), never below 0."""
    window = max(2, window)
    centre = (window - 1) / 2
    x = np.arange(window) - centre
    padded = np.concatenate([np.full(window - 1, load[0]), load])
    windows = np.lib.stride_tricks.sliding_window_view(padded, window)
    slope = windows @ x / (x @ x)
    result: FloatArray = np.maximum(windows.mean(axis=1) + slope * (centre + rows), 0.0)
    return result


def plans(scene: Scene) -> Plans:
    """Windows of 5, 10 and 30 minutes, targets from 30 to 100 %."""
    reactive = dict(zip(TARGETS, hpa.wanted(scene, scene.load, np.array(TARGETS)).T, strict=True))
    knobs = list(product(WINDOW_SECONDS, TARGETS))
    columns = []
    for seconds, target in knobs:
        line = ahead(scene.load, scene.steps(seconds), scene.lead_rows + 1)  # what is known is one row old
        columns.append(np.maximum(reactive[target], pods(line / target)))
    labels = tuple(f"window {seconds / 60:.0f} min, target {target:.0%}" for seconds, target in knobs)
    return planned(scene, labels, columns)


NOTE = "the line goes through the load, not through past replica counts"
PEER = Peer("linear", "linear look-ahead", "jthomperoo/predictive-horizontal-pod-autoscaler, Linear", plans, "", NOTE)
