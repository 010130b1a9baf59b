"""Spans of time as a command line gives them: Go durations, and days and weeks before them (7d, 2w, 1d12h, .5d)."""

from __future__ import annotations

import re
from decimal import Decimal

from edgewarm.model.units import parse_duration
from edgewarm.replay.errors import TraceError

_NUMBER = r"\d+\.?\d*|\.\d+"
_LONG = re.compile(rf"(?:({_NUMBER})w)?(?:({_NUMBER})d)?(.*)", re.ASCII)
DAY_SECONDS = 86_400
WEEK_SECONDS = 7 * DAY_SECONDS
LONGEST_SECONDS = 5000 * WEEK_SECONDS


def seconds_of(text: str, option: str) -> float:
    """Seconds (> 0) of a span such as 60s, 5m, 7d or 1d12h; TraceError that names `option` if it is none."""
    match = _LONG.fullmatch(text.strip())
    weeks, days, rest = match.groups() if match else (None, None, text)
    try:
        found = parse_duration(rest) if rest or not (weeks or days) else 0.0
    except ValueError as error:
        raise TraceError(f"{option}: not a span such as 60s, 5m, 24h or 7d: {text!r}") from error
    total = float(Decimal(weeks or 0) * WEEK_SECONDS + Decimal(days or 0) * DAY_SECONDS) + found
    if not 0 < total <= LONGEST_SECONDS:
        raise TraceError(f"{option}: must be longer than nothing and at most 5000w, got {text!r}")
    return total


def steps_of(text: str, step_seconds: float, option: str) -> tuple[int, ...]:
    """Rising horizons in steps from `1,5,15` (counts of steps) or `5m,24h` (spans, whole steps of them)."""
    found = {_steps(part.strip(), step_seconds, option) for part in text.split(",") if part.strip()}
    if not found:
        raise TraceError(f"{option}: name at least one, such as 1,5,15,60 (steps) or 5m,1h")
    return tuple(sorted(found))


def _steps(text: str, step_seconds: float, option: str) -> int:
    if re.fullmatch(r"\d+", text):
        if int(text) < 1:
            raise TraceError(f"{option}: a horizon is at least one step ahead, got {text}")
        return int(text)
    steps = seconds_of(text, option) / step_seconds
    if steps < 1 or abs(steps - round(steps)) > 1e-6:
        raise TraceError(f"{option}: {text} is no whole number of steps of {step_seconds:g} s: give a multiple of it")
    return round(steps)


def levels_of(text: str, option: str) -> tuple[float, ...]:
    """Rising quantile levels in (0, 1) from `.5,.9,.99`."""
    try:
        found = sorted({float(part) for part in text.split(",") if part.strip()})
    except ValueError as error:
        raise TraceError(f"{option}: levels are numbers such as .5,.9,.99, got {text!r}") from error
    if not found or not all(0 < level < 1 for level in found):
        raise TraceError(f"{option}: levels lie between 0 and 1, such as .5,.9,.99, got {text!r}")
    return tuple(found)
