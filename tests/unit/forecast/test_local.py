"""Local time: how far it is ahead of UTC, and what moves along when its clocks change."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from edgewarm.forecast.clock import Clock
from edgewarm.forecast.local import offsets
from edgewarm.forecast.seasons import Seasons
from edgewarm.forecast.windows import GRID

pytestmark = pytest.mark.unit

MINUTE = 60.0


def step(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() // MINUTE)


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        pytest.param("2026-03-29T00:59:00+00:00", [0, 1, -4, 5.5], id="the minute before Berlin's clocks go ahead"),
        pytest.param(
            "2026-03-29T01:00:00+00:00", [0, 2, -4, 5.5], id="and the one after it; New York's went weeks before"
        ),
        pytest.param("2026-10-25T00:59:00+00:00", [0, 2, -4, 5.5], id="the minute before they go back"),
        pytest.param("2026-10-25T01:00:00+00:00", [0, 1, -4, 5.5], id="and the one after it"),
    ],
)
def test_local_time_is_ahead_of_utc_by_the_zones_offset(at: str, hours: list[float]) -> None:
    found = offsets(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"], step(at), MINUTE)
    assert found.tolist() == [60 * each for each in hours]


def test_when_clocks_go_ahead_what_was_done_at_eight_is_done_at_seven_utc() -> None:
    seasons = Seasons.blank(2, 3600.0)
    for hour in range(7 * 24):
        seasons.learn(hour, np.full(2, float(hour % 24 == 8)), np.zeros(2))
    seasons.turn(1, 1)
    day = seasons.usual(np.arange(24))
    assert np.flatnonzero(day[:, 0]).tolist() == [8]
    assert np.flatnonzero(day[:, 1]).tolist() == [7]
    week = seasons.week_ago(np.arange(7 * 24))
    assert np.flatnonzero(week[:, 1]).tolist() == [7 + 24 * days for days in range(7)]


def test_what_was_learned_of_a_quarter_of_an_hour_moves_along_and_comes_back() -> None:
    clock = Clock.blank(2, GRID, MINUTE)
    clock.record[:, 32] = clock.size[:, 32] = clock.visits[32] = 1.0  # eight o'clock
    clock.turn(0, 60)
    for taught in (clock.record[0], clock.size[0], clock.visits):
        assert np.flatnonzero(taught[:, 0]).tolist() == [28]
        assert np.flatnonzero(taught[:, 1]).tolist() == [32]
    clock.turn(0, -60)
    assert np.flatnonzero(clock.visits[:, 0]).tolist() == [32]
