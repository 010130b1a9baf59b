"""What would have been ready: wanted counts of many policies side by side, under the rules of one recorded world.

An added pod serves `lead` rows later and is idle until then; a removed one is gone at once, starting pods before ready
ones, the last to be ready first. With a fixed lead time of l rows this has a closed form, because a pod is ready if it
has been wanted for l rows on end:

    ready[t] = min(wanted[t - l], ..., wanted[t])
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import IntArray
from edgewarm.replay.scene import Scene

Controller = Callable[[int, IntArray], IntArray]
"""(row, ready pods (K,)) -> wanted pods (K,): a policy that must see what became of its own decisions."""


@dataclass(frozen=True)
class Course:
    """Pods asked for and pods that serve, both (T, K): one column per policy or knob."""

    wanted: IntArray
    ready: IntArray


def followed(scene: Scene, wanted: IntArray) -> Course:
    """The course of given counts (T, K), clamped to the bounds; what the first row wants is ready from before."""
    wanted = np.clip(wanted, scene.bounds.low, scene.bounds.high)
    if not scene.starts.fixed:
        return controlled(scene, lambda row, _: wanted[row], wanted.shape[1])
    ready = wanted.copy()
    for lag in range(1, min(scene.lead_rows, len(wanted) - 1) + 1):
        np.minimum(ready[lag:], wanted[:-lag], out=ready[lag:])
        np.minimum(ready[:lag], wanted[:1], out=ready[:lag])
    return Course(wanted, ready)


def controlled(scene: Scene, controller: Controller, knobs: int) -> Course:
    """The course of a policy that is asked row by row, from `scene.warm` on; there it finds ready what it wants."""
    queue = Queue(scene, knobs)
    wanted, ready = np.zeros((2, scene.rows, knobs), dtype=np.int64)
    for row in range(scene.warm, scene.rows):
        queue.arrive()
        asked = np.clip(controller(row, queue.ready), scene.bounds.low, scene.bounds.high)
        if row == scene.warm:
            queue.ready = asked.copy()
        queue.follow(row, asked)
        wanted[row], ready[row] = asked, queue.ready
    return Course(wanted, ready)


class Queue:
    """Ready pods (K,), and how many are ready in 1, 2, .. H rows (K, H)."""

    def __init__(self, scene: Scene, knobs: int) -> None:
        self.ready: IntArray = np.zeros(knobs, dtype=np.int64)
        self._scene = scene
        self._due: IntArray = np.zeros((knobs, max(1, scene.starts.longest_rows(scene.step_seconds))), dtype=np.int64)

    def arrive(self) -> None:
        """One row later."""
        self.ready = self.ready + self._due[:, 0]
        self._due[:, :-1] = self._due[:, 1:]
        self._due[:, -1] = 0

    def follow(self, row: int, wanted: IntArray) -> None:
        """Add or remove pods until as many as wanted are there."""
        missing = wanted - self.ready - self._due.sum(axis=1)
        surplus = np.maximum(-missing, 0)
        if surplus.any():
            self._remove(surplus)
        if (missing > 0).any():
            self._add(row, np.maximum(missing, 0))

    def _remove(self, surplus: IntArray) -> None:
        for rows in range(self._due.shape[1] - 1, -1, -1):
            taken = np.minimum(self._due[:, rows], surplus)
            self._due[:, rows] -= taken
            surplus = surplus - taken
        self.ready = self.ready - surplus

    def _add(self, row: int, missing: IntArray) -> None:
        """The first pods that a row starts have the same start times whoever starts them."""
        scene, most = self._scene, int(missing.max())
        rows = scene.starts.rows(scene.trace.time(row), most, scene.step_seconds)
        counts = np.zeros((most + 1, self._due.shape[1] + 1), dtype=np.int64)
        counts[np.arange(1, most + 1), rows] = 1
        added = np.cumsum(counts, axis=0)[missing]
        self.ready = self.ready + added[:, 0]
        self._due += added[:, 1:]
