"""How long each stage of one start took, by the times that the pod itself tells.

    Scheduling = scheduled - created                                            (both by the API server's clock)
    Data       = sandbox - acknowledged, if it mounts data, + pulls of image volumes
                 + initialized - sandbox - pulls of init containers, if those mount data
    Image      = pulls of containers and init containers; 0 where the image was there
    Start      = containers run - acknowledged - Image - Data                   (all by the node's clock)
    Ready      = first Ready - containers run

The two clocks are never subtracted from each other, so a node whose clock is wrong measures right. What is not told
(no Event of a pull, a container that ran twice) or negative is no measurement. Times on the wire are cut to the
second, so a difference of up to a second and a half below zero is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edgewarm.model.images import canonical
from edgewarm.model.stages import Milestones, Pull, PullOf, Stage

CUT_SECONDS = 1.5


def stage_seconds(created_at: float, ready_at: float, seen: Milestones, pulls: Sequence[Pull]) -> Mapping[Stage, float]:
    """Seconds of every stage that was told."""
    found = {
        Stage.SCHEDULING: _between(created_at, seen.scheduled_at),
        Stage.READY: _between(seen.started_at, ready_at),
        **_on_node(seen, pulls),
    }
    return {stage: seconds for stage, seconds in found.items() if seconds is not None}


def _on_node(seen: Milestones, pulls: Sequence[Pull]) -> Mapping[Stage, float | None]:
    """Image, Data and Start: they share one span, so all three are told or none is."""
    whole = _between(seen.acknowledged_at, seen.started_at)
    if whole is None or not seen.images <= {canonical(pull.image) for pull in pulls}:
        return {}
    image = _sum(pulls, PullOf.CONTAINER, PullOf.INIT)
    data = _data(seen, pulls)
    if image + data > whole + CUT_SECONDS:
        return {}
    return {Stage.IMAGE: image, Stage.DATA: data, Stage.START: max(0.0, whole - image - data)}


def _data(seen: Milestones, pulls: Sequence[Pull]) -> float:
    mounted = _between(seen.acknowledged_at, seen.sandbox_at) or 0.0
    filled = _between(seen.sandbox_at, seen.initialized_at) or 0.0
    return (
        _sum(pulls, PullOf.VOLUME)
        + (mounted if seen.fills else 0.0)
        + (max(0.0, filled - _sum(pulls, PullOf.INIT)) if seen.init_fills else 0.0)
    )


def _sum(pulls: Iterable[Pull], *of: PullOf) -> float:
    return sum(pull.seconds for pull in pulls if pull.of in of)


def _between(begin: float | None, end: float | None) -> float | None:
    """Seconds from one to the other; None where one is not told, or where they are in the wrong order."""
    if begin is None or end is None or end - begin < -CUT_SECONDS:
        return None
    return max(0.0, end - begin)
