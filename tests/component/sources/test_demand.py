"""All sources together against a Prometheus with a memory that can fail."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncIterator, Mapping
from random import Random

import numpy as np
import pytest

from edgewarm.model.demand import DemandRequest, Measured, Missing, MissingKind
from edgewarm.model.errors import Invalid
from edgewarm.model.identity import Key
from edgewarm.sources.demand import DemandSources
from edgewarm.sources.settings import Source, SourceSettings, Template
from support.fake_prometheus import FakePrometheus

pytestmark = pytest.mark.component

NOW = 1_700_000_000.0
HTTP = Template("http", "sum by (namespace, app) (rate(r[1m]))", "namespace", ("app",))


class Clock:
    """Seconds that move when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Hooks:
    """What telemetry would have been told."""

    def __init__(self) -> None:
        self.errors: list[tuple[str, str]] = []
        self.queries: list[tuple[str, int]] = []

    def on_error(self, source: str, kind: str) -> None:
        self.errors.append((source, str(kind)))

    def on_query(self, source: str, seconds: float, series: int) -> None:
        assert seconds >= 0
        self.queries.append((source, series))


@contextlib.asynccontextmanager
async def demand(
    *sources: Source, clock: Clock | None = None, hooks: Hooks | None = None, patience: float = 15.0
) -> AsyncIterator[DemandSources]:
    settings = SourceSettings(sources, sources[0].name)
    told = hooks or Hooks()
    async with DemandSources(settings, clock or Clock(), Random(1), told.on_error, told.on_query, patience) as result:
        yield result


@pytest.fixture
async def fake() -> AsyncIterator[FakePrometheus]:
    async with FakePrometheus() as running:
        yield running


def source(fake: FakePrometheus, name: str = "prom", **fields: object) -> Source:
    return Source(name, fake.url, **{"timeout_seconds": 5.0, **fields})  # type: ignore[arg-type]


def query(text: str, source: str | None = None) -> DemandRequest:
    return DemandRequest("shop", source, text)


def free(*texts: str) -> dict[Key, DemandRequest]:
    return {Key("shop", text): query(text) for text in texts}


def by_name(readings: Mapping[Key, object]) -> dict[str, object]:
    return {key.name: reading for key, reading in readings.items()}


def sentence(reading: object, kind: MissingKind) -> str:
    assert isinstance(reading, Missing), reading
    assert reading.kind is kind, reading
    return reading.message


async def test_a_query_is_asked_at_now_with_limits_and_headers(fake, tmp_path):
    token = tmp_path / "token"
    token.write_text("first\n")
    fake.queries["up"] = lambda _: [({"job": "x"}, 2.5)]
    one = source(fake, headers=(("X-Scope-OrgID", "team"),), bearer_token_file=token, max_series=7)
    async with demand(one) as sources:
        assert by_name(await sources.read(free("up"), NOW)) == {"up": Measured(NOW, 2.5)}
        token.write_text("second")
        await sources.read(free("up"), NOW + 15)
    first, second = fake.asked
    assert first.form == {
        "query": "up",
        "time": "1700000000.000",
        "timeout": "5s",
        "limit": "8",
        "partial_response": "false",
        "lookback_delta": "120s",
    }
    assert first.headers["X-Scope-OrgID"] == "team"
    assert [asked.headers["Authorization"] for asked in (first, second)] == ["Bearer first", "Bearer second"]


async def test_a_thousand_policies_that_share_a_template_make_one_request(fake):
    names = [f"app-{i}" for i in range(1000)]
    fake.queries[HTTP.query] = lambda _: [({"namespace": "shop", "app": n}, float(i)) for i, n in enumerate(names)]
    requests = {Key("shop", n): DemandRequest("shop", None, None, "http", (("app", n),)) for n in names}
    async with demand(source(fake, templates=(HTTP,))) as sources:
        readings = await sources.read(requests, NOW)
        history = await sources.history(requests, NOW - 600, NOW, 60)
    assert fake.count() == 2  # one live, one range
    assert readings == {Key("shop", n): Measured(NOW, float(i)) for i, n in enumerate(names)}
    assert history[Key("shop", "app-7")].values.tolist() == [7.0] * 11


async def test_a_template_never_shows_another_namespaces_series(fake):
    fake.queries[HTTP.query] = lambda _: [({"namespace": "bank", "app": "web"}, 5.0)]
    request = DemandRequest("shop", None, None, "http", (("app", "web"),))
    async with demand(source(fake, templates=(HTTP,))) as sources:
        reading = (await sources.read({Key("shop", "web"): request}, NOW))[Key("shop", "web")]
    assert 'app="web", namespace="shop" matches no series' in sentence(reading, MissingKind.NO_SERIES)


