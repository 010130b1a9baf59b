"""What to do about a workload's images on one node.

| wanted | pull pod               | listed by the node    | then                                                   |
|--------|------------------------|-----------------------|--------------------------------------------------------|
| yes    | none                   | yes                   | warm                                                   |
| yes    | none                   | no, or the list is full | pull: where it is there after all, that costs nothing |
| yes    | on its way             | any                   | warming                                                |
| yes    | in trouble             | any                   | the kubelet tries again, 10 s to 5 min apart           |
| yes    | done                   | yes, full, or too early | warm; the pod keeps the image from being collected    |
| yes    | done                   | not for ten minutes   | the pod goes: the image was collected, pull again      |
| any    | ended without all      | any                   | the pod goes after ten minutes                         |
| any    | made for other images  | any                   | the pod goes                                           |
| no     | on its way, in trouble | any                   | the pod goes                                           |
| no     | done                   | any                   | the pod goes once it is older than the rung's ttl      |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgewarm.model.pulls import PullProgress

SETTLED_SECONDS = 600.0
"""A kubelet tells of its images at the latest after `nodeStatusReportFrequency`, five minutes."""


class PullMove(StrEnum):
    """One step towards what is wanted on a node."""

    NONE = "None"
    PULL = "Pull"
    REMOVE = "Remove"


@dataclass(frozen=True, slots=True)
class PullSeen:
    """A pull pod as seen: `created_at` Unix seconds."""

    progress: PullProgress
    created_at: float


@dataclass(frozen=True, slots=True)
class NodePlan:
    """The answer for one node. `held`: it counts as a unit, warm, warming or in trouble."""

    warm: bool = False
    warming: bool = False
    held: bool = False
    move: PullMove = PullMove.NONE
    why: str = ""


def node_plan(
    wanted: bool, pod: PullSeen | None, listed: bool | None, key: str, ttl_seconds: float, now: float
) -> NodePlan:
    """`listed`: whether the node lists all images (None: its list is full); `key` names the images wanted now."""
    if pod is None:
        there = listed is True
        return NodePlan(there, held=there, move=PullMove.PULL if wanted and not there else PullMove.NONE)
    removed = _reason_to_go(wanted, pod, listed, key, ttl_seconds, now)
    if removed:
        return NodePlan(warm=listed is True, held=listed is True, move=PullMove.REMOVE, why=removed)
    done = pod.progress.done
    return NodePlan(done or listed is True, warming=not done and not pod.progress.trouble, held=True)


def _reason_to_go(wanted: bool, pod: PullSeen, listed: bool | None, key: str, ttl_seconds: float, now: float) -> str:
    progress, ended = pod.progress, pod.progress.ended_at
    age = now - max(pod.created_at, ended or 0.0)
    if progress.key != key:
        return "the workload has other images now"
    if not progress.done:
        if ended is not None and age > SETTLED_SECONDS:
            return progress.trouble
        return "" if wanted else "no pod is expected there any more"
    if wanted and listed is False and age > SETTLED_SECONDS:
        return "the node has lost the image"
    return "no pod has been expected there for a while" if not wanted and age > ttl_seconds else ""


def all_listed(answers: Sequence[bool | None]) -> bool | None:
    """Whether a node lists all images: no where it lacks one, None where it may have left one out."""
    if False in answers:
        return False
    return None if None in answers else True
