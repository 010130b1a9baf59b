"""What the status of a pull pod's containers says.

| a container                                                 | its image                  |
|-------------------------------------------------------------|----------------------------|
| terminated, whatever the reason (StartError is the rule)    | is there                   |
| waiting: could not be configured, created or run            | is there: it is pulled first |
| waiting: ErrImagePull, ImagePullBackOff, InvalidImageName, ..| is not there, and why not  |
| waiting otherwise, or untold                                | is on its way              |

Waiting for the runtime to create it is what CRI-O shows, where containerd shows the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from sys import intern

import msgspec

from edgewarm.model.images import canonical
from edgewarm.model.names import PULL_BYTES, PULL_IMAGES, PULL_NODE, PULL_SPEED
from edgewarm.model.pulls import NodeImages, PullProgress

_THERE = frozenset({"CreateContainerError", "CreateContainerConfigError", "RunContainerError", "CrashLoopBackOff"})
_ON_ITS_WAY = frozenset({"", "ContainerCreating", "PodInitializing"})
_LOST = "ContainerStatusUnknown"


class Running(msgspec.Struct, gc=False, rename="camel"):
    """A v1 ContainerStateRunning."""

    started_at: datetime | None = None


class Waiting(msgspec.Struct, gc=False):
    """A v1 ContainerStateWaiting."""

    reason: str = ""
    message: str = ""


class Terminated(msgspec.Struct, gc=False, rename="camel"):
    """A v1 ContainerStateTerminated."""

    reason: str = ""
    finished_at: datetime | None = None
    exit_code: int = 0
    message: str = ""


class NodeImage(msgspec.Struct, gc=False, rename="camel"):
    """A v1 ContainerImage."""

    names: list[str] | None = None
    size_bytes: int = 0


class State(msgspec.Struct, gc=False):
    """A v1 ContainerState; one of them is set."""

    running: Running | None = None
    waiting: Waiting | None = None
    terminated: Terminated | None = None


def pull_progress(
    annotations: Mapping[str, str], states: Sequence[State], images: int, phase: str, said: tuple[str, str]
) -> PullProgress:
    """`said` are reason and message of the pod itself, such as DeadlineExceeded, Evicted or Unschedulable."""
    pulled = sum(_is_there(state) for state in states)
    over = phase in {"Succeeded", "Failed"}
    finished = [one.terminated.finished_at for one in states if one.terminated and one.terminated.finished_at]
    at = max((moment.timestamp() for moment in finished), default=0.0) if over else None
    refused = next((text for state in states if (text := _trouble(state))), "")
    trouble = refused or (": ".join(filter(None, said)) if pulled < images else "")
    if over and pulled < images:
        trouble = trouble or "it ended before all images were there"
    node, key = annotations.get(PULL_NODE, ""), annotations.get(PULL_IMAGES, "")
    size, speed = whole_number(annotations.get(PULL_BYTES)), whole_number(annotations.get(PULL_SPEED))
    return PullProgress(images, pulled, trouble, bool(refused), at, node, key, size, speed)


def whole_number(text: str | None) -> int:
    """0 for what is none: somebody may have edited it."""
    return int(text) if text is not None and text.isdecimal() else 0


def node_images(entries: Sequence[NodeImage]) -> NodeImages:
    """node.status.images: each under its digest and its tags."""
    sizes = {intern(canonical(name)): entry.size_bytes for entry in entries for name in entry.names or ()}
    return NodeImages(sizes, len(entries), sum(entry.size_bytes for entry in entries))


def _is_there(state: State) -> bool:
    if state.terminated is not None:
        return state.terminated.reason != _LOST
    return state.waiting is not None and state.waiting.reason in _THERE


def _trouble(state: State) -> str:
    waiting = state.waiting
    if waiting is None or waiting.reason in _THERE or waiting.reason in _ON_ITS_WAY:
        return ""
    return f"{waiting.reason}: {waiting.message}" if waiting.message else waiting.reason
