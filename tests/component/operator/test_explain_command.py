"""`edgewarm explain` against the real server: tables, JSON, and a sentence for whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiohttp import web
from typer.testing import CliRunner, Result

from edgewarm.cli.main import cli
from edgewarm.forecast.explain import NOW, SOURCES, TIME_OF_DAY, UNCERTAINTY, Explanation
from edgewarm.manifests.forecast import Ahead, ForecastReport, forecast_answer
from edgewarm.manifests.policy_status import Confidence, LeadTime
from edgewarm.model.errors import Invalid, NotFound, Unavailable
from edgewarm.model.identity import Key
from edgewarm.telemetry.forecasts import forecast_routes
from edgewarm.telemetry.health import Health
from edgewarm.telemetry.metrics import Metrics
from edgewarm.telemetry.server import TelemetryServer
from support.builders import BLIND, KEY, at, quantiles, reading

pytestmark = pytest.mark.component

SEEN = at("2026-11-22T08:03:00+00:00")
SPREAD = quantiles((0.025, 100.0), (0.16, 200.0), (0.5, 275.0), (0.84, 300.0), (0.9, 310.0), (0.975, 350.0))


def why(level: float, **amounts: float) -> Explanation:
    drivers = {"now": NOW, "day": TIME_OF_DAY, "uncertain": UNCERTAINTY}
    first = {source.driver: source for source in reversed(SOURCES)}
    return Explanation(level, tuple((first[drivers[name]], amount) for name, amount in amounts.items()))


WHY = (why(0.5, now=180.0, day=95.0), why(0.9, now=180.0, day=95.0, uncertain=35.0))
LEAD = Ahead("lead", 77.0, SEEN + 120.0, SPREAD, WHY)
HOUR = Ahead("1h", 3600.0, SEEN + 3600.0, SPREAD, WHY)
REPORT = ForecastReport(
    policy=KEY,
    now=SEEN + 43.0,
    reading=reading(180.0),
    seen_at=SEEN,
    step_seconds=60.0,
    capacity=50.0,
    service_level=0.9,
    lead=LeadTime(50.0, 62.0, 41, measured=True),
    confidence=Confidence(0.83, threshold=0.7),
    horizons=(LEAD, HOUR),
    curve=(Ahead("", 60.0, SEEN + 60.0, SPREAD),),
    grid_seconds=(60.0, 3600.0),
)
TROUBLE = {
    "nobody": NotFound("there is no WarmingPolicy shop/nobody"),
    "vague": Invalid("ManySeries: the query matches 2 series"),
    "new": Unavailable("LearningHistory: history is being read"),
}


@dataclass
class Fake:
    """Knows shop/web, and has a trouble for every other name."""

    report: ForecastReport = REPORT

    def all(self) -> Mapping[str, Any]:
        return {}

    def one(self, key: Key, resource: str | None) -> Mapping[str, Any]:
        if key.name in TROUBLE:
            raise TROUBLE[key.name]
        return forecast_answer(replace(self.report, resource=resource))


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
async def url(fake: Fake) -> AsyncIterator[str]:
    async with TelemetryServer(Metrics("1"), Health(0), lambda: 0.0, "127.0.0.1", 0, forecast_routes(fake)) as server:
        yield f"http://127.0.0.1:{server.port}"


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, cli, ["explain", *arguments])


async def test_it_shows_what_is_expected_and_why(url: str) -> None:
    done = await run("shop/web", "--url", url)
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    head = "shop/web: demand now 180, 50 per pod, lead time 62 s (measured, 41 starts), confidence 83 % (acted on)"
    assert lines[0] == head
    assert "lead 11-22 08:05 275 310 200 to 300 100 to 350 6 7" in lines
    assert "1h 11-22 09:03 275 310 200 to 300 100 to 350 6 7" in lines
    assert {"now 180 180", "the usual for this time of day +95 +95", "uncertainty +0 +35"} <= set(lines)
    assert "forecast 275 310" in lines
    because = "180 now, +95 the usual for this time of day, +35 uncertainty"
    assert lines[-1] == f"310 expected at 08:05 UTC (p90): {because}"


async def test_another_horizon_is_explained_on_request(url: str) -> None:
    done = await run("shop/web", "--url", url, "--horizon", "1h")
    assert done.stdout.splitlines()[-1].startswith("310 expected at 09:03 UTC (p90): ")
    wrong = await run("shop/web", "--url", url, "--horizon", "2h")
    assert (wrong.exit_code, wrong.stderr) == (2, "edgewarm: --horizon: 2h is none of lead, 1h\n")


async def test_a_cycle_that_the_data_show_is_told(fake: Fake, url: str) -> None:
    fake.report = replace(REPORT, cycle=(100.0, 0.8))  # steps of a minute
    assert (await run("shop/web", "--url", url)).stdout.splitlines()[0].endswith(", repeats every 1h40m")
    answer = json.loads((await run("shop/web", "--url", url, "--json")).stdout)
    assert answer["cycle"] == {"seconds": 6000.0, "strength": 0.8}


async def test_one_of_several_resources_is_asked_for_by_name(url: str) -> None:
    done = await run("shop/web", "--url", url, "--resource", "cpu")
    assert done.stdout.startswith("shop/web: cpu now ")


async def test_as_json_it_prints_the_whole_answer(url: str) -> None:
    done = await run("shop/web", "--url", url + "/", "--json")
    assert json.loads(done.stdout) == json.loads(json.dumps(forecast_answer(REPORT)))


async def test_unknown_demand_is_said_so(fake: Fake, url: str) -> None:
    fake.report = replace(REPORT, reading=BLIND, confidence=None, lead=LeadTime(60.0, 60.0, 0, measured=False))
    done = await run("shop/web", "--url", url)
    head = "shop/web: demand now unknown (NoSeries), 50 per pod, lead time 60 s (default until one is measured)"
    assert done.stdout.splitlines()[0] == head


@pytest.mark.parametrize("name", TROUBLE)
async def test_what_the_operator_cannot_tell_is_its_own_sentence(url: str, name: str) -> None:
    done = await run(f"shop/{name}", "--url", url)
    assert (done.exit_code, done.stderr) == (2, f"edgewarm: {TROUBLE[name]}\n")


@pytest.mark.parametrize("policy", ["checkout", "/checkout", "shop/", "shop/checkout/more"])
async def test_a_policy_has_a_namespace_and_a_name(url: str, policy: str) -> None:
    done = await run(policy, "--url", url)
    sentence = f"edgewarm: {policy} is no policy: write NAMESPACE/NAME, such as shop/checkout\n"
    assert (done.exit_code, done.stderr) == (2, sentence)


async def test_where_nobody_answers_it_says_how_to_get_there(unused_tcp_port: int) -> None:
    done = await run("shop/web", "--url", f"http://127.0.0.1:{unused_tcp_port}")
    assert done.exit_code == 2
    assert "no operator answers at" in done.stderr
    assert "kubectl -n edgewarm port-forward service/edgewarm-metrics 8080" in done.stderr


async def test_an_address_is_an_address() -> None:
    done = await run("shop/web", "--url", "file:///etc/passwd")
    assert (done.exit_code, "write one such as http://127.0.0.1:8080" in done.stderr) == (2, True)


@pytest.mark.parametrize("body", ["<html>", "[]", '{"status": "ok"}'])
async def test_somebody_else_at_that_address_is_told_apart(unused_tcp_port: int, body: str) -> None:
    async def other(_: web.Request) -> web.Response:
        return web.Response(text=body)

    app = web.Application()
    app.router.add_get("/{path:.*}", other)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
        done = await run("shop/web", "--url", f"http://127.0.0.1:{unused_tcp_port}")
    finally:
        await runner.cleanup()
    assert (done.exit_code, "not as an edgewarm operator" in done.stderr) == (2, True)
