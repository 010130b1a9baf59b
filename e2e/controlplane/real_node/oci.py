"""Build a small OCI image and push it by plain HTTP: the image-spec and distribution-spec, no more than a test needs.

`oras` writes artifacts rather than runnable images, and go-containerregistry's `crane` would be one more binary to
build for what are two JSON documents and three requests.
"""

import functools
import hashlib
import http.client
import io
import json
import random
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controlplane.errors import ControlPlaneError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"  # not compressed: what is pulled is as large as it says


@dataclass(frozen=True)
class Blob:
    """Some bytes, their media type, and the digest that names them; of a file in an artifact its title."""

    kind: str
    content: bytes
    title: str = ""

    @functools.cached_property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"

    def descriptor(self) -> dict[str, Any]:
        named = {"annotations": {"org.opencontainers.image.title": self.title}} if self.title else {}
        return {"mediaType": self.kind, "digest": self.digest, "size": len(self.content), **named}


@dataclass(frozen=True)
class Image:
    """Layers as tar archives, lowest first, and what the container runs."""

    layers: Sequence[Blob]
    entrypoint: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def config(self) -> Blob:
        run = {"Entrypoint": list(self.entrypoint), "Env": [f"{k}={v}" for k, v in self.environment.items()]}
        rootfs = {"type": "layers", "diff_ids": [layer.digest for layer in self.layers]}
        return _document(CONFIG, {"architecture": "amd64", "os": "linux", "config": run, "rootfs": rootfs})

    def manifest(self) -> Blob:
        layers = [layer.descriptor() for layer in self.layers]
        named = {"mediaType": MANIFEST, "config": self.config().descriptor(), "layers": layers}
        return _document(MANIFEST, {"schemaVersion": 2, **named})


def layer(files: Mapping[str, bytes]) -> Blob:
    """A tar archive of these files, by path; the same files give the same bytes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return Blob(LAYER, stream.getvalue())


def ballast(size: int, seed: str) -> bytes:
    """Bytes that no compression makes smaller, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def push(port: int, name: str, tag: str, image: Image) -> str:
    """Pushes to the registry on loopback and returns the manifest's digest; blobs that it has are not sent again."""
    for blob in (*image.layers, image.config()):
        _push_blob(port, name, blob)
    manifest = image.manifest()
    _request(port, "PUT", f"/v2/{name}/manifests/{tag}", manifest.content, MANIFEST)
    return manifest.digest


def _push_blob(port: int, name: str, blob: Blob) -> None:
    if _answer(port, "HEAD", f"/v2/{name}/blobs/{blob.digest}")[0] == 200:
        return
    location = _request(port, "POST", f"/v2/{name}/blobs/uploads/")["location"]
    path = location[location.index("/v2/") :]
    target = f"{path}{'&' if '?' in path else '?'}digest={blob.digest}"
    _request(port, "PUT", target, blob.content, "application/octet-stream")


def _request(port: int, method: str, path: str, body: bytes = b"", kind: str = "") -> dict[str, str]:
    status, headers, text = _answer(port, method, path, body, kind)
    if status >= 400:
        raise ControlPlaneError(f"the registry answered {status} to {method} {path}: {text[:300]}")
    return headers


def _answer(port: int, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": kind} if kind else {})
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        return response.status, {key.lower(): value for key, value in response.getheaders()}, text
    finally:
        connection.close()


def _document(kind: str, value: Mapping[str, Any]) -> Blob:
    return Blob(kind, json.dumps(value, sort_keys=True).encode())
