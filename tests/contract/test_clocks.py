"""A service that follows local time, over a change of its clocks: the row of its zone knows, a row of UTC does not."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from edgewarm.forecast.local import offsets
from edgewarm.forecast.replay import learned
from edgewarm.forecast.switching import SwitchingFleet
from edgewarm.model.demand import FloatArray, History

pytestmark = pytest.mark.contract

HOUR, DAY, BERLIN = 3600.0, 24, "Europe/Berlin"
SPRING = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp() // HOUR)  # Berlin's clocks go ahead in this step
AUTUMN = int(datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp() // HOUR)  # and back in this one


def shop(change: int, days: int = 12) -> History:
    """Open from eight to eight in Berlin, ten days before the change of clocks and two after its midnight."""
    first = change - change % DAY - 10 * DAY
    steps = np.arange(first, first + days * DAY)
    local = steps + np.array([offsets([BERLIN], int(step), HOUR)[0] for step in steps])
    return History(first * HOUR, HOUR, np.where((local % DAY >= 8) & (local % DAY < 20), 200.0, 50.0))


def before_opening(past: History, change: int) -> int:
    """The step after which the shop opens for the first time by the new clocks."""
    last = int(past.start // HOUR) + np.flatnonzero(np.diff(past.values) > 0)
    return int(last[last > change][0])


def said(past: History, last: int, zone: str) -> float:
    """The median of the next hour."""
    found = learned([past], int(past.start // HOUR), last, HOUR, zones=[zone]).forecast()
    return float(found.at_ahead[0, 0, found.levels.index(0.5)])


def test_clocks_that_go_ahead_open_the_shop_an_hour_sooner_and_only_the_row_of_the_zone_knows() -> None:
    past = shop(SPRING)
    last = before_opening(past, SPRING)
    assert said(past, last, BERLIN) > 150
    assert said(past, last, "UTC") < 100


def test_clocks_that_go_back_open_it_an_hour_later_and_the_row_of_utc_is_too_soon() -> None:
    past = shop(AUTUMN)
    last = before_opening(past, AUTUMN)
    assert said(past, last - 1, "UTC") > 150
    assert said(past, last - 1, BERLIN) < 100
    assert said(past, last, BERLIN) > 150


def test_a_zone_whose_clocks_stay_is_as_good_as_utc() -> None:
    past = shop(SPRING)
    last = before_opening(past, SPRING)
    assert said(past, last, "Asia/Kolkata") == said(past, last, "UTC")


def test_clocks_that_go_ahead_and_back_leave_all_as_it_was() -> None:
    values: FloatArray = shop(SPRING).values[:, None]
    fleet, other = SwitchingFleet(1, HOUR), SwitchingFleet(1, HOUR)
    for step, value in enumerate(values):
        for each in (fleet, other):
            each.update(step, value, np.zeros(1, dtype=bool))
    for offset in (1, 0):
        fleet.follow_clocks(np.array([offset]))
    assert all(np.array_equal(fleet.state()[name], array, equal_nan=True) for name, array in other.state().items())


def test_rows_keep_their_own_clocks_when_they_join_or_leave() -> None:
    one, other = SwitchingFleet(1, HOUR), SwitchingFleet(1, HOUR)
    one.follow_clocks(np.array([2]))
    one.append(other)
    assert one.state()["fleet.offset"].tolist() == [2, 0]
    one.keep(np.array([1]))
    assert SwitchingFleet.from_state(one.state()).state()["fleet.offset"].tolist() == [0]
