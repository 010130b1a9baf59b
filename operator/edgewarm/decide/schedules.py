"""Recurring windows: a schedule is open from each match of `start` to the next match of `end`, in its own time zone.

Cron follows Debian's across daylight saving changes (cronsim): a time that is skipped runs right after the gap, a time
that happens twice runs once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

from edgewarm.model.policy import Schedule

LONGEST_FOLD_SECONDS = 7200.0  # wall clocks repeat at most this much: search from outside, compare in Unix time


@dataclass(frozen=True, slots=True)
class OpenSchedule:
    """A schedule that counts now: `open_now`, or opening at `opens_at` within the lead time."""

    schedule: Schedule
    open_now: bool
    opens_at: float


def last_match(cron: str, zone: ZoneInfo, now: float) -> float:
    """The latest time <= now (whole minutes) that the expression matches."""
    later = datetime.fromtimestamp(now + LONGEST_FOLD_SECONDS, UTC).astimezone(zone)
    matches = (match.timestamp() for match in CronSim(cron, later, reverse=True))
    return float(next(at for at in matches if at <= now))


def next_match(cron: str, zone: ZoneInfo, now: float) -> float:
    """The earliest time > now that the expression matches."""
    earlier = datetime.fromtimestamp(now - LONGEST_FOLD_SECONDS, UTC).astimezone(zone)
    matches = (match.timestamp() for match in CronSim(cron, earlier))
    return float(next(at for at in matches if at > now))


def open_schedules(schedules: tuple[Schedule, ...], now: float, lead_seconds: float) -> tuple[OpenSchedule, ...]:
    """Those that are open now or open before a pod decided now is ready."""
    found = []
    for schedule in schedules:
        zone = ZoneInfo(schedule.time_zone)
        started = last_match(schedule.start, zone, now)
        if started > last_match(schedule.end, zone, now):
            found.append(OpenSchedule(schedule, True, started))
            continue
        opens_at = next_match(schedule.start, zone, now)
        if opens_at <= now + lead_seconds:
            found.append(OpenSchedule(schedule, False, opens_at))
    return tuple(found)
