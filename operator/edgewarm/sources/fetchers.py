"""Fetcher classes of the operator's configuration: who may fetch data, from where, and how much."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from edgewarm.model.fetchers import FetcherClass
from edgewarm.sources.place import DNS_LABEL, Place

FILE_LIMITS = (1, 100 << 40)
HOST = re.compile(r"(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?")
NEIGHBOUR = re.compile(r"https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[-A-Za-z0-9._~]+)*")


class WireFetcher(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """One class as it is written."""

    name: str
    hosts: list[str]
    image: str = ""
    max_bytes: int | str = "10Gi"
    bytes_per_second: int | str = 0
    spare_bytes: int | str = "256Mi"
    allowed_namespaces: list[str] = []
    secret: str = ""
    neighbours: list[str] = []


def fetchers_of(wire: Sequence[WireFetcher], file: str) -> tuple[FetcherClass, ...]:
    """The classes behind the file's words; Invalid with the field and the fix."""
    place = Place(file).at("fetchers")
    place.unique("name", [fetcher.name for fetcher in wire])
    return tuple(_fetcher(place.at(index), fetcher) for index, fetcher in enumerate(wire))


def _fetcher(place: Place, wire: WireFetcher) -> FetcherClass:
    place.at("name").matches(wire.name, DNS_LABEL, "a DNS label such as files")
    if not wire.image:
        raise place.at("image").error("is missing: name the operator's own, or another that runs edgewarm fetch")
    if not wire.hosts:
        raise place.at("hosts").error("is empty: name the hosts that may be asked, such as files.example")
    for index, host in enumerate(wire.hosts):
        place.at("hosts").at(index).matches(host, HOST, "a host such as files.example, files.example:8443, *.example")
    for index, address in enumerate(wire.neighbours):
        place.at("neighbours").at(index).matches(address, NEIGHBOUR, "an address such as http://files.cache:8080/claim")
    if wire.secret:
        place.at("secret").matches(wire.secret, DNS_LABEL, "the name of a Secret such as fetch-login")
    return FetcherClass(
        wire.name,
        wire.image,
        tuple(wire.hosts),
        place.at("maxBytes").bytes(wire.max_bytes, FILE_LIMITS),
        place.at("bytesPerSecond").bytes(wire.bytes_per_second, (0, FILE_LIMITS[1])),
        place.at("spareBytes").bytes(wire.spare_bytes, (0, FILE_LIMITS[1])),
        place.at("allowedNamespaces").namespaces(wire.allowed_namespaces),
        wire.secret,
        tuple(wire.neighbours),
    )
