"""Windows in their own time zone: weekdays, midnight, the lead time before them, and both changes of the clock."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from edgewarm.decide.schedules import _Clock, matches_around, open_schedules
from edgewarm.model.policy import Schedule
from support.builders import at

pytestmark = pytest.mark.unit

LEAD = 600.0
OFFICE = ("0 8 * * MON-FRI", "0 18 * * MON-FRI")
NIGHT = ("0 22 * * *", "0 6 * * *")
WEEKEND = ("0 18 * * FRI", "0 6 * * MON")


def berlin(window: tuple[str, str], now: str, lead_seconds: float = 0.0) -> str:
    """open, opening or closed at that time."""
    schedule = Schedule("s", "Europe/Berlin", *window, low=5)
    found = open_schedules((schedule,), at(now), lead_seconds)
    if not found:
        return "closed"
    return "open" if found[0].open_now else "opening"


@pytest.mark.parametrize(
    ("window", "now", "state"),
    [
        pytest.param(OFFICE, "2026-11-23T07:59:59+01:00", "closed", id="a second before eight"),
        pytest.param(OFFICE, "2026-11-23T08:00:00+01:00", "open", id="eight sharp"),
        pytest.param(OFFICE, "2026-11-23T08:00:00+00:00", "open", id="eight in London is nine in Berlin"),
        pytest.param(OFFICE, "2026-11-23T17:59:59+01:00", "open", id="a second before six in the evening"),
        pytest.param(OFFICE, "2026-11-23T18:00:00+01:00", "closed", id="six sharp in the evening"),
        pytest.param(OFFICE, "2026-11-22T12:00:00+01:00", "closed", id="noon on a Sunday"),
        pytest.param(NIGHT, "2026-11-23T23:30:00+01:00", "open", id="before midnight"),
        pytest.param(NIGHT, "2026-11-24T05:59:00+01:00", "open", id="after midnight"),
        pytest.param(NIGHT, "2026-11-24T06:00:00+01:00", "closed", id="the morning"),
        pytest.param(WEEKEND, "2026-11-22T12:00:00+01:00", "open", id="noon on a Sunday, open since Friday"),
        pytest.param(WEEKEND, "2026-11-23T12:00:00+01:00", "closed", id="noon on a Monday"),
        pytest.param(("0 8 * * *", "0 8 * * *"), "2026-11-23T08:00:00+01:00", "closed", id="opens and closes at once"),
    ],
)
def test_a_window_is_open_from_its_start_to_its_end(window: tuple[str, str], now: str, state: str) -> None:
    assert berlin(window, now) == state


@pytest.mark.parametrize(
    ("now", "state"),
    [
        pytest.param("2026-11-23T07:49:59+01:00", "closed", id="601 s before, with a lead time of 600 s"),
        pytest.param("2026-11-23T07:50:00+01:00", "opening", id="600 s before"),
        pytest.param("2026-11-23T07:59:59+01:00", "opening", id="1 s before"),
        pytest.param("2026-11-23T08:00:00+01:00", "open", id="at the start"),
        pytest.param("2026-11-20T18:00:00+01:00", "closed", id="on Friday evening, Monday is far"),
    ],
)
def test_a_window_counts_one_lead_time_before_it_opens(now: str, state: str) -> None:
    assert berlin(OFFICE, now, LEAD) == state


@pytest.mark.parametrize(
    ("window", "now", "state"),
    [
        pytest.param(OFFICE, "2026-03-27T07:00:00+00:00", "open", id="in winter eight is 07:00 UTC"),
        pytest.param(OFFICE, "2026-03-30T05:59:00+00:00", "closed", id="a minute before 06:00 UTC"),
        pytest.param(OFFICE, "2026-03-30T06:00:00+00:00", "open", id="in summer eight is 06:00 UTC"),
        pytest.param(NIGHT, "2026-03-29T03:59:59+00:00", "open", id="the short night ends at 04:00 UTC, not before"),
        pytest.param(NIGHT, "2026-03-29T04:00:00+00:00", "closed", id="the short night is 7 hours long"),
        pytest.param(("30 2 * * *", "0 6 * * *"), "2026-03-29T01:59:59+01:00", "closed", id="before the gap"),
        pytest.param(("30 2 * * *", "0 6 * * *"), "2026-03-29T03:00:00+02:00", "open", id="02:30 runs after the gap"),
        pytest.param(("0 22 * * *", "30 2 * * *"), "2026-03-29T01:59:59+01:00", "open", id="open up to the gap"),
        pytest.param(("0 22 * * *", "30 2 * * *"), "2026-03-29T03:00:00+02:00", "closed", id="closed after the gap"),
    ],
)
def test_spring_the_clock_jumps_from_two_to_three(window: tuple[str, str], now: str, state: str) -> None:
    assert berlin(window, now) == state


@pytest.mark.parametrize(
    ("window", "now", "state"),
    [
        pytest.param(NIGHT, "2026-10-24T20:00:00+00:00", "open", id="in summer 22:00 is 20:00 UTC"),
        pytest.param(NIGHT, "2026-10-25T02:30:00+02:00", "open", id="the first half past two"),
        pytest.param(NIGHT, "2026-10-25T02:30:00+01:00", "open", id="the second half past two"),
        pytest.param(NIGHT, "2026-10-25T04:59:59+00:00", "open", id="the long night lasts until 05:00 UTC"),
        pytest.param(NIGHT, "2026-10-25T05:00:00+00:00", "closed", id="the long night is 9 hours long"),
        pytest.param(("0 2 * * *", "0 3 * * *"), "2026-10-25T02:00:00+01:00", "open", id="two to three is two hours"),
        pytest.param(("0 22 * * *", "30 2 * * *"), "2026-10-25T02:29:59+02:00", "open", id="before the first 02:30"),
        pytest.param(("0 22 * * *", "30 2 * * *"), "2026-10-25T02:30:00+02:00", "closed", id="at the first 02:30"),
        pytest.param(("0 22 * * *", "30 2 * * *"), "2026-10-25T02:45:00+01:00", "closed", id="after the second 02:30"),
    ],
)
def test_autumn_the_clock_falls_back_from_three_to_two(window: tuple[str, str], now: str, state: str) -> None:
    assert berlin(window, now) == state


@pytest.mark.parametrize(
    ("window", "state"),
    [
        pytest.param(("0 22 * * *", "30 2 * * *"), "closed", id="it ended at the first 02:30 and must not open again"),
        pytest.param(("30 2 * * *", "0 6 * * *"), "open", id="it opened at the first 02:30 and must not close again"),
    ],
)
def test_autumn_what_happened_in_the_first_hour_holds_in_the_second(window: tuple[str, str], state: str) -> None:
    assert berlin(window, "2026-10-25T02:10:00+01:00") == state


def test_autumn_the_last_match_is_never_in_the_future() -> None:
    hourly = Schedule("s", "Europe/Berlin", "0 * * * *", "30 1 * * *", low=5)
    now = at("2026-10-25T02:59:30+02:00")
    assert [item.opens_at for item in open_schedules((hourly,), now, 0.0)] == [at("2026-10-25T02:00:00+02:00")]


def test_the_order_of_the_list_is_kept_and_closed_ones_are_left_out() -> None:
    names = (("late", NIGHT), ("office", OFFICE), ("always", ("0 0 * * *", "59 23 * * *")))
    schedules = tuple(Schedule(name, "Europe/Berlin", *window, low=1) for name, window in names)
    found = open_schedules(schedules, at("2026-11-23T12:00:00+01:00"), 0.0)
    assert [item.schedule.name for item in found] == ["office", "always"]


CHANGES = {
    "spring": "2026-03-29T00:00:00+00:00",
    "autumn": "2026-10-25T00:00:00+00:00",
    "none": "2026-11-23T07:00:00+00:00",
}
EXPRESSIONS = ("0 * * * *", "30 2 * * *", "*/7 1-3 * * *", "15 */2 * * SUN", "0 0 1 * *", "* * * * *", "59 1,2 29 3 *")


@pytest.mark.parametrize("begin", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("cron", EXPRESSIONS)
def test_what_is_remembered_of_a_cron_is_what_a_walk_from_scratch_finds(cron: str, begin: str) -> None:
    """Every five minutes for four hours in which a clock may change, to either side, then back to the beginning."""
    steps = (at(begin) + 300.0 * step + second for step in range(48) for second in (-1, 0))
    for now in [*steps, at(begin)]:
        walked = _Clock(cron, ZoneInfo("Europe/Berlin")).around(now)
        assert matches_around(cron, "Europe/Berlin", now) == walked
        assert walked[0] <= now < walked[1]
