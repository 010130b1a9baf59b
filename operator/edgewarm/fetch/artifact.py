"""What an OCI artifact is made of, and where its registry has that: image and distribution specification 1.1, reading.

    GET /v2/<repository>/manifests/<digest>      whole, verified, small
    GET /v2/<repository>/blobs/<digest>          a layer: a file like any other, resumed by Range

Each layer is a file with the path of its title (annotation org.opencontainers.image.title, which `oras push` writes),
else with the name of its digest. Nothing is unpacked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import aiohttp
import msgspec

from edgewarm.fetch.asking import Asking, read
from edgewarm.fetch.order import DIGEST, Interrupted, Order, Refused

MOST_MANIFEST_BYTES = 4 << 20
"""What the specification asks a registry to take at least; most take no more."""
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
TITLE = "org.opencontainers.image.title"


@dataclass(frozen=True, slots=True)
class Layer:
    """One file: its path in the artifact's folder, digest, and bytes."""

    path: str
    digest: str
    size: int


class _Descriptor(msgspec.Struct, rename="camel"):
    digest: str
    size: int
    annotations: dict[str, str] | None = None


class _Manifest(msgspec.Struct, rename="camel"):
    layers: list[_Descriptor] | None = None
    manifests: list[_Descriptor] | None = None
    media_type: str = ""


async def manifest(asking: Asking, order: Order) -> bytes:
    """Its bytes; Refused where they have another digest."""
    url = _url(order, "manifests", order.digest)
    try:
        async with asking.opened(url, {"Accept": ", ".join(MANIFESTS), "Accept-Encoding": "identity"}) as answer:
            found = await read(answer, MOST_MANIFEST_BYTES)
    except (TimeoutError, aiohttp.ClientError) as error:
        raise Interrupted(f"{url}: {type(error).__name__} {error}".strip()) from error
    digest = f"sha256:{hashlib.sha256(found).hexdigest()}"
    if digest != order.digest:
        raise Refused(f"{url} has digest {digest}, ordered was {order.digest}")
    return found


def layers(order: Order, raw: bytes) -> tuple[Layer, ...]:
    """The files that a manifest names; Refused where it is none, or where a file would be outside of its folder."""
    try:
        told = msgspec.json.decode(raw, type=_Manifest)
    except msgspec.DecodeError as error:
        raise Refused(f"{order.url} at {order.digest} has no manifest that can be read: {error}") from None
    if told.manifests is not None:
        raise Refused(f"{order.digest} is an index of several manifests: order the digest of one of them")
    if not told.layers:
        raise Refused(f"{order.digest} is a manifest without layers: there is nothing to fetch")
    found = tuple(_layer(one) for one in told.layers)
    _check_paths([one.path for one in found])
    return found


def parts(order: Order, found: Iterable[Layer]) -> Sequence[Order]:
    """One order for each layer, each digest once."""
    sizes = {one.digest: one.size for one in found}
    return [Order(_url(order, "blobs", digest), digest, order.name, size) for digest, size in sizes.items()]


def scope(order: Order) -> str:
    """What a token has to be good for, where the registry does not say."""
    return f"repository:{order.repository}:pull"


def _layer(wire: _Descriptor) -> Layer:
    if not DIGEST.fullmatch(wire.digest) or wire.size < 0:
        raise Refused(f"a layer has digest {wire.digest} and {wire.size} bytes: only sha256 can be verified")
    title = (wire.annotations or {}).get(TITLE) or wire.digest.replace(":", "-")
    if not _is_inside(title):
        raise Refused(f"a layer has the title {title!r}, which is no path inside a folder")
    return Layer(str(PurePosixPath(title)), wire.digest, wire.size)


def _is_inside(title: str) -> bool:
    path = PurePosixPath(title)
    return title.isprintable() and not path.is_absolute() and ".." not in path.parts and path.parts != ()


def _check_paths(paths: Sequence[str]) -> None:
    """Each once, and none inside another."""
    folders, seen = {str(parent) for path in paths for parent in PurePosixPath(path).parents}, set[str]()
    for path in paths:
        if path in seen or path in folders:
            raise Refused(f"two layers have the title {path}, or one is a folder of the other")
        seen.add(path)


def _url(order: Order, kind: str, digest: str) -> str:
    registry, _, _ = order.address.partition("://")[2].partition("/")
    return f"{order.address.partition('://')[0]}://{registry}/v2/{order.repository}/{kind}/{digest}"
