"""Sources and plug-ins, as an administrator declares them; every error names the file, the field and the fix."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from edgewarm.api.yaml_text import parse_yaml
from edgewarm.model.errors import Invalid
from edgewarm.model.fetchers import FetcherClass
from edgewarm.model.node_room import NodeRoomSettings
from edgewarm.model.prices import Terms
from edgewarm.model.units import parse_duration
from edgewarm.sources.fetchers import WireFetcher, fetchers_of
from edgewarm.sources.place import DNS_LABEL, Place
from edgewarm.sources.terms import WireApproval, WirePrices, terms_of

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
RESERVED_HEADERS = frozenset({"authorization", "host", "content-length", "content-type", "transfer-encoding", "cookie"})
LONGEST_TIMEOUT_SECONDS = 60.0
SERIES_LIMITS = (1, 1_000_000)
BYTES_LIMITS = (1 << 16, 1 << 30)


@dataclass(frozen=True, slots=True)
class Template:
    """A named query: one question for all policies, of which each picks its own series by labels."""

    name: str
    query: str
    namespace_label: str | None = None
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One Prometheus, or what speaks its API; `allowed_namespaces` empty means all."""

    name: str
    url: str
    timeout_seconds: float = 10.0
    max_series: int = 10_000
    max_bytes: int = 32 << 20
    headers: tuple[tuple[str, str], ...] = ()
    bearer_token_file: Path | None = None
    ca_file: Path | None = None
    allow_queries: bool = True
    allowed_namespaces: frozenset[str] = frozenset()
    templates: tuple[Template, ...] = ()

    def serves(self, namespace: str) -> bool:
        return not self.allowed_namespaces or namespace in self.allowed_namespaces

    def template(self, name: str) -> Template | None:
        return next((template for template in self.templates if template.name == name), None)


@dataclass(frozen=True, slots=True)
class Plugin:
    """A forecasting model behind HTTP (sources.plugin); `allowed_namespaces` empty means all."""

    name: str
    url: str
    timeout_seconds: float = 10.0
    max_bytes: int = 1 << 20
    headers: tuple[tuple[str, str], ...] = ()
    bearer_token_file: Path | None = None
    ca_file: Path | None = None
    allowed_namespaces: frozenset[str] = frozenset()

    def serves(self, namespace: str) -> bool:
        return not self.allowed_namespaces or namespace in self.allowed_namespaces


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """All declared sources, `default` being the one of policies that name none; `terms` of policies without a pool; and
    the plug-ins that policies may name as their model."""

    sources: tuple[Source, ...] = ()
    default: str | None = None
    terms: Terms = field(default=Terms())
    plugins: tuple[Plugin, ...] = ()
    fetchers: tuple[FetcherClass, ...] = ()
    node_room: NodeRoomSettings = field(default=NodeRoomSettings())

    def find(self, name: str | None) -> Source | None:
        wanted = self.default if name is None else name
        return next((source for source in self.sources if source.name == wanted), None)

    def serving(self, namespace: str) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.serves(namespace))


class _Wire(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Strict: a field that we do not know is an error."""


class _Header(_Wire):
    name: str
    value: str


class _Template(_Wire):
    name: str
    query: str
    namespace_label: str | None = None
    arguments: list[str] = []


class _Source(_Wire):
    name: str
    type: Literal["Prometheus"]
    url: str
    default: bool = False
    timeout: str = "10s"
    max_series: int = 10_000
    max_bytes: int | str = "32Mi"
    headers: list[_Header] = []
    bearer_token_file: str | None = None
    ca_file: str | None = None
    allow_queries: bool = True
    allowed_namespaces: list[str] = []
    templates: list[_Template] = []


class _Plugin(_Wire):
    name: str
    url: str
    timeout: str = "10s"
    max_bytes: int | str = "1Mi"
    headers: list[_Header] = []
    bearer_token_file: str | None = None
    ca_file: str | None = None
    allowed_namespaces: list[str] = []


class _NodeRoom(_Wire):
    image: str = NodeRoomSettings().image
    priority_class: str = NodeRoomSettings().priority_class


class _File(_Wire):
    sources: list[_Source] = []
    plugins: list[_Plugin] = []
    fetchers: list[WireFetcher] = []
    node_room: _NodeRoom = msgspec.field(default_factory=_NodeRoom)
    prices: WirePrices = msgspec.field(default_factory=WirePrices)
    approval: WireApproval | None = None


def load_sources(path: Path) -> SourceSettings:
    """The settings in a file; no file is an error, an empty one is no sources."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path}: cannot be read ({error}): mount the ConfigMap that declares the sources") from error
    return parse_sources(text, str(path))


def parse_sources(text: str, file: str) -> SourceSettings:
    """YAML -> settings; raises Invalid with the file, the field and the fix."""
    try:
        data = parse_yaml(text)
    except ValueError as error:
        raise Invalid(f"{file}: is not YAML: {error}") from error
    try:
        wire = msgspec.convert({} if data is None else data, _File)
    except msgspec.ValidationError as error:
        raise Invalid(f"{file}: {_sentence(str(error))}") from error
    place = Place(file).at("sources")
    place.unique("name", [source.name for source in wire.sources])
    sources = tuple(_source(place.at(index), source) for index, source in enumerate(wire.sources))
    terms = terms_of(wire.prices, wire.approval, file)
    plugins, fetchers = _plugins(file, wire.plugins), fetchers_of(wire.fetchers, file)
    return SourceSettings(
        sources, _default(place, wire.sources), terms, plugins, fetchers, _node_room(file, wire.node_room)
    )


