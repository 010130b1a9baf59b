"""What the operator answers below /forecasts: the real server over the whole operator in virtual time."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from edgewarm.app import Told
from edgewarm.telemetry.forecasts import forecast_routes
from edgewarm.telemetry.health import Health
from edgewarm.telemetry.metrics import Metrics
from edgewarm.telemetry.server import TelemetryServer
from support.operator_world import OperatorWorld

pytestmark = pytest.mark.component

CAPACITY = 50.0


class Asking:
    """The server's address and the operator behind it."""

    def __init__(self, server: TelemetryServer, told: Told) -> None:
        self._url = f"http://127.0.0.1:{server.port}"
        self._told = told

    async def get(self, path: str, world: OperatorWorld | None = None) -> tuple[int, Any]:
        if world is not None:
            self._told.forecasts = world.process.engine.forecasts
        async with aiohttp.ClientSession() as session, session.get(self._url + path) as response:
            assert response.headers["Content-Type"].startswith("application/json")
            self.headers = response.headers
            return response.status, await response.json()


@pytest.fixture
async def asking(world: OperatorWorld) -> AsyncIterator[Asking]:
    told = Told(lambda: world.clock.now)
    server = TelemetryServer(Metrics("1"), Health(0), lambda: 0.0, "127.0.0.1", 0, forecast_routes(told))
    async with server:
        yield Asking(server, told)


def wave(at: float) -> float:
    return 200.0 + 100.0 * math.sin(at / 600.0)


async def learned(world: OperatorWorld) -> None:
    world.deployment(replicas=4)
    world.asked["checkout"] = wave
    world.policy()
    await world.start()
    await world.passes(seconds=150)


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def test_a_forecast_has_horizons_intervals_need_and_a_curve(world: OperatorWorld, asking: Asking) -> None:
    await learned(world)
    status, found = await asking.get("/forecasts/shop/checkout", world)

    assert status == 200
    assert asking.headers["Cache-Control"] == "no-store"
    now = world.clock.now
    assert (found["namespace"], found["policy"], seconds(found["at"])) == ("shop", "checkout", now)
    assert found["demand"] == pytest.approx(wave(now), rel=0.1)
    assert found["needNow"] == math.ceil(found["demand"] / CAPACITY)
    assert found["capacityPerPod"] == CAPACITY
    assert found["serviceLevel"] == pytest.approx(10 / 11)
    assert found["leadTime"] == {"p50Seconds": 30.0, "p90Seconds": 30.0, "starts": 3, "source": "Measured"}
    names = [(one["horizon"], one["seconds"]) for one in found["horizons"]]
    assert names == [("lead", 45), ("5m", 300), ("15m", 900), ("1h", 3600), ("24h", 86400)]  # 45: a pass more
    for one in found["horizons"] + found["curve"]["minutes"]:
        check_expected(one)
    for one in found["horizons"]:
        said = one["quantiles"]
        assert one["interval68"] == {"low": said["p16"], "high": said["p84"]}
        assert one["interval95"] == {"low": said["p2.5"], "high": said["p97.5"]}
    assert [one["seconds"] for one in found["curve"]["minutes"]] == [60 * minute for minute in range(1, 61)]
    seen_at = seconds(found["seenAt"])
    assert 0 <= now - seen_at < 60
    assert [seconds(one["at"]) - seen_at for one in found["curve"]["minutes"]] == [60 * m for m in range(1, 61)]


def check_expected(one: Any) -> None:
    """Quantiles in order, and the pods that they ask for."""
    wide, narrow = one["interval95"], one["interval68"]
    ordered = [wide["low"], narrow["low"], one["p50"], narrow["high"], one["p90"], wide["high"]]
    assert ordered == sorted(ordered)
    assert one["need"]["p90"] == math.ceil(one["p90"] / CAPACITY - 1e-9)
    assert one["need"]["p50"] <= one["need"]["p90"] <= one["need"]["serviceLevel"]


async def test_the_curve_meets_the_horizons_and_is_linear_between(world: OperatorWorld, asking: Asking) -> None:
    await learned(world)
    _, found = await asking.get("/forecasts/shop/checkout", world)
    minutes = {one["seconds"]: one for one in found["curve"]["minutes"]}
    for one in found["horizons"][1:4]:
        assert {name: minutes[one["seconds"]][name] for name in ("p50", "p90", "at")} == {
            name: one[name] for name in ("p50", "p90", "at")
        }
    assert found["curve"]["gridSeconds"] == [60, 120, 180, 300, 480, 900, 1800, 3600, 86400]
    half_way = (minutes[900]["p50"] + minutes[1800]["p50"]) / 2
    assert (minutes[1320]["p50"] + minutes[1380]["p50"]) / 2 == pytest.approx(half_way)


