"""What is to be fetched, what its fetcher class allows, and the two ways in which it can fail.

| address                     | is                                  | pinned by                                       |
|-----------------------------|-------------------------------------|-------------------------------------------------|
| http://, https://           | a file                              | sha256: of its bytes                            |
| oci://, oci+http:// (plain) | an OCI artifact: registry/repository | sha256: of its manifest                        |
| git+https://                | a Git repository                    | gitCommit: and the whole id of a commit         |
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
COMMIT = re.compile(r"gitCommit:([0-9a-f]{40}|[0-9a-f]{64})")
"""Named as in the digest sets of in-toto; 64 digits where the repository hashes by SHA-256."""
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
TAKEN = ("blobs", "trees", "partial")
"""Folders of the store."""
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
"""<name> of the OCI distribution specification 1.1."""
DEFAULT_PORTS = {"http": 80, "https": 443}


class Refused(Exception):
    """Trying again changes nothing: a wrong digest, a host that is not allowed, too many bytes, not found."""


class Interrupted(Exception):
    """It may work later, and goes on where it stopped."""


class Kind(StrEnum):
    """What an address leads to."""

    FILE = "file"
    ARTIFACT = "artifact"
    COMMIT = "commit"


SCHEMES = {
    "http": (Kind.FILE, "http"),
    "https": (Kind.FILE, "https"),
    "oci": (Kind.ARTIFACT, "https"),
    "oci+http": (Kind.ARTIFACT, "http"),
    "git+https": (Kind.COMMIT, "https"),
}
"""What a scheme means, and what is spoken on the wire."""
_SHA256 = (DIGEST, "sha256: and 64 hexadecimal digits")
FORMS = {
    Kind.FILE: _SHA256,
    Kind.ARTIFACT: _SHA256,
    Kind.COMMIT: (COMMIT, "gitCommit: and the 40 or 64 hexadecimal digits of a commit"),
}
"""What a digest looks like."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fetcher class allows. `hosts` such as files.example, files.example:8443 or *.example (its subdomains).

    `spare_bytes` stay free on the volume. A source that sends nothing for `idle_seconds` is given up for now.
    `neighbours` are addresses of folders such as this store's, which are asked for a blob before its source is.
    """

    hosts: tuple[str, ...]
    most_bytes: int
    bytes_per_second: int | None = None
    spare_bytes: int = 0
    idle_seconds: float = 60.0
    attempts: int = 5
    pause_seconds: float = 2.0
    neighbours: tuple[str, ...] = ()

    def check(self, url: str, came_from: str = "") -> None:
        """Refused where `url` may not be asked; `came_from` is the URL that redirected to it."""
        try:
            parts = urlsplit(url)
            host = host_of(parts)
        except ValueError as error:
            raise Refused(f"{url} is no address: {error}") from None
        if parts.scheme not in DEFAULT_PORTS or not host or parts.username is not None:
            raise Refused(f"{url} must be http:// or https://, with a host and without a user")
        if came_from.startswith("https:") and parts.scheme != "https":
            raise Refused(f"{came_from} redirects to {url}, which is not encrypted")
        if not _is_among(host, self.hosts):
            via = f" ({came_from} redirects there)" if came_from else ""
            raise Refused(f"host {host} is not one that the fetcher class allows{via}: {', '.join(self.hosts)}")

    def near(self) -> Sequence[tuple[str, Limits]]:
        """Each neighbour, and what may be asked there: itself alone, once."""
        return [(one, replace(self, hosts=(host_of(urlsplit(one)),))) for one in self.neighbours]

    def most(self, order: Order) -> tuple[int, str]:
        """The bytes that an order may have, and who says so."""
        if order.size <= self.most_bytes:
            return order.size, f"at most {order.size} were ordered"
        return self.most_bytes, f"at most {self.most_bytes} are allowed by the fetcher class"


@dataclass(frozen=True, slots=True)
class Order:
    """One item: where it is, what it must be, the most bytes it has, and the name by which it is found in the store."""

    url: str
    digest: str
    name: str
    size: int

    def __post_init__(self) -> None:
        scheme = self.url.partition("://")[0]
        if scheme not in SCHEMES:
            raise Refused(f"{self.url} must begin with {', '.join(f'{one}://' for one in SCHEMES)}")
        form, told = FORMS[self.kind]
        if not form.fullmatch(self.digest):
            raise Refused(f"the digest must be {told}, got {self.digest or 'none'}")
        if not NAME.fullmatch(self.name) or self.name in TAKEN:
            raise Refused(f"the name must be a DNS label other than {', '.join(TAKEN)}, got {self.name}")
        if self.kind is Kind.ARTIFACT and not REPOSITORY.fullmatch(self.repository):
            raise Refused(f"{self.url} must be a registry and a repository, without tag, digest and query")

    @property
    def kind(self) -> Kind:
        return SCHEMES[self.url.partition("://")[0]][0]

    @property
    def repository(self) -> str:
        """Of an artifact: its name in the registry."""
        return self.url.partition("://")[2].partition("/")[2]

    @property
    def address(self) -> str:
        """What is asked: by HTTP or HTTPS."""
        scheme, _, rest = self.url.partition("://")
        return f"{SCHEMES[scheme][1]}://{rest}"


def host_of(parts: SplitResult) -> str:
    """With its port, where that is not the scheme's own."""
    host, port = parts.hostname or "", parts.port
    return host if port in {None, DEFAULT_PORTS.get(parts.scheme)} else f"{host}:{port}"


def _is_among(host: str, allowed: Collection[str]) -> bool:
    return any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in allowed)
