"""The wire's word on data: which images a pod mounts as volumes, and what a pod of ours has staged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from edgewarm.model.data import Staged
from edgewarm.model.images import canonical
from edgewarm.model.names import DATA_NAME, DATA_USED
from edgewarm.model.units import parse_time

NONE: frozenset[str] = frozenset()


class _ImageVolume(msgspec.Struct, gc=False):
    reference: str = ""


_IMAGE_VOLUME = msgspec.json.Decoder(_ImageVolume | None)


def image_volumes(volumes: Sequence[Mapping[str, msgspec.Raw]]) -> frozenset[str]:
    """Canonical names of the images that are mounted as volumes."""
    raw = tuple(bytes(volume["image"]) for volume in volumes if "image" in volume)
    return _references(raw) if raw else NONE


def staged(annotations: Mapping[str, str], reference: str) -> Staged:
    """As manifests.data_pod writes it; a time that somebody changed counts as none."""
    return Staged(annotations.get(DATA_NAME, ""), reference, _time(annotations.get(DATA_USED)))


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
