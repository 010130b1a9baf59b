"""Small recorded worlds for tests: one pod serves 1, a step is a minute, a pod takes two minutes unless told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgewarm.model.policy import Bounds
from edgewarm.replay.scene import Scene
from edgewarm.replay.starts import Starts
from edgewarm.replay.trace import Trace

MIDNIGHT_STEP = 28_333_440  # 2023-11-15 00:00 UTC in minutes


def trace(values: Sequence[float] | np.ndarray[Any, Any], step_seconds: float = 60.0) -> Trace:
    """A trace that begins at a midnight."""
    return Trace("made", step_seconds, round(MIDNIGHT_STEP * 60 / step_seconds), np.asarray(values, dtype=np.float64))


def scene(values: Sequence[float] | np.ndarray[Any, Any], begin: int = 0, **overrides: Any) -> Scene:
    """A scene whose demand is a number of pods; `begin` is the first row of the test span."""
    plain: dict[str, Any] = {"capacity": 1.0, "starts": Starts(120.0), "bounds": Bounds(0, 1000)}
    step_seconds = overrides.pop("step_seconds", 60.0)
    return Scene(trace(values, step_seconds), begin, **(plain | overrides))


def waves(days: int, seed: int = 1, step_seconds: float = 60.0, pods: float = 10.0) -> np.ndarray[Any, Any]:
    """A day's wave with a steep morning and some noise, in pods."""
    day = round(86_400 / step_seconds)
    clock = np.arange(days * day) % day / day
    noise = np.random.default_rng(seed).normal(1.0, 0.03, len(clock))
    morning = 1 / (1 + np.exp(-(clock - 1 / 3) * 200)) - 1 / (1 + np.exp(-(clock - 3 / 4) * 40))
    result: np.ndarray[Any, Any] = pods * (0.4 + 0.6 * morning) * noise
    return result
