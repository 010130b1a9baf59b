"""Knative's pod autoscaler: a stable and a panic window, in panic never down.

    stable, panic = mean load over the stable window / over a tenth of it, / target
    panic begins  where ceil(panic) >= 2 x ready, and ends a stable window after it was last so
    wanted        = ceil(stable), in panic the highest ceil(panic) since it began
    both are held between ready / 2 and 1000 x ready; scale-down-delay is a sliding maximum

`pkg/autoscaler/scaling/autoscaler.go` of Knative Serving with the defaults of config-autoscaler. Approximated: it runs
every 2 s on averages of 1 s; here a window shorter than a step is that one step, so that on a step of a minute the
panic window (6 s) is the last minute and the stable window (60 s) the same one.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.peers.peer import UTILIZATIONS, Peer, Plans
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import controlled

STABLE_SECONDS = (60.0, 300.0)
DELAY_SECONDS = (0.0, 300.0)
PANIC_SHARE, PANIC_THRESHOLD = 0.1, 2.0
MOST_RISE, MOST_FALL = 1000, 2


class Autoscaler:
    """All settings (K,) side by side: targets, and windows and delays in rows."""

    def __init__(self, load: FloatArray, targets: FloatArray, stable: IntArray, delay: IntArray) -> None:
        panic = np.maximum(np.round(stable * PANIC_SHARE), 1).astype(np.int64)
        self._stable = np.ceil(_means(load, stable) / targets - 1e-9).astype(np.int64)
        self._panic = np.ceil(_means(load, panic) / targets - 1e-9).astype(np.int64)
        self._window, self._delay = stable, delay
        self._over = np.full(len(targets), -(10**9))  # the row when it was last over the panic threshold
        self._panicking = np.zeros(len(targets), dtype=bool)
        self._most = np.zeros(len(targets), dtype=np.int64)
        self._begun = False
        self._recent = np.zeros((max(1, int(delay.max(initial=1))), len(targets)), dtype=np.int64)

    def __call__(self, row: int, ready: IntArray) -> IntArray:
        """Wanted pods (K,) at a row."""
        if not self._begun:
            self._begun, ready = True, self._stable[row]  # it begins in the steady state
        base = np.maximum(ready, 1)
        low, high = ready // MOST_FALL, base * MOST_RISE
        stable, panic = np.clip(self._stable[row], low, high), np.clip(self._panic[row], low, high)
        over = self._panic[row] >= PANIC_THRESHOLD * base
        self._most = np.where(over & ~self._panicking, ready, self._most)
        self._over = np.where(over, row, self._over)
        self._panicking = over | (self._panicking & (row - self._over <= self._window))
        self._most = np.where(self._panicking, np.maximum(self._most, panic), 0)
        wanted = np.where(self._panicking, self._most, stable)
        return self._delayed(row, wanted)

    def _delayed(self, row: int, wanted: IntArray) -> IntArray:
        size = len(self._recent)
        self._recent[row % size] = wanted
        ages = (row - np.arange(size)) % size
        result: IntArray = np.where(ages[:, None] < self._delay, self._recent, wanted).max(axis=0)
        return result


def _means(load: FloatArray, rows: IntArray) -> FloatArray:
    """Trailing means (T, K) over so many rows (K,) each."""
    sums = np.concatenate([[0.0], np.cumsum(load)])
    end = np.arange(1, len(load) + 1)[:, None]
    begin = np.maximum(end - rows, 0)
    result: FloatArray = (sums[end] - sums[begin]) / (end - begin)
    return result


def plans(scene: Scene) -> Plans:
    """Targets, stable windows of one and five minutes, scale-down delays of none and five minutes."""
    knobs = list(product(UTILIZATIONS, STABLE_SECONDS, DELAY_SECONDS))
    targets, stable, delay = (np.array(column) for column in zip(*knobs, strict=True))
    labels = tuple(f"target {target:.0%}, window {s:.0f} s, delay {d:.0f} s" for target, s, d in knobs)
    step = scene.step_seconds
    windows = np.maximum(np.round(stable / step), 1).astype(np.int64)
    delays = np.maximum(np.ceil(delay / step), 1).astype(np.int64)
    return Plans(labels, controlled(scene, Autoscaler(scene.load, targets, windows, delays), len(knobs)))


DEFAULT = "target 70%, window 60 s, delay 0 s"
NOTE = "it runs every 2 s; here a window shorter than a step (panic: 6 s) is that one step"
PEER = Peer("kpa", "Knative KPA", "knative.dev/serving pkg/autoscaler/scaling", plans, DEFAULT, NOTE)