def _sentence(error: str) -> str:
    """msgspec says `Object contains unknown field `x` - at `$.sources[0]``; we say the field first."""
    problem, _, path = error.partition(" - at `$")
    where = path.rstrip("`").lstrip(".")
    return f"{where}: {problem}" if where else problem


def _default(place: Place, sources: list[_Source]) -> str | None:
    marked = [source.name for source in sources if source.default]
    if len(marked) > 1:
        raise place.error(f"default: true stands at {', '.join(marked)}: keep it at one")
    if len(sources) == 1:
        return sources[0].name
    return marked[0] if marked else None


def _source(place: Place, wire: _Source) -> Source:
    place.at("name").matches(wire.name, DNS_LABEL, "a DNS label such as prometheus")
    if not wire.allow_queries and not wire.templates:
        raise place.at("allowQueries").error("is false and there are no templates: allow queries, or declare templates")
    place.at("templates").unique("name", [template.name for template in wire.templates])
    return Source(
        name=wire.name,
        url=_url(place.at("url"), wire.url),
        timeout_seconds=_timeout(place.at("timeout"), wire.timeout),
        max_series=place.at("maxSeries").within(wire.max_series, SERIES_LIMITS),
        max_bytes=place.at("maxBytes").bytes(wire.max_bytes, BYTES_LIMITS),
        headers=_headers(place.at("headers"), wire.headers),
        bearer_token_file=_path(place.at("bearerTokenFile"), wire.bearer_token_file),
        ca_file=_path(place.at("caFile"), wire.ca_file),
        allow_queries=wire.allow_queries,
        allowed_namespaces=place.at("allowedNamespaces").namespaces(wire.allowed_namespaces),
        templates=tuple(_template(place.at("templates").at(i), t) for i, t in enumerate(wire.templates)),
    )


def _plugins(file: str, wire: list[_Plugin]) -> tuple[Plugin, ...]:
    place = Place(file).at("plugins")
    place.unique("name", [plugin.name for plugin in wire])
    return tuple(_plugin(place.at(index), plugin) for index, plugin in enumerate(wire))


def _plugin(place: Place, wire: _Plugin) -> Plugin:
    place.at("name").matches(wire.name, DNS_LABEL, "a DNS label such as my-model")
    return Plugin(
        name=wire.name,
        url=_url(place.at("url"), wire.url),
        timeout_seconds=_timeout(place.at("timeout"), wire.timeout),
        max_bytes=place.at("maxBytes").bytes(wire.max_bytes, BYTES_LIMITS),
        headers=_headers(place.at("headers"), wire.headers),
        bearer_token_file=_path(place.at("bearerTokenFile"), wire.bearer_token_file),
        ca_file=_path(place.at("caFile"), wire.ca_file),
        allowed_namespaces=place.at("allowedNamespaces").namespaces(wire.allowed_namespaces),
    )


def _node_room(file: str, wire: _NodeRoom) -> NodeRoomSettings:
    place = Place(file).at("nodeRoom")
    if not wire.image.strip():
        raise place.at("image").error("is empty: name an image that waits, such as registry.k8s.io/pause:3.10")
    place.at("priorityClass").matches(wire.priority_class, DNS_LABEL, "a PriorityClass such as edgewarm-node-room")
    return NodeRoomSettings(wire.image, wire.priority_class)


def _template(place: Place, wire: _Template) -> Template:
    place.at("name").matches(wire.name, DNS_LABEL, "a DNS label such as http-requests")
    if not wire.query.strip():
        raise place.at("query").error("is empty: write PromQL")
    if wire.namespace_label is not None:
        place.at("namespaceLabel").matches(wire.namespace_label, LABEL_NAME, "a label name such as namespace")
    place.at("arguments").unique("", wire.arguments)
    for index, argument in enumerate(wire.arguments):
        place.at("arguments").at(index).matches(argument, LABEL_NAME, "a label name such as app")
        if argument == wire.namespace_label:
            raise place.at("arguments").at(index).error("is the namespaceLabel, which policies never give: remove it")
    return Template(wire.name, wire.query.strip(), wire.namespace_label, tuple(wire.arguments))


def _url(place: Place, url: str) -> str:
    """The base without a trailing slash; `/api/v1/query` is put behind it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise place.error(f"is not a URL ({error})") from error
    if parts.scheme not in ("http", "https") or not host:
        raise place.error("must be http://host[:port][/prefix] or https://...")
    if parts.username is not None or parts.password is not None:
        raise place.error("must not hold credentials: use bearerTokenFile")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise place.error("must not hold a query or a fragment: end it after the path prefix")
    return url.rstrip("/")


def _timeout(place: Place, text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise place.error(f"{error}") from error
    if not 0 < seconds <= LONGEST_TIMEOUT_SECONDS:
        raise place.error(f"must be above 0s and at most {LONGEST_TIMEOUT_SECONDS:g}s, got {text}")
    return seconds


def _headers(place: Place, wire: list[_Header]) -> tuple[tuple[str, str], ...]:
    place.unique("name", [header.name.lower() for header in wire])
    for index, header in enumerate(wire):
        place.at(index).at("name").matches(header.name, HEADER_NAME, "an HTTP header name such as X-Scope-OrgID")
        place.at(index).at("value").matches(header.value, HEADER_VALUE, "printable ASCII")
        if header.name.lower() in RESERVED_HEADERS:
            raise place.at(index).at("name").error(f"{header.name} is ours to set (a token goes to bearerTokenFile)")
    return tuple((header.name, header.value) for header in wire)


def _path(place: Place, path: str | None) -> Path | None:
    if path is None:
        return None
    if not PurePosixPath(path).is_absolute():
        raise place.error(f"must be an absolute path, got {path!r}")
    return Path(path)
