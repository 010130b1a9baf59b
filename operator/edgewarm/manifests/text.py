"""Numbers as people read them in a status: short, with their unit, never more digits than are known."""

from __future__ import annotations

import math
from decimal import Decimal

from edgewarm.model.units import format_quantity

_GIB, _MIB = 2**30, 2**20
_MOST_PODS = 2**31 - 1


def short_number(value: float) -> str:
    """Three significant digits, all digits of a whole number: 310, 12.3, 0.4, 12346."""
    size = abs(value)
    if size < 1e-9:
        return "0"
    if size >= 1e15:
        return f"{value:.3g}"
    decimals = max(0, 2 - math.floor(math.log10(size)))
    return format_quantity(Decimal(f"{value:.{decimals}f}"))


def pods(count: int) -> int:
    """A pod count that fits the API, however wild the demand was that it came from."""
    return min(count, _MOST_PODS)


def percent(share: float) -> str:
    """A share as 93%; one decimal within a point of 0 and 100, so that neither is claimed too soon."""
    points = share * 100
    near_an_end = 0 < abs(points) < 1 or 99 < points < 100
    text = format_quantity(Decimal(f"{points:.1f}")) if near_an_end else f"{points:.0f}"
    return f"{'0' if text == '-0' else text}%"


def short_duration(seconds: float) -> str:
    """Two units at most, as the AGE column of kubectl: 62s, 2m5s, 14m, 1h30m, 2d."""
    whole = round(seconds)
    minutes, hours = whole // 60, whole // 3600
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return f"{minutes}m{whole % 60}s" if whole % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m" if hours < 1 else f"{hours}h{minutes % 60}m"
    return f"{hours}h" if hours < 48 else f"{hours // 24}d"


def cpu_quantity(cores: float) -> str:
    """Whole cores as 4, parts of a core as 1500m."""
    thousandths = round(cores * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def memory_quantity(size: float) -> str:
    """Bytes as 16Gi where that is exact, else rounded down to 512Mi."""
    whole = int(size)
    return f"{whole // _GIB}Gi" if whole % _GIB == 0 and whole else f"{whole // _MIB}Mi"


def clipped(text: str, limit: int) -> str:
    """At most `limit` characters, so that a long message never makes the API server refuse the whole status."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def present(**fields: object) -> dict[str, object]:
    """The fields that are known; None means absent, never null."""
    return {name: value for name, value in fields.items() if value is not None}
