"""Who may ask what, and the sentence for everybody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewarm.model.demand import DemandRequest, Missing, MissingKind
from edgewarm.model.identity import Part, Split
from edgewarm.sources.routes import Question, Route, route, shortened
from edgewarm.sources.settings import Source, SourceSettings, Template

pytestmark = pytest.mark.unit

HTTP = Template("http", "sum by (namespace, app) (r)", "namespace", ("app",))
TOTAL = Template("total", "sum(r)")
OPEN = Source("open", "http://open")
SHOP = Source("shop-only", "http://shop", allowed_namespaces=frozenset({"shop"}))
STRICT = Source("strict", "http://strict", allow_queries=False, templates=(HTTP, TOTAL))
SETTINGS = SourceSettings((OPEN, SHOP, STRICT), "open")


def asks(namespace="shop", source=None, query=None, template=None, **labels: str) -> DemandRequest:
    return DemandRequest(namespace, source, query, template, tuple(sorted(labels.items())))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asks(query=" up "), Route(Question("open", "up"))),
        (asks(source="shop-only", query="up"), Route(Question("shop-only", "up"))),
        (
            asks(source="strict", template="http", app="web"),
            Route(Question("strict", HTTP.query), "http", (("app", "web"), ("namespace", "shop"))),
        ),
        (asks(source="strict", template="total"), Route(Question("strict", "sum(r)"), "total")),
    ],
)
def test_a_request_finds_its_way(request_, expected):
    assert route(SETTINGS, request_) == expected


def test_a_part_is_picked_by_its_label_from_the_answer_of_the_whole():
    whole = replace(asks(source="strict", template="http", app="web"), split=((Split.NODE, "node"),))
    question, labels = Question("strict", HTTP.query), (("app", "web"), ("namespace", "shop"))
    assert route(SETTINGS, whole) == Route(question, "http", labels, whole.split)
    part = Route(question, "http", (("app", "web"), ("namespace", "shop"), ("node", "edge-1")), whole.split)
    assert route(SETTINGS, replace(whole, part=Part(Split.NODE, "edge-1"))) == part


UNKNOWN, INVALID = MissingKind.UNKNOWN_SOURCE, MissingKind.INVALID_QUERY


@pytest.mark.parametrize(
    ("request_", "kind", "sentence"),
    [
        (asks(source="prom", query="up"), UNKNOWN, "there is no source prom: use open or shop-only or strict"),
        (asks("bank", "prom", "up"), UNKNOWN, "there is no source prom: use open or strict"),
        (
            asks("bank", "shop-only", "up"),
            UNKNOWN,
            "source shop-only is not open to namespace bank: use open or strict",
        ),
        (
            asks(source="strict", query="up"),
            UNKNOWN,
            "takes no queries of policies: use one of its templates (http, total)",
        ),
        (asks(source="strict", template="grpc"), UNKNOWN, "source strict has no template grpc: it has http, total"),
        (asks(template="http"), UNKNOWN, "source open has no template http: it has none"),
        (asks(source="strict", template="http"), UNKNOWN, "template http lacks app: its arguments are app"),
        (
            asks(source="strict", template="http", app="web", pod="x"),
            UNKNOWN,
            "template http does not know pod: its arguments are app",
        ),
        (
            DemandRequest(
                "shop", "strict", None, "http", (("app", "web"), ("namespace", "bank"))
            ),  # would read another tenant's series
            UNKNOWN,
            "template http does not know namespace",
        ),
        (asks(), INVALID, "neither query nor template is set"),
        (asks(query="up", template="http"), INVALID, "both query and template are set"),
        (asks(query="  "), INVALID, "spec.demand.query is empty"),
    ],
)
def test_a_request_without_a_way_gets_a_sentence(request_, kind, sentence):
    found = route(SETTINGS, request_)
    assert isinstance(found, Missing)
    assert found.kind is kind
    assert sentence in found.message


def test_without_a_default_the_policy_must_name_its_source():
    found = route(SourceSettings((OPEN, STRICT)), asks(query="up"))
    assert isinstance(found, Missing)
    assert found.message == "no source is the default: set spec.demand.source (use open or strict)"


def test_without_any_source_an_administrator_must_act():
    found = route(SourceSettings(), asks(query="up"))
    assert isinstance(found, Missing)
    assert found.message.startswith("no source is configured: an administrator")


def test_a_long_query_is_shortened_to_120_characters():
    assert shortened("sum(\n  up\n)") == "sum( up )"
    assert len(shortened("x" * 500)) == 120
    assert shortened("x" * 500).endswith("...")