async def test_contributions_in_the_answer_add_up_to_its_numbers(world: OperatorWorld, asking: Asking) -> None:
    await learned(world)
    _, found = await asking.get("/forecasts/shop/checkout", world)
    for one in found["horizons"]:
        for why in one["why"]:
            assert why["value"] == pytest.approx(one[why["level"]], rel=1e-6)
            assert sum(each["amount"] for each in why["contributions"]) == pytest.approx(why["value"], rel=1e-6)
            for each in why["contributions"]:
                parts = sum(part["amount"] for part in each["parts"])
                assert parts == pytest.approx(each["amount"], rel=1e-6, abs=1e-6 * why["value"])
            assert why["contributions"][0]["name"] == "now"
            assert f"({why['level']}): " in why["sentence"]


async def test_a_decision_says_why_its_forecast_is_what_it_is(world: OperatorWorld) -> None:
    await learned(world)
    predictions = [one for decision in world.decisions() for one in decision["spec"].get("predictions", ())]
    assert predictions
    assert all(" per pod: " in one["reasoning"] and " now" in one["reasoning"] for one in predictions)


async def test_policies_are_listed_with_where_they_stand(world: OperatorWorld, asking: Asking) -> None:
    await learned(world)
    world.policy("lost")
    await world.passes(seconds=15)
    status, found = await asking.get("/forecasts", world)
    assert status == 200
    first, second = found["forecasts"]
    path, reason = first["path"], first["reason"]
    assert (first["namespace"], first["policy"], path, reason) == (
        "shop",
        "checkout",
        "/forecasts/shop/checkout",
        "Forecasting",
    )
    assert (second["policy"], second["reason"]) == ("lost", "TargetNotFound")


async def test_what_cannot_be_told_is_a_sentence(world: OperatorWorld, asking: Asking) -> None:
    assert await asking.get("/forecasts") == (503, {"error": "Starting: the cluster is still being read"})
    assert asking.headers["Retry-After"] == "15"
    world.policy("lost")
    world.policy("vague", demand={"query": "many", "capacityPerPod": "50"})
    world.deployment("vague", "checkout")
    world.prometheus.queries["many"] = lambda at: [({"pod": "a"}, 1.0), ({"pod": "b"}, 2.0)]
    world.asked["checkout"] = wave
    await world.start()
    world.policy()
    await world.passes(seconds=15)

    status, found = await asking.get("/forecasts/shop/nobody", world)
    assert (status, found["error"].split(":")[0]) == (404, "there is no WarmingPolicy shop/nobody")
    status, found = await asking.get("/forecasts/shop/lost")
    assert (status, found["error"].split(":")[0]) == (503, "TargetNotFound")
    status, found = await asking.get("/forecasts/shop/vague")
    assert (status, found["error"].split(":")[0]) == (409, "ManySeries")
    assert "Retry-After" not in asking.headers
    status, found = await asking.get("/forecasts/shop/checkout")
    assert (status, found["error"].split(":")[0]) == (503, "LearningHistory")


async def test_a_new_series_has_no_forecast_yet(world: OperatorWorld, asking: Asking) -> None:
    began = world.clock.now
    world.deployment()
    world.asked["checkout"] = lambda at: 100.0 if at >= began else None
    world.policy()
    await world.start()
    await world.passes(seconds=120)
    status, found = await asking.get("/forecasts/shop/checkout", world)
    assert (status, found) == (503, {"error": "NoForecast: too few samples yet; a forecast needs 30"})


async def test_while_demand_is_unknown_the_forecast_goes_on_and_says_so(world: OperatorWorld, asking: Asking) -> None:
    await learned(world)
    world.asked["checkout"] = lambda at: None
    await world.passes(seconds=30)
    status, found = await asking.get("/forecasts/shop/checkout", world)
    assert status == 200
    assert found["missing"]["reason"] == "NoSeries"
    assert "demand" not in found
    assert found["horizons"]


async def test_of_several_resources_the_one_that_asks_for_most_is_told_unless_one_is_named(
    world: OperatorWorld, asking: Asking
) -> None:
    world.deployment(replicas=4)
    world.prometheus.queries["cores"] = lambda at: [({}, wave(at) / 100)]  # 1 to 3 cores, half a core per pod
    world.prometheus.queries["bytes"] = lambda at: [({}, 2.0**30)]  # half a pod
    cpu = {"name": "cpu", "query": "cores", "perPod": "500m"}
    memory = {"name": "memory", "query": "bytes", "perPod": "2Gi"}
    world.policy(demand={"resources": [cpu, memory]})
    await world.start()
    await world.passes(seconds=150)

    _, found = await asking.get("/forecasts/shop/checkout", world)
    assert (found["resource"], found["resources"], found["capacityPerPod"]) == ("cpu", ["cpu", "memory"], 0.5)
    assert found["demand"] == pytest.approx(wave(world.clock.now) / 100, rel=0.1)
    _, found = await asking.get("/forecasts/shop/checkout?resource=memory", world)
    assert (found["resource"], found["demand"], found["needNow"]) == ("memory", 1073741820, 1)  # nine digits
    status, found = await asking.get("/forecasts/shop/checkout?resource=gpu", world)
    assert (status, found["error"]) == (404, "there is no resource gpu: this policy has cpu, memory")
