"""What is to be fetched, what its fetcher class allows, and the two ways in which it can fail."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
DEFAULT_PORTS = {"http": 80, "https": 443}


class Refused(Exception):
    """Trying again changes nothing: a wrong digest, a host that is not allowed, too many bytes, not found."""


class Interrupted(Exception):
    """It may work later, and goes on where it stopped."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fetcher class allows. `hosts` such as files.example, files.example:8443 or *.example (its subdomains).

    `spare_bytes` stay free on the volume. A source that sends nothing for `idle_seconds` is given up for now.
    """

    hosts: tuple[str, ...]
    most_bytes: int
    bytes_per_second: int | None = None
    spare_bytes: int = 0
    idle_seconds: float = 60.0
    attempts: int = 5
    pause_seconds: float = 2.0

    def check(self, url: str, came_from: str = "") -> None:
        """Refused where `url` may not be asked; `came_from` is the URL that redirected to it."""
        try:
            parts = urlsplit(url)
            host = _host(parts)
        except ValueError as error:
            raise Refused(f"{url} is no address: {error}") from None
        if parts.scheme not in DEFAULT_PORTS or not host or parts.username is not None:
            raise Refused(f"{url} must be http:// or https://, with a host and without a user")
        if came_from.startswith("https:") and parts.scheme != "https":
            raise Refused(f"{came_from} redirects to {url}, which is not encrypted")
        if not _is_among(host, self.hosts):
            via = f" ({came_from} redirects there)" if came_from else ""
            raise Refused(f"host {host} is not one that the fetcher class allows{via}: {', '.join(self.hosts)}")


@dataclass(frozen=True, slots=True)
class Order:
    """One file: where it is, what it must be, the most bytes it has, and the name by which it is found in the store."""

    url: str
    digest: str
    name: str
    size: int

    def __post_init__(self) -> None:
        if not DIGEST.fullmatch(self.digest):
            raise Refused(f"the digest must be sha256: and 64 hexadecimal digits, got {self.digest}")
        if not NAME.fullmatch(self.name):
            raise Refused(f"the name must be a DNS label, got {self.name}")


def _host(parts: SplitResult) -> str:
    """With its port, where that is not the scheme's own."""
    host, port = parts.hostname or "", parts.port
    return host if port in {None, DEFAULT_PORTS.get(parts.scheme)} else f"{host}:{port}"


def _is_among(host: str, allowed: Collection[str]) -> bool:
    return any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in allowed)
