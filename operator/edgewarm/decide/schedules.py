"""Recurring windows: a schedule is open from each match of `start` to the next match of `end`, in its own time zone.

Cron follows Debian's across daylight saving changes (cronsim): a time that is skipped runs right after the gap, a time
that happens twice runs once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim

from edgewarm.model.policy import Schedule

LONGEST_FOLD_SECONDS = 7200.0  # wall clocks repeat at most this much: search from outside, compare in Unix time
MOST_CLOCKS = 16384  # remembered expressions: two for each of eight schedules of a thousand policies


@dataclass(frozen=True, slots=True)
class OpenSchedule:
    """A schedule that counts now: `open_now`, or opening at `opens_at` within the lead time."""

    schedule: Schedule
    open_now: bool
    opens_at: float


@dataclass(slots=True)
class _Clock:
    """The matches of one expression around the time that was asked for last: they hold until the next match."""

    cron: str
    zone: ZoneInfo
    last: float = float("inf")
    following: float = float("-inf")

    def around(self, now: float) -> tuple[float, float]:
        """(the latest match <= now, the earliest > now), in whole minutes."""
        if not self.last <= now < self.following:
            self.last, self.following = self._last(now), self._following(now)
        return self.last, self.following

    def _wall(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone)

    def _margin(self, now: float) -> float:
        """Where no clock changes nearby, a minute outside is enough."""
        before, after = self._wall(now - LONGEST_FOLD_SECONDS), self._wall(now + LONGEST_FOLD_SECONDS)
        return 60.0 if before.utcoffset() == after.utcoffset() else LONGEST_FOLD_SECONDS

    def _last(self, now: float) -> float:
        later = self._wall(now + self._margin(now))
        matches = (match.timestamp() for match in CronSim(self.cron, later, reverse=True))
        return float(next(at for at in matches if at <= now))

    def _following(self, now: float) -> float:
        earlier = self._wall(now - self._margin(now))
        matches = (match.timestamp() for match in CronSim(self.cron, earlier))
        return float(next(at for at in matches if at > now))


@lru_cache(MOST_CLOCKS)
def _clock(cron: str, time_zone: str) -> _Clock:
    return _Clock(cron, ZoneInfo(time_zone))


def matches_around(cron: str, time_zone: str, now: float) -> tuple[float, float]:
    """(the latest match <= now, the earliest > now) of an expression; walked anew only when a match has passed."""
    return _clock(cron, time_zone).around(now)


def open_schedules(schedules: tuple[Schedule, ...], now: float, lead_seconds: float) -> tuple[OpenSchedule, ...]:
    """Those that are open now or open before a pod decided now is ready."""
    found = []
    for schedule in schedules:
        started, opens_at = matches_around(schedule.start, schedule.time_zone, now)
        ended, _ = matches_around(schedule.end, schedule.time_zone, now)
        if started > ended:
            found.append(OpenSchedule(schedule, True, started))
        elif opens_at <= now + lead_seconds:
            found.append(OpenSchedule(schedule, False, opens_at))
    return tuple(found)
