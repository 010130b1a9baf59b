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

from collections.abc import Sequence
from datetime import datetime

import msgspec

from edgewarm.model.pulls import PullProgress

_THERE = frozenset({"CreateContainerError", "CreateContainerConfigError", "RunContainerError", "CrashLoopBackOff"})
_ON_ITS_WAY = frozenset({"", "ContainerCreating", "PodInitializing"})
_LOST = "ContainerStatusUnknown"


class Waiting(msgspec.Struct, gc=False):
    """A v1 ContainerStateWaiting."""

    reason: str = ""
    message: str = ""


class Terminated(msgspec.Struct, gc=False, rename="camel"):
    """A v1 ContainerStateTerminated."""

    reason: str = ""
    finished_at: datetime | None = None


class State(msgspec.Struct, gc=False):
    """A v1 ContainerState of a pull pod; one of them is set."""

    waiting: Waiting | None = None
    terminated: Terminated | None = None


def pull_progress(states: Sequence[State], images: int, phase: str, ended: tuple[str, str], key: str) -> PullProgress:
    """`ended` are reason and message of the pod itself, such as DeadlineExceeded or Evicted."""
    pulled = sum(_is_there(state) for state in states)
    over = phase in {"Succeeded", "Failed"}
    finished = [one.terminated.finished_at for one in states if one.terminated and one.terminated.finished_at]
    at = max((moment.timestamp() for moment in finished), default=0.0) if over else None
    trouble = next((text for state in states if (text := _trouble(state))), "")
    if over and pulled < images and not trouble:
        trouble = ": ".join(filter(None, ended)) or "it ended before all images were there"
    return PullProgress(images, pulled, trouble, at, key)


def _is_there(state: State) -> bool:
    if state.terminated is not None:
        return state.terminated.reason != _LOST
    return state.waiting is not None and state.waiting.reason in _THERE


def _trouble(state: State) -> str:
    waiting = state.waiting
    if waiting is None or waiting.reason in _THERE or waiting.reason in _ON_ITS_WAY:
        return ""
    return f"{waiting.reason}: {waiting.message}" if waiting.message else waiting.reason
