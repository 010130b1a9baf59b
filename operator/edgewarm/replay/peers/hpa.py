"""Horizontal pod autoscaler v2: the ratio to a target utilisation, a tolerance, a scale-down window.

    ratio  = load / (current x target)            load in pods: demand / capacity per pod
    wanted = current               if |ratio - 1| <= 0.1
             ceil(load / target)   otherwise
    rise   : at most max(100 %, 4 pods) every 15 s, at once
    fall   : to the highest recommendation of the last 300 s

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details and `defaults.go`; the
tolerance is --horizontal-pod-autoscaler-tolerance.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.peers.peer import UTILIZATIONS, Peer, Plans, pods
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import followed

TOLERANCE = 0.1
STABILIZATION_SECONDS = 300.0
WINDOWS = (0.0, 60.0, STABILIZATION_SECONDS)
"""Values of `scaleDown.stabilizationWindowSeconds` that are tried."""
SYNC_SECONDS = 15.0
MOST = 2**31 - 1


def wanted(
    scene: Scene, load: FloatArray, targets: FloatArray, window_seconds: float = STABILIZATION_SECONDS
) -> IntArray:
    """Wanted pods (T, K) for a load (T,) or (T, K) in pods and targets (K,)."""
    asked = (load[:, None] if load.ndim == 1 else load) / targets
    answers = pods(asked)
    window = max(1, int(np.ceil(window_seconds / scene.step_seconds)))  # younger than 300 s
    syncs = max(1, round(scene.step_seconds / SYNC_SECONDS))
    recent = np.zeros((window, len(targets)), dtype=np.int64)
    result = np.empty_like(answers)
    low, high = scene.bounds.low, scene.bounds.high
    current = np.clip(answers[0], low, high)
    for row, answer in enumerate(answers):
        base = np.maximum(current, 1)
        answer = np.where(np.abs(asked[row] - base) <= TOLERANCE * base, current, answer)
        recent[row % window] = answer
        held = np.minimum(current, recent.max(axis=0))
        current = np.minimum(np.maximum(np.maximum(np.minimum(answer, allowed(current, syncs)), held), low), high)
        result[row] = current
    return result


def allowed(current: IntArray, syncs: int) -> IntArray:
    """The most pods after so many periods of 15 s, each of which doubles or adds four."""
    first = np.maximum(2 * current, current + 4)  # four more are more than twice as many only below four
    result: IntArray = np.minimum(first * 2 ** (min(syncs, 20) - 1), MOST)
    return result


def plans(scene: Scene) -> Plans:
    """The usual targets, with the scale-down window that is the default and with shorter ones."""
    labels = tuple(f"target {target:.0%}, window {window:g} s" for window, target in product(WINDOWS, UTILIZATIONS))
    columns = [wanted(scene, scene.load, np.array(UTILIZATIONS), window) for window in WINDOWS]
    return Plans(labels, followed(scene, np.concatenate(columns, axis=1)))


PEER = Peer("hpa", "HPA v2", "kubernetes.io, pkg/controller/podautoscaler", plans, "target 80%, window 300 s")