async def test_policies_with_the_same_query_share_it_and_other_sources_do_not(fake):
    fake.queries["up"] = lambda _: [({}, 1.0)]
    requests = {Key("shop", str(i)): query("up", "prom" if i < 5 else "other") for i in range(10)}
    async with demand(source(fake), source(fake, "other")) as sources:
        await sources.read(requests, NOW)
    assert fake.count("up") == 2


async def test_each_kind_of_nothing_has_its_own_sentence(fake):
    fake.queries = {
        "many": lambda _: [({"i": str(i)}, 1.0) for i in range(3)],
        "nan": lambda _: [({}, math.nan)],
        "below": lambda _: [({}, -1.0)],
    }
    fake.refusals["sum("] = 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'
    fake.raw["x[5m]"] = {"resultType": "matrix", "result": []}
    # no Prometheus: one that tells the time of the sample itself
    fake.raw["old"] = {"resultType": "vector", "result": [{"metric": {}, "value": [NOW - 300, "1"]}]}
    texts = ("many", "nan", "below", "sum(", "x[5m]", "old", "none")
    async with demand(source(fake)) as sources:
        found = by_name(await sources.read({**free(*texts), Key("shop", "lost"): query("up", "x")}, NOW))
    assert "matches 3 series" in sentence(found["many"], MissingKind.MANY_SERIES)
    assert "0/0 likely" in sentence(found["nan"], MissingKind.NOT_A_NUMBER)
    assert "answers -1" in sentence(found["below"], MissingKind.NEGATIVE)
    assert "1:5: parse error: unclosed left parenthesis" in sentence(found["sum("], MissingKind.INVALID_QUERY)
    assert "wrap it in rate(...) or sum(...)" in sentence(found["x[5m]"], MissingKind.INVALID_QUERY)
    assert "older than 120 s" in sentence(found["old"], MissingKind.STALE)
    assert "matches no series" in sentence(found["none"], MissingKind.NO_SERIES)
    assert "there is no source x: use prom" in sentence(found["lost"], MissingKind.UNKNOWN_SOURCE)


async def test_a_source_whose_scrapes_stopped_answers_no_series_after_two_minutes(fake):
    fake.queries["up"] = lambda _: [({}, 7.0)]
    fake.stopped["up"] = NOW
    async with demand(source(fake)) as sources:
        soon = by_name(await sources.read(free("up"), NOW + 119))
        late = by_name(await sources.read(free("up"), NOW + 121))
    assert soon["up"] == Measured(NOW + 119, 7.0)  # of which no Prometheus says that it is old
    assert "with a sample of the last 120 s" in sentence(late["up"], MissingKind.NO_SERIES)


async def test_a_scalar_is_a_demand(fake):
    fake.raw["42"] = {"resultType": "scalar", "result": [NOW, "42"]}
    async with demand(source(fake)) as sources:
        assert by_name(await sources.read(free("42"), NOW)) == {"42": Measured(NOW, 42.0)}


@pytest.mark.parametrize(
    ("broken", "words", "cause"),
    [
        ("hang", "gave no answer within 0.3 s", "timeout"),
        ("drop", "broke the connection", "connection"),
        ("garbage", "answered something that is not the Prometheus API", "garbage"),
        ((503, "busy"), "failed (HTTP 503)", "status"),
        ((302, ""), "redirects (HTTP 302)", "status"),
        ((401, ""), "refuses the operator (HTTP 401)", "status"),
    ],
)
async def test_a_source_in_trouble_is_unavailable_and_its_address_stays_ours(fake, broken, words, cause):
    fake.broken = broken
    hooks = Hooks()
    async with demand(source(fake, timeout_seconds=0.3), hooks=hooks) as sources:
        found = by_name(await sources.read(free("up"), NOW))
    text = sentence(found["up"], MissingKind.UNAVAILABLE)
    assert text == f"source prom {text.split('prom ', 1)[1]}"
    assert words in text
    assert "127.0.0.1" not in text
    assert hooks.errors == [("prom", cause)]


async def test_a_source_that_is_not_there_is_unavailable():
    async with demand(Source("prom", "http://127.0.0.1:1")) as sources:
        found = by_name(await sources.read(free("up"), NOW))
    assert "was not reached: no connection" in sentence(found["up"], MissingKind.UNAVAILABLE)


