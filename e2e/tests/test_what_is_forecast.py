"""What is forecast, with a real control plane and Prometheus: asked for, of resources, by other models, at zero."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from math import ceil
from statistics import median
from typing import Any

import pytest

from controlplane.waiting import wait_until
from rig.objects import Manifest, condition, deployment, namespace, policy, rate_of
from rig.plugin import EXPECTED, NAME, Plugin
from rig.world import World

pytestmark = pytest.mark.e2e
LONG = 300.0
PLACE = "foreseen"
HORIZON = {"predictionHorizon": "60s"}
AT_ONCE = {"scaleDown": {"stabilizationWindowSeconds": 0}}
STEADY = 90.0  # requests/s of the app, each second of two days


def several() -> Manifest:
    """90 requests/s ask for two pods, their 9 GB of memory for five."""
    made = policy(PLACE, "several", "", 1, mode="Act", forecast=HORIZON)
    requests = {"name": "requests", "query": rate_of("steady"), "perPod": "50"}
    memory = {"name": "memory", "query": f"1e8 * {rate_of('steady')}", "perPod": "2Gi"}
    made["spec"]["demand"] = {"resources": [requests, memory]}
    return made


def guest() -> Manifest:
    """The plug-in's model, acted on from the first."""
    chosen = {**HORIZON, "model": NAME, "confidenceThreshold": "0"}
    return policy(PLACE, "guest", rate_of("steady"), 50, mode="Act", forecast=chosen)


@pytest.fixture(scope="module", autouse=True)
def _policies(here: World) -> None:
    """All at once: each reads its history before it forecasts."""
    scaling = {"minReplicas": 0, "behavior": AT_ONCE}
    nothing = f"0 * {rate_of('steady')}"
    here.kubectl.apply(
        namespace(PLACE),
        *(deployment(PLACE, name, 2, "1s") for name in ("asked", "several", "sleeper", "guest")),
        policy(PLACE, "asked", rate_of("steady"), 50, forecast=HORIZON),
        several(),
        policy(PLACE, "sleeper", nothing, 50, mode="Act", forecast=HORIZON, scaling=scaling),
        guest(),
    )


def status(here: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = here.kubectl.get("warmingpolicy", name, PLACE).get("status", {})
    return found


def replicas(here: World, name: str) -> int:
    return int(here.kubectl.get("deployment", name, PLACE)["spec"]["replicas"])


def decided(here: World, name: str) -> list[dict[str, Any]]:
    """The specs of a policy's decisions, oldest first."""
    found = [one["spec"] for one in here.kubectl.list("scalingdecisions", PLACE) if one["spec"]["policy"] == name]
    return sorted(found, key=lambda spec: str(spec["actions"][0]["executeAt"]))


def answer(here: World, name: str) -> dict[str, Any]:
    """GET /forecasts of a policy."""
    with urllib.request.urlopen(f"{here.operator.url}/forecasts/{PLACE}/{name}", timeout=30) as found:
        told: dict[str, Any] = json.load(found)
        return told


def medians(here: World, name: str) -> list[float]:
    """Of its horizons; none before it has a forecast."""
    return [item["p50"] for item in answer(here, name)["horizons"]] if "forecastModel" in status(here, name) else []


def test_a_steady_demand_is_expected_to_stay(here: World) -> None:
    """Not at once, perhaps: right after a Prometheus that was away its rate is too low for a minute."""

    def stays() -> bool:
        found = medians(here, "asked")
        return bool(found) and found == pytest.approx([STEADY] * len(found), rel=0.1)

    wait_until("the forecast", stays, LONG, lambda: f"{medians(here, 'asked')} {here.operator.last_lines()}")


def test_forecasts_and_explain_say_what_is_expected_and_why(here: World) -> None:
    found = answer(here, "asked")

    assert [item["horizon"] for item in found["horizons"]] == ["lead", "5m", "15m", "1h", "24h"]
    for item in found["horizons"]:
        inner, outer = item["interval68"], item["interval95"]
        assert outer["low"] <= inner["low"] <= inner["high"] <= outer["high"]
        for why in item["why"]:
            assert sum(part["amount"] for part in why["contributions"]) == pytest.approx(why["value"], rel=1e-6)
    assert len(found["curve"]["minutes"]) == 60

    command = [sys.executable, "-m", "edgewarm", "explain", f"{PLACE}/asked", "--url", here.operator.url]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert found["horizons"][0]["why"][0]["contributions"][0]["text"] in told.stdout


def test_the_resource_that_asks_for_the_most_decides_and_is_named(here: World) -> None:
    wait_until("its pods", lambda: replicas(here, "several") == 5, LONG, here.operator.last_lines)

    assert decided(here, "several")[-1]["bindingResource"] == "memory"
    assert "memory" in decided(here, "several")[-1]["summary"]


def test_a_workload_without_demand_sleeps_and_wakes_when_it_comes(here: World) -> None:
    wait_until("its sleep", lambda: replicas(here, "sleeper") == 0, LONG, here.operator.last_lines)
    here.kubectl.patch("warmingpolicy", "sleeper", PLACE, {"spec": {"demand": {"query": rate_of("steady")}}})
    wait_until("its pods", lambda: replicas(here, "sleeper") >= 2, LONG, here.operator.last_lines)

    assert decided(here, "sleeper")[0]["reason"] == "ScaledToZero"


def test_a_plug_in_of_the_administrator_is_asked_followed_and_named(here: World, model: Plugin) -> None:
    wanted = ceil(EXPECTED / 50)  # the fleet's own forecast asks for two
    wait_until("its forecast", lambda: replicas(here, "guest") == wanted, LONG, here.operator.last_lines)

    def named() -> bool:
        """In the status, which is written once a minute while only numbers change."""
        told = condition(here.kubectl.get("warmingpolicy", "guest", PLACE), "SelectedModel")
        return status(here, "guest").get("forecastModel") == NAME and told.get("status") == "True"

    wait_until("its name", named, LONG, here.operator.last_lines)
    assert NAME in decided(here, "guest")[-1]["predictions"][0]["reasoning"]
    values = model.asked[0]["series"][0]["values"]
    known = [value for value in values if value is not None]
    assert len(known) >= 30
    assert median(known) == pytest.approx(STEADY, rel=0.1)
