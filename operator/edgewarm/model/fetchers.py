"""Fetcher classes: who may fetch files from where, as an administrator declares it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetcherClass:
    """A program (`image`, run as `edgewarm fetch`) with its limits; `allowed_namespaces` empty means all.

    `hosts` such as files.example, files.example:8443, *.example; `bytes_per_second` 0 sets no cap; `spare_bytes` stay
    free on the volume. `secret` is the name of a Secret in the policy's namespace with logins, "" for none.
    `neighbours` are addresses of HTTP servers over claims of ours, which are asked first.
    """

    name: str
    image: str
    hosts: tuple[str, ...]
    most_bytes: int
    bytes_per_second: int = 0
    spare_bytes: int = 256 * 2**20
    allowed_namespaces: frozenset[str] = frozenset()
    secret: str = ""
    neighbours: tuple[str, ...] = ()

    def serves(self, namespace: str) -> bool:
        return not self.allowed_namespaces or namespace in self.allowed_namespaces
