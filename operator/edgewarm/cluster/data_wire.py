"""The wire's word on data: which images a pod mounts as volumes, and what a pod of ours has staged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from edgewarm.cluster.pull_progress import State, Terminated, whole_number
from edgewarm.model.data import Staged
from edgewarm.model.images import canonical
from edgewarm.model.names import DATA_NAME, DATA_USED, FETCH_KEY, PULL_BYTES, PULL_SPEED
from edgewarm.model.pulls import PullProgress
from edgewarm.model.units import parse_time

REFUSED = 3  # exit code of `edgewarm fetch`
NONE: frozenset[str] = frozenset()


class _ImageVolume(msgspec.Struct, gc=False):
    reference: str = ""


class _Outcome(msgspec.Struct, gc=False):
    message: str = ""


_OUTCOME = msgspec.json.Decoder(_Outcome)
_IMAGE_VOLUME = msgspec.json.Decoder(_ImageVolume | None)


def image_volumes(volumes: Sequence[Mapping[str, msgspec.Raw]]) -> frozenset[str]:
    """Canonical names of the images that are mounted as volumes."""
    raw = tuple(bytes(volume["image"]) for volume in volumes if "image" in volume)
    return _references(raw) if raw else NONE


def staged(annotations: Mapping[str, str], reference: str) -> Staged:
    """As manifests.data_pod writes it; a time that somebody changed counts as none."""
    return Staged(annotations.get(DATA_NAME, ""), reference, _time(annotations.get(DATA_USED)))


def fetch_progress(
    annotations: Mapping[str, str], states: Sequence[State], phase: str, said: tuple[str, str]
) -> PullProgress:
    """Of a pod that runs `edgewarm fetch`; `said` is reason and message of the pod itself."""
    ended = next((one.terminated for one in states if one.terminated is not None), None)
    waiting = next((one.waiting for one in states if one.waiting is not None), None)
    over = phase in {"Succeeded", "Failed"}
    trouble = ": ".join(filter(None, said))
    if ended is not None and ended.exit_code:
        trouble = _told(ended) or trouble
    elif waiting is not None and waiting.message:
        trouble = f"{waiting.reason}: {waiting.message}"
    if phase == "Succeeded":
        trouble = ""
    elif over:
        trouble = trouble or "it ended before the file was there"
    at = ended.finished_at.timestamp() if ended is not None and ended.finished_at is not None else 0.0
    refused = ended is not None and ended.exit_code == REFUSED
    key = annotations.get(FETCH_KEY, "")
    size, speed = whole_number(annotations.get(PULL_BYTES)), whole_number(annotations.get(PULL_SPEED))
    return PullProgress(1, int(phase == "Succeeded"), trouble, refused, at if over else None, "", key, size, speed)


def _told(ended: Terminated) -> str:
    """What `edgewarm fetch` wrote down at its end, or the runtime did."""
    try:
        return _OUTCOME.decode(ended.message).message
    except msgspec.DecodeError:
        return ": ".join(filter(None, (ended.reason, ended.message)))


def _time(text: str | None) -> float | None:
    try:
        return None if text is None else parse_time(text)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _references(raw: tuple[bytes, ...]) -> frozenset[str]:
    """Ten thousand pods share a few dozen templates."""
    found = [_IMAGE_VOLUME.decode(one) for one in raw]
    return frozenset(canonical(one.reference) for one in found if one is not None and one.reference)
