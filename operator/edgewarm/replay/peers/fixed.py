"""A fixed number of pods: no autoscaler at all, every number tried."""

from __future__ import annotations

import numpy as np

from edgewarm.replay.peers.peer import Peer, Plans, planned
from edgewarm.replay.scene import Scene

MOST_NUMBERS = 100


def plans(scene: Scene) -> Plans:
    """From one pod to the most that were ever needed, a hundred numbers at most."""
    most = int(scene.need.max(initial=1))
    numbers = np.unique(np.linspace(1, max(most, 1), min(most, MOST_NUMBERS) or 1).round().astype(np.int64))
    columns = [np.full(scene.rows, number) for number in numbers]
    return planned(scene, tuple(f"{number} pods" for number in numbers), columns)


PEER = Peer("fixed", "fixed number", "spec.replicas", plans)