async def test_an_answer_above_the_limits_is_not_read_to_its_end(fake):
    fake.queries["many"] = lambda _: [({"i": str(i)}, 1.0) for i in range(50)]
    fake.queries["large"] = lambda _: [({"i": "x" * 500_000}, 1.0)]
    async with demand(source(fake, max_series=10, max_bytes=100_000)) as sources:
        found = by_name(await sources.read(free("many", "large"), NOW))
    assert "more than 10 series (maxSeries)" in sentence(found["many"], MissingKind.MANY_SERIES)
    assert "more than 100000 bytes (maxBytes)" in sentence(found["large"], MissingKind.MANY_SERIES)


async def test_one_failing_source_never_delays_the_others_answer_beyond_its_own_timeout(fake):
    fake.queries["up"] = lambda _: [({}, 1.0)]
    async with FakePrometheus(broken="hang") as dead:
        hooks = Hooks()
        slow = source(dead, "dead", timeout_seconds=0.5)
        async with demand(source(fake), slow, hooks=hooks) as sources:
            requests = {**free("up"), **{Key("shop", str(i)): query(f"q{i}", "dead") for i in range(200)}}
            began = time.monotonic()
            found = by_name(await sources.read(requests, NOW))
            took = time.monotonic() - began
    assert found["up"] == Measured(NOW, 1.0)
    assert took < 2.5  # 200 queries in 8 slots would be 12.5 s
    assert all(isinstance(found[str(i)], Missing) for i in range(200))


async def test_a_source_with_a_long_timeout_never_holds_the_pass_up(fake):
    fake.queries["up"] = lambda _: [({}, 1.0)]
    async with FakePrometheus(broken="hang") as dead:
        hooks = Hooks()
        slow = source(dead, "dead", timeout_seconds=60)
        async with demand(source(fake), slow, hooks=hooks, patience=0.3) as sources:
            for _ in range(4):  # with the first three its circuit opens, so that it is not waited for in every pass
                found = by_name(await sources.read({**free("up"), Key("shop", "lost"): query("q", "dead")}, NOW))
                assert found["up"] == Measured(NOW, 1.0)
                assert "dead gave no answer within 0.3 s" in sentence(found["lost"], MissingKind.UNAVAILABLE)
    assert hooks.errors == [("dead", "timeout")] * 3 + [("dead", "circuit_open")]


async def test_a_source_that_is_down_is_left_in_peace_and_comes_back_by_itself(fake):
    fake.queries = {f"q{i}": lambda _: [({}, 1.0)] for i in range(20)}
    fake.broken = (503, "down")
    clock, hooks = Clock(), Hooks()
    async with demand(source(fake), clock=clock, hooks=hooks) as sources:
        first = by_name(await sources.read(free(*fake.queries), NOW))
        asked = fake.count()
        assert asked < 20  # the rest was spared
        assert {"status", "circuit_open"} == {kind for _, kind in hooks.errors}
        assert all("failed (HTTP 503)" in sentence(one, MissingKind.UNAVAILABLE) for one in first.values())

        clock.now = 4.9
        await sources.read(free(*fake.queries), NOW + 15)
        assert fake.count() == asked  # open: not a single request

        fake.broken = None
        clock.now = 6.3  # 5 s and a quarter are over
        found = by_name(await sources.read(free(*fake.queries), NOW + 30))
        assert found == {name: Measured(NOW + 30, 1.0) for name in fake.queries}  # all of them, in the first pass


async def test_a_probe_that_fails_spares_the_others_and_doubles_the_pause(fake):
    fake.broken = (503, "down")
    clock = Clock()
    async with demand(source(fake), clock=clock) as sources:
        for now in (0.0, 1.0, 2.0):
            clock.now = now
            await sources.read(free("up"), NOW)
        asked = len(fake.asked)
        clock.now = 10.0
        await sources.read(free("a", "b", "c"), NOW)
        assert [one.form["query"] for one in fake.asked[asked:]] == ["vector(1)"]
        clock.now = 19.9
        await sources.read(free("a"), NOW)
        assert len(fake.asked) == asked + 1


async def test_queries_that_are_wrong_or_slow_do_not_close_the_source_to_others(fake):
    fake.queries = {f"good{i}": lambda _: [({}, 1.0)] for i in range(5)}
    bad = [f"bad{i}" for i in range(10)]
    fake.refusals = dict.fromkeys(bad, "parse error")
    slow = [f"a-slow{i}" for i in range(10)]  # sorts first
    fake.broken_queries = dict.fromkeys(slow, "hang")
    clock = Clock()
    async with demand(source(fake, timeout_seconds=0.4), clock=clock) as sources:
        await sources.read(free(*fake.queries, *bad, *slow), NOW)
        clock.now = 15
        found = by_name(await sources.read(free(*fake.queries, *bad, *slow), NOW))  # slow ones go last now
    assert all(found[name] == Measured(NOW, 1.0) for name in fake.queries)
    assert all(isinstance(found[name], Missing) and found[name].kind is MissingKind.INVALID_QUERY for name in bad)


