"""A trace from a Prometheus: the grid, the split of long ranges, and each trouble as a sentence."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import numpy as np
import pytest
from typer.testing import CliRunner

from edgewarm.cli.main import cli
from edgewarm.replay.errors import TraceError
from edgewarm.replay.from_prometheus import Asking, read_prometheus, time_of
from edgewarm.replay.given import Given, read_given
from edgewarm.replay.trace import Trace
from support.fake_prometheus import FakePrometheus, Series

pytestmark = pytest.mark.component

QUERY = "sum(rate(http_requests_total[1m]))"
BEGIN = 1_700_006_400.0
DAY = 86_400.0


def minute_of(at: float) -> Sequence[Series]:
    return [({}, at // 60 % 1440)]


async def read(fake: FakePrometheus, end: float = BEGIN + 600, **options: float) -> Trace:
    async with fake:
        asking = Asking(fake.url + "/", QUERY, BEGIN, end, **options)
        return await asyncio.to_thread(read_prometheus, asking)


async def test_a_query_becomes_a_trace_on_the_models_clock() -> None:
    found = await read(FakePrometheus({QUERY: minute_of}))

    assert found.values.tolist() == [float(minute) for minute in range(11)]
    assert [found.time(0), found.time(10)] == [BEGIN, BEGIN + 600]


async def test_a_long_range_is_asked_in_parts_below_eleven_thousand_points() -> None:
    fake = FakePrometheus({QUERY: minute_of})

    found = await read(fake, BEGIN + 14 * DAY)

    assert len(found.values) == 14 * 1440 + 1
    assert np.isfinite(found.values).all()
    assert [asked.points for asked in fake.asked] == [10_000, 10_000, 161]


async def test_what_the_query_does_not_answer_is_unknown_and_its_ends_are_cut() -> None:
    def gappy(at: float) -> Sequence[Series]:
        minute = at // 60 % 1440
        return [({}, math.nan if minute == 5 else 7.0)] if 2 <= minute <= 8 else []

    found = await read(FakePrometheus({QUERY: gappy}))

    assert np.array_equal(found.values, [7, 7, 7, np.nan, 7, 7, 7], equal_nan=True)
    assert found.time(0) == BEGIN + 120
    assert any("1 of 7 steps are unknown" in note for note in found.notes)


@pytest.mark.parametrize(
    ("fake", "sentence"),
    [
        (FakePrometheus(), "has no demand between --start and --end: check the metric"),
        (FakePrometheus({QUERY: lambda at: [({"a": "1"}, 1.0), ({"a": "2"}, 1.0)]}), "wrap it in sum"),
        (FakePrometheus(refusals={QUERY: "parse error: unexpected end"}), "parse error: unexpected end"),
        (FakePrometheus(broken=(503, "")), "failed (HTTP 503)"),
        (FakePrometheus(broken="garbage"), "not the Prometheus API"),
        (FakePrometheus(broken="drop"), "broke the connection"),
    ],
    ids=["no series", "two series", "refused", "503", "garbage", "drop"],
)
async def test_trouble_is_a_sentence(fake: FakePrometheus, sentence: str) -> None:
    with pytest.raises(TraceError) as caught:
        await read(fake)

    assert sentence in str(caught.value)
    assert str(caught.value).startswith("--")


async def test_a_prometheus_that_hangs_is_given_up() -> None:
    with pytest.raises(TraceError, match="gave no answer within"):
        await read(FakePrometheus(broken="hang"), timeout_seconds=0.2)


async def test_the_command_asks_a_prometheus_too() -> None:
    fake = FakePrometheus({QUERY: lambda at: [({}, 100 + at // 3600 % 24)]})
    times = ("--start", "6d", "--end", "2023-11-15T00:00:00Z", "--step", "1h", "--horizons", "1")
    async with fake:
        arguments = ["backtest", "--prometheus", fake.url, "--query", QUERY, *times]
        result = await asyncio.to_thread(CliRunner().invoke, cli, arguments)

    assert result.exit_code == 0, result.output
    assert f"{QUERY}: 145 steps of 1h, 2023-11-09T00:00:00Z to 2023-11-15T00:00:00Z" in result.stdout


@pytest.mark.parametrize(
    ("asking", "sentence"),
    [
        (Asking("prometheus:9090", QUERY, 0, 600), "--prometheus: must be http"),
        (Asking("http://[x", QUERY, 0, 600), "--prometheus: is not a URL"),
        (Asking("http://x", " ", 0, 600), "--query: is empty"),
        (Asking("http://x", QUERY, 600, 600), "--start: must lie at least one step before --end"),
    ],
)
def test_what_makes_no_question_is_refused_before_anything_is_asked(asking: Asking, sentence: str) -> None:
    with pytest.raises(TraceError, match=sentence.replace("(", r"\(")):
        read_prometheus(asking)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-15T00:00:00Z", BEGIN),
        ("2023-11-15", BEGIN),
        ("1700006400", BEGIN),
        ("1700006400000", BEGIN),
        ("14d", BEGIN - 14 * DAY),
    ],
)
def test_a_moment_is_a_time_or_a_span_before_the_end(text: str, expected: float) -> None:
    assert time_of(text, "--start", BEGIN) == expected


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (Given(), "TRACE: name one file"),
        (Given(prometheus="http://x"), "--query: is needed"),
        (Given(prometheus="http://x", query="up", value="y"), "--value: belongs to a file"),
        (Given(prometheus="http://x", query="up", counter=True), r"--counter: belongs to a file: write rate"),
        (Given(prometheus="http://x", query="up", start="soon"), "--start: must be an ISO time"),
    ],
)
def test_options_that_contradict_each_other_are_refused(given: Given, sentence: str) -> None:
    with pytest.raises(TraceError, match=sentence):
        read_given(given, BEGIN)
