"""The JSON of the Prometheus API, as Prometheus and as others speak it."""

from __future__ import annotations

import json
import math

import pytest

from edgewarm.sources.trouble import Cause, NoAnswer, QueryError, Refused, TooMuch
from edgewarm.sources.wire import Sample, decode_instant, decode_range, failure, points

pytestmark = pytest.mark.unit


def success(kind: str, result: object, **more: object) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}, **more}).encode()


def vector(*values: object) -> bytes:
    return success("vector", [{"metric": {"i": str(i)}, "value": [1.5, v]} for i, v in enumerate(values)])


def test_a_vector_has_one_sample_per_series():
    assert decode_instant(vector("2", "3e2"), 10) == (Sample({"i": "0"}, 1.5, 2), Sample({"i": "1"}, 1.5, 300))


def test_a_scalar_is_one_sample_without_labels():
    assert decode_instant(success("scalar", [7, "4.5"]), 10) == (Sample({}, 7, 4.5),)


def test_not_a_number_and_infinities_are_kept_for_the_classification():
    values = [sample.value for sample in decode_instant(vector("NaN", "+Inf", "-Inf"), 10)]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        (success("matrix", []), Refused, "the answer is a range vector: give an instant vector, wrap it in rate"),
        (success("string", [1, "x"]), Refused, "the answer is a string: give an instant vector"),
        (success("vector", [{"metric": {}, "histogram": [1, {}]}]), Refused, "histogram_count"),
        (vector("1", "2", "3"), TooMuch, "more than 2 series"),
        (success("vector", [], isPartial=True), NoAnswer, "only a part of the data"),
        (b"", NoAnswer, "not the Prometheus API"),
        (b"<html>", NoAnswer, "not the Prometheus API"),
        (b"[]", NoAnswer, "not the Prometheus API"),
        (b'{"status":"success"}', NoAnswer, "not the Prometheus API"),
        (b'{"status":"error","error":"x"}', NoAnswer, "not the Prometheus API"),
        (vector("12,5"), NoAnswer, "not the Prometheus API"),
        (vector(12.5), NoAnswer, "not the Prometheus API"),
        (success("vector", [{"metric": {"a": "\ud800"}, "value": [1, "1"]}]), NoAnswer, "not the Prometheus API"),
    ],
)
def test_an_instant_answer_that_is_none(body, kind, sentence):
    with pytest.raises(kind) as caught:
        decode_instant(body, 2)
    assert sentence in str(caught.value)


def test_a_range_answer_is_decoded_series_by_series():
    body = success("matrix", [{"metric": {"a": "b"}, "values": [[60, "1"], [120.5, "NaN"]]}, {"metric": {}}])
    first, second = decode_range(body, 10)
    assert first.metric == {"a": "b"}
    times, values = points(first)
    assert times.tolist() == [60, 120.5]
    assert values[0] == 1
    assert math.isnan(values[1])
    assert points(second)[0].size == 0


def test_a_range_answer_that_is_none():
    with pytest.raises(NoAnswer):
        decode_range(b"{", 10)
    with pytest.raises(Refused):
        decode_range(success("vector", []), 10)
    with pytest.raises(TooMuch):
        decode_range(success("matrix", [{}, {}, {}]), 2)
    with pytest.raises(NoAnswer):
        points(decode_range(success("matrix", [{"values": [[1, "x"]]}]), 2)[0])


def error(text: str, kind: str) -> bytes:
    return json.dumps({"status": "error", "errorType": kind, "error": text}).encode()


@pytest.mark.parametrize(
    ("status", "body", "expected", "cause"),
    [
        (400, error("parse error at char 5", "bad_data"), "parse error at char 5", Cause.REFUSED),
        (422, error("many-to-many matching not allowed", "execution"), "many-to-many", Cause.REFUSED),
        (422, error("too many series", "422"), "too many series", Cause.REFUSED),  # VictoriaMetrics
        (422, error("expanding series: Post http://10.0.0.7", "execution"), "its own storage", Cause.STATUS),  # Thanos
        (422, error("query timed out", "timeout"), "failed (HTTP 422)", Cause.STATUS),
        (400, b"Bad Request", "failed (HTTP 400)", Cause.STATUS),
        (503, error("query timed out in expression evaluation", "timeout"), "failed (HTTP 503)", Cause.STATUS),
        (401, b"", "refuses the operator (HTTP 401): an administrator", Cause.STATUS),
        (302, b"", "redirects (HTTP 302)", Cause.STATUS),
        (404, b"404 page not found", "no Prometheus API under its url", Cause.STATUS),
        (429, b"", "failed (HTTP 429)", Cause.STATUS),
        (204, b"", "failed (HTTP 204)", Cause.STATUS),
    ],
)
def test_what_a_status_means(status, body, expected, cause):
    found = failure(status, body)
    assert expected in found.text
    assert found.cause is cause
    assert "10.0.0.7" not in found.text


def test_an_error_text_is_one_printable_line_of_limited_length():
    found: QueryError = failure(400, error("a\n\tb\x1b[31m" + "c" * 1000, "bad_data"))
    assert found.text.startswith("a b [31mccc")
    assert len(found.text) == 300
