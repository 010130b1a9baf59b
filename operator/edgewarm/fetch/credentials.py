"""Names and passwords from a Secret that is mounted as a folder, by the keys of Kubernetes' own types of Secrets.

| key                | what                                                                |
|--------------------|---------------------------------------------------------------------|
| .dockerconfigjson  | of registries, by host or host/repository: the longest that fits    |
| username, password | of every other host that asks for them                              |
| ca.crt             | certificate authorities that are trusted instead of the public ones |
"""

from __future__ import annotations

import base64
import binascii
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgewarm.fetch.order import Refused

DOCKER_CONFIG = ".dockerconfigjson"
_DOCKER_HUB = frozenset({"docker.io", "index.docker.io"})


@dataclass(frozen=True)
class Login:
    """A name and a password, never shown."""

    name: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of a header Authorization (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.password}".encode()).decode()


@dataclass(frozen=True)
class Credentials:
    """`registries` by host or host/repository; `login` of everything else; `authorities` a PEM file."""

    registries: Mapping[str, Login] = field(default_factory=dict)
    login: Login | None = None
    authorities: Path | None = None

    @classmethod
    def load(cls, folder: Path | None) -> Credentials:
        """What is in the folder; Refused where it cannot be read as what its name says."""
        if folder is None or not folder.is_dir():
            return cls()
        name, password = _line(folder / "username"), _line(folder / "password")
        docker, authorities = folder / DOCKER_CONFIG, folder / "ca.crt"
        return cls(
            _registries(docker) if docker.is_file() else {},
            Login(name, password) if name or password else None,
            authorities if authorities.is_file() else None,
        )

    def trusted(self) -> ssl.SSLContext:
        """Whom to believe that it is who it says."""
        try:
            return ssl.create_default_context(cafile=self.authorities)
        except ssl.SSLError as error:
            raise Refused(f"ca.crt of the fetcher class's Secret has no certificates: {error}") from None

    def find(self, host: str, path: str) -> Login | None:
        """For a path, without its leading slash, of a host."""
        place = f"{host}/{path}"
        fits = [one for one in self.registries if place == one or place.startswith(f"{one}/")]
        return self.registries[max(fits, key=len)] if fits else self.login


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip("\r\n") if path.is_file() else ""
    except UnicodeDecodeError:
        raise Refused(f"{path.name} of the fetcher class's Secret is no text") from None


def _registries(path: Path) -> Mapping[str, Login]:
    try:
        auths = json.loads(path.read_text(encoding="utf-8"))["auths"]
        found = {_place(key): _login(entry) for key, entry in auths.items()}
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise Refused(f"{path.name} of the fetcher class's Secret is no docker configuration with auths") from None
    return {place: login for place, login in found.items() if login is not None}


def _login(entry: Mapping[str, Any]) -> Login | None:
    """None where it has a token of another kind only."""
    if entry.get("auth"):
        name, _, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
        return Login(name, password)
    if entry.get("username") and entry.get("password"):
        return Login(str(entry["username"]), str(entry["password"]))
    return None


def _place(key: str) -> str:
    """registry.example/team of https://registry.example/v2/team/; Docker Hub by the host that serves it."""
    host, _, path = key.partition("://")[2].partition("/") if "://" in key else key.partition("/")
    parts = [part for part in path.split("/") if part]
    if parts and parts[0] in {"v1", "v2"}:
        parts = parts[1:]
    return "/".join(("registry-1.docker.io" if host in _DOCKER_HUB else host, *parts))