async def test_a_range_of_20160_points_is_split_and_joined(fake):
    begin = NOW - 20_159 * 60
    fake.queries["demand"] = lambda t: [({}, float(round((t - begin) / 60)))]
    hooks = Hooks()
    async with demand(source(fake), hooks=hooks) as sources:
        history = (await sources.history(free("demand"), begin, NOW, 60))[Key("shop", "demand")]
    assert [asked.points for asked in fake.asked] == [10_000, 10_000, 160]
    assert history.start == begin
    assert history.step_seconds == 60
    np.testing.assert_array_equal(history.values, np.arange(20_160))
    assert hooks.queries == [("prom", 1)] * 3


async def test_at_most_two_range_queries_run_at_once(fake):
    fake.queries = {f"q{i}": lambda _: [({}, 1.0)] for i in range(8)}
    fake.slow_seconds = dict.fromkeys(fake.queries, 0.02)
    async with demand(source(fake)) as sources:
        assert len(await sources.history(free(*fake.queries), NOW - 600, NOW, 60)) == 8
    assert fake.most_at_once == 2


async def test_a_range_answer_that_is_too_large_is_asked_for_in_shorter_parts(fake):
    fake.queries["demand"] = lambda t: [({"app": str(i)}, t % 1000) for i in range(10)]
    wide = Template("wide", "demand", None, ("app",))
    request = {Key("shop", "a"): DemandRequest("shop", None, None, "wide", (("app", "3"),))}
    begin = NOW - 1999 * 60
    async with demand(source(fake, templates=(wide,), max_bytes=300_000)) as sources:
        history = (await sources.history(request, begin, NOW, 60))[Key("shop", "a")]
    assert [asked.points for asked in fake.asked] == [2000, 2000, 625, 625, 625, 125]
    np.testing.assert_array_equal(history.values, (begin + 60 * np.arange(2000)) % 1000)


async def test_gaps_not_a_number_and_negative_are_unknown_in_history(fake):
    values = [1.0, None, math.nan, math.inf, -1.0, 0.0]
    fake.queries["demand"] = lambda t: [({}, values[round((t - NOW) / 60)])]
    async with demand(source(fake)) as sources:
        history = (await sources.history(free("demand"), NOW, NOW + 300, 60))[Key("shop", "demand")]
    np.testing.assert_array_equal(history.values, [1, math.nan, math.nan, math.nan, math.nan, 0])
    assert history.known == 2


async def test_no_series_is_a_history_that_knows_nothing_and_trouble_is_none(fake):
    fake.refusals["sum("] = "parse error"
    fake.broken_queries["down"] = (503, "")
    hooks = Hooks()
    async with demand(source(fake), hooks=hooks) as sources:
        requests = {**free("empty", "sum(", "down"), Key("shop", "lost"): query("up", "x")}
        found = await sources.history(requests, NOW - 600, NOW, 60)
    assert set(found) == {Key("shop", "empty")}
    assert found[Key("shop", "empty")].known == 0
    assert sorted(hooks.errors) == [("prom", "refused"), ("prom", "status")]


async def test_trouble_with_history_does_not_close_the_source_to_live_queries(fake):
    fake.queries["live"] = lambda _: [({}, 1.0)]
    old = [f"old{i}" for i in range(10)]
    fake.broken_queries = dict.fromkeys(old, (503, ""))
    async with demand(source(fake)) as sources:
        assert await sources.history(free(*old), NOW - 600, NOW, 60) == {}
        assert fake.count() < 10
        assert by_name(await sources.read(free("live"), NOW)) == {"live": Measured(NOW, 1.0)}


async def test_an_unreadable_ca_file_is_said_at_the_start(fake):
    with pytest.raises(Invalid, match="source prom: caFile /absent cannot be used"):
        async with demand(source(fake, ca_file="/absent")):
            pass


async def test_an_unreadable_token_is_the_administrators_to_mend(fake, tmp_path):
    async with demand(source(fake, bearer_token_file=tmp_path / "absent")) as sources:
        found = by_name(await sources.read(free("up"), NOW))
    assert "must make its bearerTokenFile readable" in sentence(found["up"], MissingKind.UNAVAILABLE)
    assert fake.asked == []


async def test_no_requests_are_no_readings(fake):
    async with demand(source(fake)) as sources:
        assert await sources.read({}, NOW) == {}
        assert await sources.history({}, NOW - 600, NOW, 60) == {}
