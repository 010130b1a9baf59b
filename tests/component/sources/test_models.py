"""Libraries in their child process and plug-ins over HTTP: what is asked, what is understood, and what fails how."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import numpy as np
import pytest

from edgewarm.forecast.mixture import LEVELS
from edgewarm.model.errors import Invalid
from edgewarm.model.fits import FitError, FitRequest
from edgewarm.model.identity import Key
from edgewarm.sources.library import Library
from edgewarm.sources.models import ForecastModels
from edgewarm.sources.settings import Plugin, SourceSettings
from support.fake_plugin import FakePlugin

pytestmark = pytest.mark.component

STATSMODELS = '''
"""Stands for statsmodels: ARIMA says the last value, Holt-Winters the number of values it was given."""
import numpy as np

class Fit:
    def __init__(self, value): self.value = value
    def fit(self): return self
    def forecast(self, steps): return np.full(steps, self.value)
    def get_forecast(self, steps):
        self.predicted_mean = np.full(steps, self.value)
        return self

def ARIMA(history, order):
    print("a library that talks")
    if len(history) == 13:
        raise ValueError("thirteen")
    return Fit(np.nan if len(history) == 14 else history[-1])

def ExponentialSmoothing(history, trend, seasonal, seasonal_periods, initialization_method):
    return Fit(float(len(history)) if seasonal is None else float(seasonal_periods))
'''


def request(model: str, *values: float, ahead: int = 3, seconds: float = 300.0) -> FitRequest:
    return FitRequest(model, Key("shop", "checkout"), 0.0, seconds, np.array(values), ahead)


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    package = tmp_path / "statsmodels"
    for name in ("__init__", "tsa/__init__", "tsa/holtwinters", "tsa/arima/__init__", "tsa/arima/model"):
        (package / f"{name}.py").parent.mkdir(parents=True, exist_ok=True)
        (package / f"{name}.py").write_text("" if name.endswith("__init__") else STATSMODELS)
    made = Library(30.0, {**os.environ, "PYTHONPATH": str(tmp_path)})
    yield made
    await made.close()


async def test_each_library_is_asked_for_points(library: Library) -> None:
    assert (await library.fit(request("ARIMA", 0.5, 1.5))).tolist() == [[1.5]] * 3
    assert (await library.fit(request("ExponentialSmoothing", 0.5, 1.5))).tolist() == [[2.0]] * 3
    assert await library.fit(request("Linear", *np.arange(30.0))) == pytest.approx(np.array([[30.0], [31.0], [32.0]]))


async def test_a_season_is_a_day_of_the_steps_that_are_given(library: Library) -> None:
    hours = request("ExponentialSmoothing", *[0.5, 1.5] * 24, seconds=3600.0)
    assert (await library.fit(hours)).tolist() == [[24.0]] * 3


async def test_the_last_known_value_stands_for_unknown_ones_and_an_unknown_beginning_is_left_out(
    library: Library,
) -> None:
    nan = float("nan")
    assert (await library.fit(request("ARIMA", nan, 6.0, nan))).tolist() == [[6.0]] * 3
    assert (await library.fit(request("ExponentialSmoothing", nan, 1.0, nan))).tolist() == [[2.0]] * 3


async def test_a_library_is_given_demand_in_units_of_its_mean_and_what_it_says_is_in_the_unit_of_demand(
    library: Library,
) -> None:
    assert await library.fit(request("ARIMA", 2e9, 6e9)) == pytest.approx(6e9)
    assert await library.fit(request("ExponentialSmoothing", 2e9, 6e9)) == pytest.approx(2 * 4e9)
    assert (await library.fit(request("ARIMA", 0.0, 0.0))).tolist() == [[0.0]] * 3


async def test_one_process_serves_all_and_a_failed_fit_does_not_end_it(library: Library) -> None:
    with pytest.raises(FitError, match=r"model ARIMA could not be fitted \(ValueError: thirteen\)"):
        await library.fit(request("ARIMA", *[1.0] * 13))
    first = library.pid
    with pytest.raises(FitError, match="what is not a number"):
        await library.fit(request("ARIMA", *[1.0] * 14))
    found = await asyncio.gather(*(library.fit(request("ARIMA", float(value), ahead=1)) for value in range(5)))
    assert [said[0, 0] for said in found] == [0, 1, 2, 3, 4]
    assert library.pid == first is not None


async def test_a_fit_that_nobody_waits_for_any_more_leaves_no_answer_behind(library: Library) -> None:
    left = asyncio.create_task(library.fit(request("ARIMA", 1.0)))
    await asyncio.sleep(0.01)
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    assert (await library.fit(request("ARIMA", 2.0, ahead=1)))[0, 0] == 2.0


@pytest.mark.parametrize("model", ["ARIMA", "ExponentialSmoothing"])
async def test_the_real_library_foresees_the_level(model: str) -> None:
    real = Library(timeout_seconds=600)
    noise = np.random.default_rng(1).normal(0.0, 1.0, 200)
    try:
        found = await real.fit(request(model, *(100.0 + noise)))
    finally:
        await real.close()
    assert found == pytest.approx(100.0, abs=5.0)


class Clock:
    """Seconds that move when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_token_and_headers_are_sent_and_quantiles_come_back_sorted(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    async with FakePlugin(lambda asked: {"quantiles": [[asked["levels"][::-1]] * 3]}) as plugin:
        declared = plugin.declared(headers=(("X-Tenant", "shop"),), bearer_token_file=token)
        async with ForecastModels(SourceSettings(plugins=(declared,)), Clock(), Random(1)) as models:
            found = await models.fit(request("oracle", 1.0, float("nan")))
    assert found.tolist() == [list(LEVELS)] * 3
    sent = plugin.headers[0]
    assert (sent["Authorization"], sent["X-Tenant"], sent["Content-Type"]) == (
        "Bearer secret",
        "shop",
        "application/json",
    )
    assert plugin.asked[0]["series"] == [{"name": "shop/checkout", "start": 0.0, "values": [1.0, None]}]
    assert plugin.asked[0]["levels"] == list(LEVELS)


async def test_a_plug_in_that_is_down_is_left_in_peace_for_a_while_and_told_of(tmp_path: Path) -> None:
    clock, told = Clock(), list[tuple[str, str]]()
    async with FakePlugin(broken=503) as plugin:
        settings = SourceSettings(plugins=(plugin.declared(),))

        def on_fit(model: str, outcome: str, seconds: float) -> None:
            told.append((model, outcome))

        async with ForecastModels(settings, clock, Random(1), on_fit) as models:
            for _ in range(5):
                with pytest.raises(FitError, match="plug-in oracle answered HTTP 503"):
                    await models.fit(request("oracle", 1.0))
            assert len(plugin.asked) == 3
            plugin.broken, clock.now = None, 60.0
            assert (await models.fit(request("oracle", 1.0))).tolist() == [[100.0]] * 3
    assert told == [("oracle", "status")] * 3 + [("oracle", "circuit_open")] * 2 + [("oracle", "ok")]


async def test_an_address_without_anybody_is_named_without_the_address() -> None:
    settings = SourceSettings(plugins=(Plugin("oracle", "http://127.0.0.1:1/secret"),))
    async with ForecastModels(settings, Clock(), Random(1)) as models:
        with pytest.raises(FitError, match=r"^plug-in oracle was not reached: no connection$"):
            await models.fit(request("oracle", 1.0))


async def test_a_wrong_ca_file_names_the_plug_in(tmp_path: Path) -> None:
    settings = SourceSettings(plugins=(Plugin("oracle", "https://oracle", ca_file=tmp_path / "absent.pem"),))
    with pytest.raises(Invalid, match=r"^plug-in oracle: caFile .*absent.pem cannot be used"):
        async with ForecastModels(settings, Clock(), Random(1)):
            pass


@pytest.mark.parametrize("model", ["ARIMA", "ExponentialSmoothing", "Linear"])
def test_libraries_are_open_to_everybody(model: str) -> None:
    assert ForecastModels(SourceSettings(), Clock(), Random(1)).problem(model, "shop") is None
