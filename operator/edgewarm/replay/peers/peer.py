"""What a peer is: a policy that somebody else ships, with the knobs that its user would have to tune."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import Course, followed

UTILIZATIONS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
"""Target utilisations that are tried for every peer that has one."""


@dataclass(frozen=True)
class Plans:
    """The course of every setting of a peer's knobs; `labels` name them."""

    labels: tuple[str, ...]
    course: Course


@dataclass(frozen=True)
class Peer:
    """`name` is what the user types, `title` what a table shows, `source` where the rule is from.

    `default` is the label of the setting that it ships with or documents, "" where it has none. `note` says what of it
    is approximated here. `asleep` ones are for demand that may go to zero and mostly is.
    """

    name: str
    title: str
    source: str
    plans: Callable[[Scene], Plans]
    default: str = ""
    note: str = ""
    asleep: bool = False


def planned(scene: Scene, labels: tuple[str, ...], columns: list[IntArray]) -> Plans:
    """Plans from wanted counts (T,), one per label."""
    return Plans(labels, followed(scene, np.stack(columns, axis=1)))


def pods(load: FloatArray) -> IntArray:
    """Whole pods for a load in pods, rounding errors aside."""
    return np.maximum(np.ceil(load - 1e-9), 0).astype(np.int64)
