"""Units that are held warm cost their time, rung by rung, as long as the operator looks on."""

from __future__ import annotations

import pytest

from edgewarm.learn.idle_time import IdleTime

pytestmark = pytest.mark.unit


def test_minutes_are_those_of_what_was_warm_between_two_passes() -> None:
    held = IdleTime().seen({"Standby": 2, "Image": 3}, 0.0).seen({"Standby": 1}, 60.0).seen({"Standby": 5}, 90.0)
    assert held.minutes == {"Standby": 2 * 1.0 + 1 * 0.5, "Image": 3 * 1.0}


def test_the_first_pass_tells_only_where_counting_begins() -> None:
    assert IdleTime().seen({"Standby": 2}, 1e9).minutes == {}


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    assert IdleTime().seen({"Standby": 2}, 60.0).seen({"Standby": 2}, 0.0).minutes == {"Standby": 0.0}
