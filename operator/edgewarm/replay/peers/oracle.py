"""The limit: every pod of the future known, but a pod must still be started its lead time before it serves.

The cost of a course is a sum over pods: pod n is held while wanted >= n, serves once it was held for the l rows before
(last in, first out), and is needed while need >= n. So each is a shortest path of its own, by dynamic programming over
its state, the rows it was held so far (0 .. l):

    gone in this row                            cost kappa where needed
    held, but for less than l rows before it    cost 1, and kappa where needed
    held for l rows before it, so ready         cost 1 where not needed

Needs are nested (pod n + 1 is needed only while pod n is), so the counts of held pods are a course of the same cost: no
policy under the same rules and bounds costs less. With drawn lead times every start is given the shortest of them,
which makes it a bound that none can reach.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray, IntArray
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import Course, followed
from edgewarm.replay.starts import Starts

BLOCK_BYTES = 2**26  # of choices; pods are independent, so as many are walked at a time as fit


def course(scene: Scene, kappa: float) -> Course:
    """The cheapest course (T, 1) over the test span; row `begin` may find ready whatever it wants."""
    best = least(scene)
    span = slice(scene.begin, scene.rows)
    tail = wanted(scene.need[span], scene.known[span], best, kappa)
    whole = np.concatenate([np.full(scene.begin, tail[0]), tail])
    return followed(best, whole[:, None])


def least(scene: Scene) -> Scene:
    """The scene with the shortest start of all its draws, or its fixed one."""
    if scene.starts.fixed:
        return scene
    draws = (scene.starts.seconds(scene.trace.time(row), scene.bounds.high) for row in range(scene.rows))
    return replace(scene, starts=Starts(min(float(found.min()) for found in draws)))


def wanted(need: IntArray, known: BoolArray, scene: Scene, kappa: float, block_bytes: int = BLOCK_BYTES) -> IntArray:
    """The cheapest counts (T,) for these needs under the scene's lead time and bounds."""
    low, high = scene.bounds.low, scene.bounds.high
    levels = np.arange(low + 1, min(int(need.max(initial=0)), high) + 1)
    weight = known.astype(np.float64)
    block = max(1, block_bytes // (len(need) * (scene.lead_rows + 1)))
    result: IntArray = np.full(len(need), low, dtype=np.int64)
    for first in range(0, len(levels), block):
        needed = need[:, None] >= levels[first : first + block]
        result += _walked(_choices(needed, weight, scene.lead_rows, kappa)).sum(axis=1)
    return result


def _choices(needed: BoolArray, weight: FloatArray, lead: int, kappa: float) -> BoolArray:
    """Whether to hold a pod (T, lead + 1, N) that was held for 0, 1, .. rows before, for needs (T, N).

    Rows of weight 0 cost nothing.
    """
    rows, pods = needed.shape
    choices = np.zeros((rows, lead + 1, pods), dtype=bool)
    ahead = np.zeros((lead + 1, pods))  # least cost of the rows to come, by rows held so far
    for row in range(rows - 1, -1, -1):
        short = weight[row] * kappa * needed[row]
        gone = short + ahead[0]
        stay = np.concatenate([ahead[1:], ahead[-1:]])
        stay[:lead] += weight[row] + short
        stay[lead] += weight[row] * ~needed[row]
        choices[row] = stay < gone
        ahead = np.minimum(stay, gone)
    return choices


def _walked(choices: BoolArray) -> BoolArray:
    """Whether each pod is held (T, N), from a state in which every pod could be ready."""
    rows, states, pods = choices.shape
    state, every = np.full(pods, states - 1), np.arange(pods)
    held = np.zeros((rows, pods), dtype=bool)
    for row in range(rows):
        held[row] = choices[row, state, every]
        state = np.where(held[row], np.minimum(state + 1, states - 1), 0)
    return held
