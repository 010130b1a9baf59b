"""The sources' configuration: what it gives, and the sentence for everything that it may not hold."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from edgewarm.model.errors import Invalid
from edgewarm.model.fetchers import FetcherClass
from edgewarm.model.policy import Strategy
from edgewarm.model.prices import ApprovalTerms, Prices, RiskLevel, Terms
from edgewarm.sources.settings import Plugin, Source, SourceSettings, Template, load_sources, parse_sources

pytestmark = pytest.mark.unit

FULL = """
sources:
  - name: prometheus
    type: Prometheus
    url: https://prometheus.monitoring:9090/prefix/
    default: true
    timeout: 2.5s
    maxSeries: 500
    maxBytes: 1Mi
    headers: [{name: X-Scope-OrgID, value: team}]
    bearerTokenFile: /var/run/token
    caFile: /etc/ca.pem
    allowQueries: false
    allowedNamespaces: [shop, bank]
    templates:
      - name: http-requests
        query: sum by (namespace, app) (rate(http_requests_total[1m]))
        namespaceLabel: namespace
        arguments: [app]
  - name: second
    type: Prometheus
    url: http://second
"""


def test_every_field_is_read():
    settings = parse_sources(FULL, "sources.yaml")
    query = "sum by (namespace, app) (rate(http_requests_total[1m]))"
    assert settings.default == "prometheus"
    assert settings.sources[0] == Source(
        name="prometheus",
        url="https://prometheus.monitoring:9090/prefix",
        timeout_seconds=2.5,
        max_series=500,
        max_bytes=1024 * 1024,
        headers=(("X-Scope-OrgID", "team"),),
        bearer_token_file=Path("/var/run/token"),
        ca_file=Path("/etc/ca.pem"),
        allow_queries=False,
        allowed_namespaces=frozenset({"shop", "bank"}),
        templates=(Template("http-requests", query, "namespace", ("app",)),),
    )
    assert settings.sources[1] == Source(name="second", url="http://second")


def test_every_field_of_a_plug_in_is_read():
    text = """
    plugins:
      - name: prophet
        url: https://prophet.models:8000/forecast
        timeout: 5s
        maxBytes: 512Ki
        headers: [{name: X-Tenant, value: shop}]
        bearerTokenFile: /var/run/token
        caFile: /etc/ca.pem
        allowedNamespaces: [shop]
      - {name: other, url: "http://other"}
    """
    assert parse_sources(textwrap.dedent(text), "f").plugins == (
        Plugin(
            "prophet",
            "https://prophet.models:8000/forecast",
            timeout_seconds=5.0,
            max_bytes=512 * 1024,
            headers=(("X-Tenant", "shop"),),
            bearer_token_file=Path("/var/run/token"),
            ca_file=Path("/etc/ca.pem"),
            allowed_namespaces=frozenset({"shop"}),
        ),
        Plugin("other", "http://other"),
    )


def test_a_single_source_is_the_default_and_several_unmarked_ones_have_none():
    one = "sources: [{name: a, type: Prometheus, url: http://a}]"
    two = "sources: [{name: a, type: Prometheus, url: http://a}, {name: b, type: Prometheus, url: http://b}]"
    assert parse_sources(one, "f").default == "a"
    assert parse_sources(two, "f").default is None


def test_prices_and_thresholds_are_read():
    text = "{prices: {cpuCoreHour: 0.2, memoryGiBHour: 20m, gpuHour: 2}, approval: {costAbove: 50, risk: Medium}}"
    assert parse_sources(text, "f").terms == Terms(
        Prices(0.2, 0.02, 2.0, 0.05), ApprovalTerms(50.0, RiskLevel.MEDIUM, frozenset({Strategy.AGGRESSIVE}))
    )
    assert parse_sources("approval: {}", "f").terms == Terms(approval=ApprovalTerms())
    assert parse_sources("", "f").terms == Terms(Prices(0.1, 0.01, 1.0, 0.05), None)


def test_a_fetcher_class_is_read_with_its_limits() -> None:
    text = """
    fetchers:
      - {name: files, image: "edgewarm:1", hosts: [files.example, "*.cdn.example:8443"], maxBytes: 1Gi,
         bytesPerSecond: 10M, spareBytes: 0, allowedNamespaces: [shop], secret: fetch-login,
         neighbours: ["http://files.cache:8080/claim"]}
      - {name: plain, image: "edgewarm:1", hosts: [files.example]}
    """
    first, second = parse_sources(textwrap.dedent(text), "f").fetchers
    hosts, namespaces = ("files.example", "*.cdn.example:8443"), frozenset({"shop"})
    near = ("http://files.cache:8080/claim",)
    assert first == FetcherClass("files", "edgewarm:1", hosts, 2**30, 10_000_000, 0, namespaces, "fetch-login", near)
    assert (first.serves("shop"), first.serves("bank"), second.serves("bank")) == (True, False, True)
    assert (second.most_bytes, second.bytes_per_second, second.spare_bytes) == (10 * 2**30, 0, 256 * 2**20)


def test_a_secret_of_a_fetcher_class_is_named_and_not_described() -> None:
    with pytest.raises(Invalid, match=r"fetchers\[0\].secret: must be the name of a Secret such as fetch-login"):
        parse_sources("fetchers: [{name: a, image: i, hosts: [b], secret: A/b}]", "f.yaml")


@pytest.mark.parametrize("text", ["", "{}", "sources: []"])
def test_nothing_is_no_sources(text):
    assert parse_sources(text, "f") == SourceSettings()


def source(**fields: str) -> str:
    lines = {"name": "a", "type": "Prometheus", "url": "http://a", **fields}
    return "sources:\n  - " + "\n    ".join(f"{name}: {value}" for name, value in lines.items())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sources: [", "f.yaml: is not YAML"),
        ("sources: !!int a", "f.yaml: is not YAML"),
        ("sources: 2026-13-45", "f.yaml: sources: Expected `array`, got `str`"),
        ("[]", "f.yaml: Expected `object`, got `array`"),
        ("surces: []", "f.yaml: Object contains unknown field `surces`"),
        (source(color="red"), "f.yaml: sources[0]: Object contains unknown field `color`"),
        ("sources: [{type: Prometheus, url: http://a}]", "sources[0]: Object missing required field `name`"),
        (source(type="Graphite"), "sources[0].type: Invalid enum value 'Graphite'"),
        (source(default='"yes"'), "sources[0].default: Expected `bool`, got `str`"),
        (source(name="My_Source"), "sources[0].name: must be a DNS label"),
        (source(url="ftp://a"), "sources[0].url: must be http://host"),
        (source(url="file:///etc/passwd"), "sources[0].url: must be http://host"),
        (source(url="http://user:secret@a"), "sources[0].url: must not hold credentials: use bearerTokenFile"),
        (source(url="http://a?x=1"), "sources[0].url: must not hold a query or a fragment"),
        (source(url="http://a:port"), "sources[0].url: is not a URL"),
        (source(timeout="10"), "sources[0].timeout: Expected `str`, got `int`"),
        (source(timeout="10 s"), "sources[0].timeout: not a Go duration"),
        ("prices: {cpuCoreHour: dear}", "prices.cpuCoreHour: not a Kubernetes quantity"),
        ("prices: {memoryGiBHour: -1}", "prices.memoryGiBHour: must be from 0 to 1G, got -1"),
        ("prices: {gpuHour: 1e400}", "prices.gpuHour: must be from 0 to 1G, got 1e400"),
        ("prices: {gpuHour: .inf}", "prices.gpuHour: not a Kubernetes quantity"),
        ("prices: {coreHour: 1}", "prices: Object contains unknown field `coreHour`"),
        ("approval: {costAbove: -5}", "approval.costAbove: must be from 0 to 1E, got -5"),
        ("approval: {risk: Huge}", "approval.risk: Invalid enum value 'Huge'"),
        ("fetchers: [{name: a, image: i, hosts: []}]", "fetchers[0].hosts: is empty: name the hosts that may be asked"),
        ("fetchers: [{name: a, image: i}]", "fetchers[0]: Object missing required field `hosts`"),
        ("fetchers: [{name: a, hosts: [b]}]", "fetchers[0].image: is missing: name the operator's own"),
        ("fetchers: [{name: a, image: i, hosts: ['https://b']}]", "fetchers[0].hosts[0]: must be a host such as"),
        ("fetchers: [{name: a, image: i, hosts: ['*']}]", "fetchers[0].hosts[0]: must be a host such as"),
        (
            "fetchers: [{name: a, image: i, hosts: [b], neighbours: ['http://a@b/c?d']}]",
            "fetchers[0].neighbours[0]: must be an address such as http://files.cache:8080/claim",
        ),
        ("fetchers: [{name: a, image: i, hosts: [b], maxBytes: 1P}]", "fetchers[0].maxBytes: must be between 1 and"),
        (
            "fetchers: [{name: a, image: i, hosts: [b], maxBytes: many}]",
            "fetchers[0].maxBytes: not a Kubernetes quantity",
        ),
        ("plugins: [{name: ARIMA, url: http://a}]", "plugins[0].name: must be a DNS label such as my-model"),
        ("plugins: [{name: a}]", "plugins[0]: Object missing required field `url`"),
        ("plugins: [{name: a, url: http://u:secret@a}]", "plugins[0].url: must not hold credentials"),
        ("plugins: [{name: a, url: http://a, timeout: 5m}]", "plugins[0].timeout: must be above 0s and at most 60s"),
        ("plugins: [{name: a, url: http://a, allowedNamespaces: [A]}]", "plugins[0].allowedNamespaces[0]: must be"),
        ("plugins: [{name: a, url: http://a}, {name: a, url: http://b}]", "plugins[1].name: 'a' stands here twice"),
        (source(timeout="0s"), "sources[0].timeout: must be above 0s and at most 60s, got 0s"),
        (source(timeout="1h"), "sources[0].timeout: must be above 0s and at most 60s, got 1h"),
        (source(maxSeries="0"), "sources[0].maxSeries: must be between 1 and 1000000, got 0"),
        (source(maxBytes="10"), "sources[0].maxBytes: must be between"),
        (source(maxBytes="lots"), "sources[0].maxBytes: not a Kubernetes quantity"),
        (source(headers="[{name: 'X Y', value: a}]"), "sources[0].headers[0].name: must be an HTTP header name"),
        (source(headers='[{name: X, value: "a\\nb"}]'), "sources[0].headers[0].value: must be printable ASCII"),
        (source(headers="[{name: authorization, value: a}]"), "sources[0].headers[0].name: authorization is ours"),
        (source(headers="[{name: X, value: a}, {name: x, value: b}]"), "sources[0].headers[1].name: 'x' stands"),
        (source(caFile="ca.pem"), "sources[0].caFile: must be an absolute path, got 'ca.pem'"),
        (source(allowQueries="false"), "sources[0].allowQueries: is false and there are no templates"),
        (source(allowedNamespaces="[A]"), "sources[0].allowedNamespaces[0]: must be a namespace such as shop"),
        (source(allowedNamespaces="[a, a]"), "sources[0].allowedNamespaces[1]: 'a' stands here twice"),
        (source(templates="[{name: t, query: ' '}]"), "sources[0].templates[0].query: is empty"),
        (source(templates="[{name: t, query: q, arguments: [a-b]}]"), "templates[0].arguments[0]: must be a label"),
        (source(templates="[{name: t, query: q, arguments: [a, a]}]"), "templates[0].arguments[1]: 'a' stands"),
        (
            source(templates="[{name: t, query: q, namespaceLabel: ns, arguments: [ns]}]"),
            "templates[0].arguments[0]: is the namespaceLabel, which policies never give",
        ),
        (source(templates="[{name: t, query: q}, {name: t, query: r}]"), "sources[0].templates[1].name: 't' stands"),
        (source() + "\n  - {name: a, type: Prometheus, url: http://b}", "sources[1].name: 'a' stands here twice"),
        (
            source(default="true") + "\n  - {name: b, type: Prometheus, url: http://b, default: true}",
            "f.yaml: sources: default: true stands at a, b: keep it at one",
        ),
    ],
)
def test_what_it_may_not_hold(text, sentence):
    with pytest.raises(Invalid) as caught:
        parse_sources(textwrap.dedent(text), "f.yaml")
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("f.yaml: ")
    assert "secret" not in str(caught.value)


def test_a_missing_file_says_what_to_mount(tmp_path):
    with pytest.raises(Invalid, match="mount the ConfigMap"):
        load_sources(tmp_path / "absent.yaml")


def test_a_file_is_read(tmp_path):
    (tmp_path / "sources.yaml").write_text(FULL)
    assert len(load_sources(tmp_path / "sources.yaml").sources) == 2
