"""Our own reactive answer, for reference: the engine's rules with strategy Reactive and no forecast.

It is the shadow that the operator's own scores are measured against (`learn.evaluation`), here on the same world as the
peers. `decide` is the operator's own code; nothing is tuned.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from edgewarm.decide.situation import Situation
from edgewarm.decide.verdict import decide
from edgewarm.engine.book import Pacing
from edgewarm.engine.judge import memory_seconds
from edgewarm.model.demand import IntArray, Measured
from edgewarm.model.policy import Policy, Strategy
from edgewarm.replay.passes import LIVE_PASS_SECONDS
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import Course, controlled


class Reactive:
    """Asked row by row; passes follow each other as in `replay.passes`."""

    def __init__(self, scene: Scene, policy: Policy) -> None:
        self._scene = scene
        self._policy = replace(policy, strategy=Strategy.REACTIVE, schedules=(), paused_until=None)
        self._pacing, self._current = Pacing(), 0

    def __call__(self, row: int, ready: IntArray) -> IntArray:
        """Wanted pods (1,)."""
        now, demand = self._scene.trace.time(row), float(self._scene.seen[row])
        for follower in range(max(1, math.ceil(self._scene.step_seconds / LIVE_PASS_SECONDS))):
            before = self._current
            self._pass(now + follower * LIVE_PASS_SECONDS, demand, int(ready[0]))
            if self._current <= before:
                break
        return np.array([self._current])

    def _pass(self, now: float, demand: float, ready: int) -> None:
        situation = Situation(
            now=now,
            policy=self._policy,
            reading=Measured(now, demand),
            current=self._current,
            ready=ready,
            recommendations=self._pacing.recommendations,
            changes=self._pacing.changes,
        )
        verdict = decide(situation)
        self._pacing = self._pacing.recommended(now, verdict.recommended, memory_seconds(self._policy))
        if verdict.wanted != self._current:
            self._pacing = self._pacing.changed(now, verdict.wanted - self._current)
            self._current = verdict.wanted


def course(scene: Scene, policy: Policy) -> Course:
    """What the reactive answer would have had ready: (T, 1)."""
    return controlled(scene, Reactive(scene, policy), 1)
