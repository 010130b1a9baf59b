"""Policies that chose another model: it forecasts, and while it cannot, the fleet does; others notice nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from edgewarm.sources.library import Library
from support.fake_plugin import FakePlugin, steady
from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component
LONG = {"historyWindow": "6h", "predictionHorizon": "1m"}


@pytest.fixture
async def plugin() -> AsyncIterator[FakePlugin]:
    async with FakePlugin() as made:
        yield made


def chosen(world: OperatorWorld, model: str, name: str = "checkout", demand: float = 90.0, **forecast: Any) -> None:
    """Two pods, 90 requests/s (2 pods), and a policy with this model."""
    world.deployment(name, replicas=2)
    world.asked[name] = lambda at: demand
    world.policy(name, forecast={**LONG, "model": model, **forecast})


def said(world: OperatorWorld, name: str = "checkout") -> tuple[str, str, str]:
    """(status, reason, message) of the condition SelectedModel; empty before the first pass."""
    found = world.condition("SelectedModel", name) or dict.fromkeys(("status", "reason", "message"), "")
    return found["status"], found["reason"], found["message"]


async def test_the_model_linear_forecasts_without_any_library(world: OperatorWorld) -> None:
    chosen(world, "Linear")
    await world.start()
    await world.until(lambda: world.status().get("forecastModel") == "Linear")
    assert said(world) == ("True", "Forecasting", "model Linear forecasts")
    assert world.standing() == "Forecasting"
    assert 'edgewarm_model_fits_total{model="Linear",outcome="ok"} 1.0' in world.series()
    assert world.replicas() == 2


async def test_what_a_plug_in_says_is_acted_on_and_stands_in_the_decision(
    world: OperatorWorld, plugin: FakePlugin
) -> None:
    plugin.says = steady(290.0)
    world.plugins = (plugin.declared(),)
    chosen(world, "oracle")
    await world.start()
    await world.until(lambda: world.replicas() == 6)  # ceil(290 / 50), though 90 are asked and the fleet expects 90
    prediction = world.decisions()[-1]["spec"]["predictions"][0]
    assert "by model oracle" in prediction["reasoning"]
    question = plugin.asked[0]
    assert (question["stepSeconds"], question["series"][0]["name"]) == (300.0, f"{SHOP}/checkout")
    assert question["series"][0]["values"][-1] == 90.0
    assert question["series"][0]["start"] + 300 * len(question["series"][0]["values"]) == pytest.approx(
        world.clock.now, abs=600
    )
    assert question["horizons"] == list(range(1, len(question["horizons"]) + 1))


async def test_a_model_is_asked_every_five_minutes_and_not_oftener(world: OperatorWorld, plugin: FakePlugin) -> None:
    world.plugins = (plugin.declared(),)
    chosen(world, "oracle")
    await world.start()
    await world.until(lambda: plugin.asked)
    await world.passes(1200)
    assert len(plugin.asked) == 5  # now and after 5, 10, 15 and 20 minutes


GARBAGE: list[tuple[Callable[[Any], Any] | str | int | bytes, str]] = [
    ("hang", "plug-in oracle gave no answer within 0.3 s"),
    (503, "plug-in oracle answered HTTP 503"),
    (302, "plug-in oracle answered HTTP 302"),
    (b"<html>", 'plug-in oracle answered what is not {"points": ...} or {"quantiles": ...} of numbers'),
    (b'{"points": [["many"]]}', "of numbers"),
    (b'{"points": [[1, NaN]]}', "of numbers"),
    (b"{}", "plug-in oracle answered neither points nor quantiles"),
    (b'{"points": []}', "plug-in oracle answered 0 series where 1 was asked"),
    (b'{"points": [[1, 2, 3]]}', "plug-in oracle answered 3 horizons where 295 were asked"),
    (lambda asked: {"points": [[-1.0] * len(asked["horizons"])]}, "a value that is negative or not finite"),
    (lambda asked: {"quantiles": [[[1.0]] * len(asked["horizons"])]}, "not 12 quantiles for each horizon"),
    (b"[" * 100_000, "plug-in oracle answered more than 65536 bytes (maxBytes)"),
]


@pytest.mark.parametrize(("how", "sentence"), GARBAGE, ids=[sentence for _, sentence in GARBAGE])
async def test_what_is_no_forecast_is_said_and_the_fleet_goes_on(
    world: OperatorWorld, plugin: FakePlugin, how: Any, sentence: str
) -> None:
    plugin.says, plugin.broken = (how, None) if callable(how) else (plugin.says, how)
    world.plugins = (plugin.declared(timeout_seconds=0.3, max_bytes=65536),)
    chosen(world, "oracle")
    chosen(world, "Fleet", name="other")
    await world.start()
    await world.until(lambda: said(world)[1] == "FitFailed")
    status, _, message = said(world)
    assert status == "False"
    assert sentence in message
    assert message.endswith("; the fleet's model forecasts meanwhile")
    assert world.status()["forecastModel"] == "Fleet"
    assert (world.standing(), world.standing("other")) == ("Forecasting", "Forecasting")
    assert world.condition("SelectedModel", "other") is None


async def test_a_plug_in_that_goes_silent_counts_for_half_an_hour_and_is_asked_less_and_less(
    world: OperatorWorld, plugin: FakePlugin
) -> None:
    world.plugins = (plugin.declared(),)
    chosen(world, "oracle")
    await world.start()
    await world.until(lambda: world.status().get("forecastModel") == "oracle")
    plugin.broken, asked = 500, len(plugin.asked)
    await world.passes(1500)
    assert world.status()["forecastModel"] == "oracle"
    assert said(world)[2] == "model oracle forecasts, by its last fit: plug-in oracle answered HTTP 500"
    await world.passes(600)
    assert world.status()["forecastModel"] == "Fleet"
    assert len(plugin.asked) - asked <= 4  # after 5, 10, 20 and 40 minutes
    plugin.broken = None
    await world.until(lambda: world.status()["forecastModel"] == "oracle", 3600)


async def test_who_was_not_asked_again_while_a_plug_in_was_down_is_served_soon_after_it_is_back(
    world: OperatorWorld, plugin: FakePlugin
) -> None:
    """Had the open circuit counted as failures of theirs, the next try would be at 2100 s."""
    world.plugins = (plugin.declared(),)
    names = [f"app-{index}" for index in range(6)]
    for name in names:
        chosen(world, "oracle", name)
    plugin.broken = 500
    await world.start()
    await world.passes(1300)
    asked = [question["series"][0]["name"] for question in plugin.asked]
    spared = [name for name in names if asked.count(f"shop/{name}") == 1]
    assert spared
    assert "plug-in oracle answered HTTP 500" in said(world, spared[0])[2]
    plugin.broken = None
    await world.until(lambda: all(world.status(name)["forecastModel"] == "oracle" for name in spared), 700)


async def test_a_plug_in_that_nobody_declared_is_stalled_and_the_fleet_serves(world: OperatorWorld) -> None:
    chosen(world, "prophet")
    await world.start()
    await world.until(lambda: world.status().get("forecastModel"))
    stalled = world.condition("Stalled")
    assert stalled is not None
    assert stalled["reason"] == "ModelNotFound"
    assert stalled["message"] == (
        "spec.forecast.model: there is no plug-in prophet: use Fleet, ARIMA, ExponentialSmoothing, Linear, or ask an "
        "administrator to declare it; the fleet's model forecasts meanwhile"
    )
    assert world.status()["forecastModel"] == "Fleet"


async def test_a_plug_in_is_only_open_to_its_namespaces(world: OperatorWorld, plugin: FakePlugin) -> None:
    world.plugins = (plugin.declared(allowed_namespaces=frozenset({"bank"})),)
    chosen(world, "oracle")
    await world.start()
    await world.passes(60)
    assert world.standing() == "ModelNotFound"
    assert "plug-in oracle is not open to namespace shop" in said(world)[2]
    assert plugin.asked == []


async def test_thirty_means_are_needed_before_a_model_is_asked(world: OperatorWorld, plugin: FakePlugin) -> None:
    world.plugins = (plugin.declared(),)
    chosen(world, "oracle", historyWindow="2h")
    await world.start()
    await world.passes(60)
    assert said(world)[:2] == ("False", "TooFewPoints")
    assert "has 25 of the 30 means of 5m that it needs" in said(world)[2]  # two hours, and the minutes since
    await world.until(lambda: plugin.asked, 7200)
    assert len(plugin.asked[0]["series"][0]["values"]) == 30


async def test_a_library_that_is_not_installed_is_named_with_its_cure(world: OperatorWorld, tmp_path: Path) -> None:
    (tmp_path / "statsmodels.py").write_text("raise ImportError\n")
    world.library = lambda: Library(environment={**os.environ, "PYTHONPATH": str(tmp_path)})
    chosen(world, "ARIMA")
    await world.start()
    await world.until(lambda: said(world)[1] == "FitFailed")
    assert "model ARIMA needs statsmodels, which is not installed with the operator" in said(world)[2]
    assert "build the image with --build-arg MODELS=1, or pip install statsmodels" in said(world)[2]
    assert world.standing() == "Forecasting"
    assert 'edgewarm_model_fits_total{model="ARIMA",outcome="missing"} 1.0' in world.series()


SLOW = "import time\ntime.sleep(60)\n"
DEADLY = "import os\nos._exit(1)\n"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(SLOW, "model ARIMA was not fitted within 3 s"), (DEADLY, "the process that fits model ARIMA ended without")],
)
async def test_a_library_that_hangs_or_dies_costs_the_others_nothing(
    world: OperatorWorld, tmp_path: Path, code: str, sentence: str
) -> None:
    (tmp_path / "statsmodels.py").write_text(code)
    world.library = lambda: Library(3.0, {**os.environ, "PYTHONPATH": str(tmp_path)})
    chosen(world, "ARIMA")
    chosen(world, "Linear", name="other")
    await world.start()
    await world.until(lambda: said(world)[1] == "FitFailed")
    assert sentence in said(world)[2]
    await world.until(lambda: world.status("other").get("forecastModel") == "Linear")
    assert world.status()["forecastModel"] == "Fleet"


async def test_a_child_that_was_killed_is_started_anew(world: OperatorWorld) -> None:
    library = Library()
    world.library = lambda: library
    chosen(world, "Linear")
    await world.start()
    await world.until(lambda: library.pid)
    assert library.pid is not None
    os.kill(library.pid, signal.SIGKILL)
    await world.passes(900)
    assert said(world)[2] == "model Linear forecasts"
    await world.stop()
    assert library.pid is None
