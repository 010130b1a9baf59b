"""When a status is written: news at once, numbers once a minute, the same never."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from edgewarm.engine.reporting import is_due
from support.builders import NOW

pytestmark = pytest.mark.unit

OLD: dict[str, Any] = {
    "observedGeneration": 1,
    "conditions": [{"type": "Ready", "status": "True", "reason": "Forecasting", "message": "well"}],
    "reason": "Forecast",
    "summary": "holding 4",
    "demand": "90",
    "need": 2,
    "replicas": {"current": 4, "ready": 4, "wanted": 4},
    "forecast": [{"horizon": "lead", "needP50": 2, "needP90": 3}],
    "scores": {"saving": "12%"},
    "lastDecision": "web-1",
}


def changed(*path: str | int, to: object) -> dict[str, Any]:
    found: Any = deepcopy(OLD)
    at = found
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = to
    return dict(found)


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(changed("reason", to="Blind"), id="the reason"),
        pytest.param(changed("need", to=3), id="the need"),
        pytest.param(changed("replicas", "wanted", to=5), id="what is wanted"),
        pytest.param(changed("replicas", "current", to=5), id="what is asked for"),
        pytest.param(changed("lastDecision", to="web-2"), id="the last decision"),
        pytest.param(changed("observedGeneration", to=2), id="the generation"),
        pytest.param(changed("conditions", 0, "status", to="False"), id="a condition's status"),
        pytest.param(changed("conditions", 0, "reason", to="NoSeries"), id="a condition's reason"),
        pytest.param(changed("conditions", to=[]), id="a condition that is gone"),
        pytest.param({}, id="everything"),
    ],
)
def test_news_is_written_at_once(new: dict[str, Any]) -> None:
    assert is_due(OLD, NOW, new, NOW)


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(changed("demand", to="91"), id="demand"),
        pytest.param(changed("summary", to="holding 4: 91"), id="the sentence"),
        pytest.param(changed("replicas", "ready", to=3), id="pods that are ready"),
        pytest.param(changed("forecast", 0, "needP90", to=4), id="the forecast"),
        pytest.param(changed("scores", "saving", to="13%"), id="scores"),
        pytest.param(changed("conditions", 0, "message", to="very well"), id="a condition's message"),
    ],
)
def test_numbers_are_written_once_a_minute(new: dict[str, Any]) -> None:
    assert [is_due(OLD, NOW, new, NOW + age) for age in (0.0, 59.9, 60.0, 1000.0)] == [False, False, True, True]


def test_the_same_is_never_written_again() -> None:
    assert not is_due(OLD, float("-inf"), deepcopy(OLD), NOW)


def test_the_first_status_is_written_at_once() -> None:
    assert is_due({}, float("-inf"), OLD, NOW)
