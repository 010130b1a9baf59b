"""One answer, one reading: values, and four kinds of nothing that are never zero."""

from __future__ import annotations

import pytest

from edgewarm.model.demand import Measured, Missing, MissingKind
from edgewarm.model.identity import Part, Split
from edgewarm.sources.readings import Picker, failed, reading
from edgewarm.sources.routes import Question, Route
from edgewarm.sources.trouble import Cause, NoAnswer, Refused, TooMuch
from edgewarm.sources.wire import Sample

pytestmark = pytest.mark.unit

NOW = 1_000_000.0
FREE = Route(Question("prom", "rate(x[1m])"))
TEMPLATE = Route(Question("prom", "q"), "http", (("app", "web"), ("namespace", "shop")))


def samples(*values: float, age: float = 0) -> list[Sample]:
    return [Sample({}, NOW - age, value) for value in values]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (samples(12.5), Measured(NOW, 12.5)),
        (samples(0.0), Measured(NOW, 0.0)),
        (samples(0.4), Measured(NOW, 0.4)),
        (samples(3, age=120), Measured(NOW - 120, 3)),
        (samples(3, age=-2), Measured(NOW + 2, 3)),  # the source's clock is a little ahead
    ],
)
def test_one_usable_sample_is_the_demand(found, expected):
    assert reading(FREE, found, NOW, 120) == expected


@pytest.mark.parametrize(
    ("route", "found", "kind", "sentence"),
    [
        (
            FREE,
            [],
            MissingKind.NO_SERIES,
            'query "rate(x[1m])" matches no series in source prom with a sample of the last 120 s: check the',
        ),
        (
            TEMPLATE,
            [],
            MissingKind.NO_SERIES,
            'template http with app="web", namespace="shop" matches no series in source prom with a sample of the last '
            "120 s: check the arguments",
        ),
        (
            FREE,
            samples(1, 2, 3),
            MissingKind.MANY_SERIES,
            "matches 3 series, a demand is one number: wrap the query in sum",
        ),
        (
            TEMPLATE,
            samples(1, 2),
            MissingKind.MANY_SERIES,
            "must aggregate the template, sum by (app, namespace) (...)",
        ),
        (FREE, samples(float("nan")), MissingKind.NOT_A_NUMBER, "answers NaN (0/0 likely)"),
        (FREE, samples(float("inf")), MissingKind.NOT_A_NUMBER, "answers +Inf (a division by 0 likely)"),
        (FREE, samples(float("-inf")), MissingKind.NOT_A_NUMBER, "answers -Inf (a division by 0 likely)"),
        (FREE, samples(-0.5), MissingKind.NEGATIVE, "answers -0.5, a demand is never below 0: wrap it in clamp_min"),
        (
            FREE,
            samples(3, age=121),
            MissingKind.STALE,
            "the newest sample is of 1970-01-12T13:44:39Z, older than 120 s",
        ),
    ],
)
def test_everything_else_is_missing_and_says_why(route, found, kind, sentence):
    result = reading(route, found, NOW, 120)
    assert isinstance(result, Missing)
    assert result.kind is kind
    assert sentence in result.message


@pytest.mark.parametrize(
    ("route", "error", "kind", "sentence"),
    [
        (
            FREE,
            Refused("parse error at char 5: unclosed left parenthesis"),
            MissingKind.INVALID_QUERY,
            'source prom cannot answer query "rate(x[1m])": parse error at char 5: unclosed left parenthesis',
        ),
        (
            FREE,
            TooMuch("more than 10 series (maxSeries)"),
            MissingKind.MANY_SERIES,
            'query "rate(x[1m])" to source prom answers more than 10 series (maxSeries): wrap the query in sum(...)',
        ),
        (
            FREE,
            NoAnswer(Cause.TIMEOUT, "gave no answer within 10 s"),
            MissingKind.UNAVAILABLE,
            'source prom gave no answer within 10 s; not answered: query "rate(x[1m])"',
        ),
    ],
)
def test_no_answer_is_told_from_a_wrong_question(route, error, kind, sentence):
    assert failed(route, error) == Missing(kind, sentence)


def test_the_picker_finds_series_by_labels_and_ignores_other_labels():
    web = Sample({"app": "web", "namespace": "shop", "zone": "a"}, NOW, 1)
    other = Sample({"app": "web", "namespace": "bank"}, NOW, 2)
    bare = Sample({}, NOW, 3)
    picker = Picker([web, other, bare])
    assert picker.pick([("app", "web"), ("namespace", "shop")]) == [web]
    assert picker.pick([("app", "web")]) == [web, other]
    assert list(picker.pick([("app", "db")])) == []
    assert picker.pick([]) == [web, other, bare]


SPLIT = Route(Question("prom", "sum by (node) (r)"), split=((Split.NODE, "node"),))


def by_node(*pairs: tuple[str, float], age: float = 0) -> list[Sample]:
    return [Sample({"node": node} if node else {}, NOW - age, value) for node, value in pairs]


def test_a_demand_that_is_split_is_the_sum_and_keeps_its_parts():
    found = by_node(("b", 60.0), ("a", 30.0), ("a", 1.5)) + by_node(("c", 0.0), age=5)
    assert reading(SPLIT, found, NOW, 120) == Measured(
        NOW - 5, 91.5, tuple((Part(Split.NODE, node), value) for node, value in (("a", 31.5), ("b", 60.0), ("c", 0.0)))
    )


def test_a_demand_that_is_split_by_two_labels_has_the_sum_of_each_value_and_needs_both():
    both = Route(Question("prom", "r"), split=((Split.NODE, "node"), (Split.REQUEST_TYPE, "type")))
    found = [Sample({"node": node, "type": kind}, NOW, 10.0) for node, kind in (("a", "x"), ("a", "y"), ("b", "x"))]
    read = reading(both, found, NOW, 120)
    assert isinstance(read, Measured)
    assert (read.value, {str(part): value for part, value in read.parts}) == (
        30.0,
        {"node a": 20.0, "node b": 10.0, "requestType x": 20.0, "requestType y": 10.0},
    )
    missing = reading(both, [*found, Sample({"node": "a"}, NOW, 1.0)], NOW, 120)
    assert isinstance(missing, Missing)
    assert "a series without label type: wrap the query in sum by (node, type) (...)" in missing.message


@pytest.mark.parametrize(
    ("found", "kind", "sentence"),
    [
        ([], MissingKind.NO_SERIES, "matches no series"),
        (
            by_node(("a", 1.0), ("", 2.0)),
            MissingKind.NO_LABEL,
            "a series without label node: wrap the query in sum by (",
        ),
        (by_node(("a", 1.0), ("b", float("nan"))), MissingKind.NOT_A_NUMBER, "NaN"),
        (by_node(("a", 1.0), ("b", -1.0)), MissingKind.NEGATIVE, "never below 0"),
        (by_node(("a", 1.0)) + by_node(("b", 1.0), age=121), MissingKind.STALE, "older than 120 s"),
    ],
)
def test_what_is_wrong_with_a_part_is_wrong_with_the_whole(found, kind, sentence):
    missing = reading(SPLIT, found, NOW, 120)
    assert isinstance(missing, Missing)
    assert missing.kind is kind
    assert sentence in missing.message
