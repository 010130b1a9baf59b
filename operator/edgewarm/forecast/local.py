"""How far local time is ahead of UTC at a step, by the IANA time zone that a series follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from edgewarm.model.demand import IntArray

QUARTER = timedelta(minutes=15)


@lru_cache(maxsize=4096)
def _seconds(zone: str, quarter: int) -> float:
    """Clocks change on a quarter of an hour, everywhere and since long."""
    at = datetime.fromtimestamp(0, UTC) + quarter * QUARTER
    return (at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds()


def offsets(zones: Sequence[str], step: int, step_seconds: float) -> IntArray:
    """Steps (N,) by which the local time of each row is ahead of UTC in this step."""
    quarter = int(step * step_seconds // QUARTER.total_seconds())
    known = {zone: round(_seconds(zone, quarter) / step_seconds) for zone in set(zones)}
    return np.array([known[zone] for zone in zones], dtype=np.int64)
