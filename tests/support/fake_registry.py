"""An OCI registry with a memory: gives what was pushed, asks for a token or a password, and fails as a file server."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from controlplane.certificates import Authority, sign_server
from support.fake_files import FakeFiles

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
TITLE = "org.opencontainers.image.title"
TOKEN = "a-token"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def described(title: str, content: bytes) -> dict[str, Any]:
    """A layer of a manifest."""
    named = {"annotations": {TITLE: title}} if title else {}
    return {"mediaType": "application/octet-stream", "digest": digest_of(content), "size": len(content), **named}


def secured(authority: Authority, *addresses: str) -> ssl.SSLContext:
    """Of a server that this authority vouches for."""
    signed, context = sign_server(authority, *addresses), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w") as file:  # the standard library reads certificates from files only
        file.write(signed.certificate + signed.key)
        file.flush()
        context.load_cert_chain(file.name)
    return context


@dataclass
class FakeRegistry(FakeFiles):
    """`login` is who may read; with `bearer` by a token, which is good for `uses` answers.

    `given` are the logins it was given, `tokens` those that a token was asked for with, and for what.
    """

    login: tuple[str, str] | None = None
    bearer: bool = False
    uses: int = 10**9
    given: list[str] = field(default_factory=list)
    tokens: list[tuple[str, str]] = field(default_factory=list)

    def push(self, repository: str, layers: Mapping[str, bytes]) -> str:
        """An artifact of layers by title; the digest of its manifest."""
        described_ = [described(title, content) for title, content in layers.items()]
        for content in layers.values():
            self.files[f"/v2/{repository}/blobs/{digest_of(content)}"] = content
        return self.push_manifest(repository, {"schemaVersion": 2, "mediaType": MANIFEST, "layers": described_})

    def push_manifest(self, repository: str, manifest: object) -> str:
        raw = json.dumps(manifest).encode()
        self.files[f"/v2/{repository}/manifests/{digest_of(raw)}"] = raw
        return digest_of(raw)

    def oci(self, repository: str) -> str:
        return f"{'oci' if self.secure else 'oci+http'}://{self.host}/{repository}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        sent = request.headers.get("Authorization", "")
        if request.path == "/token":
            return self._token(request, sent)
        if sent:
            self.given.append(sent)
        if (self.bearer or self.login) and sent != self._wanted():
            return web.Response(status=401, headers={"WWW-Authenticate": self._challenge()})
        if self.bearer:
            self.uses -= 1
        return await self._serve(request)

    def _token(self, request: web.Request, sent: str) -> web.Response:
        if self.login is not None and sent != _basic(self.login):
            return web.Response(status=401)
        self.tokens.append((sent, request.query.get("scope", "")))
        self.uses = max(self.uses, 3)
        return web.json_response({"token": f"{TOKEN}-{len(self.tokens)}"})

    def _wanted(self) -> str:
        if not self.bearer:
            return _basic(self.login or ("", ""))
        return f"Bearer {TOKEN}-{len(self.tokens)}" if self.uses > 0 else "a new token"

    def _challenge(self) -> str:
        return f'Bearer realm="{self.url("/token")}",service="fake"' if self.bearer else 'Basic realm="fake"'


def _basic(login: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(login).encode()).decode()


def secret(folder: Path, **files: str) -> Path:
    """A Secret as it is mounted: `dockerconfigjson` and `ca_crt` are keys of it."""
    folder.mkdir()
    names = {"dockerconfigjson": ".dockerconfigjson", "ca_crt": "ca.crt"}
    for name, content in files.items():
        (folder / names.get(name, name)).write_text(content)
    return folder
