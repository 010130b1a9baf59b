"""Text to numbers and Unix seconds: times as ISO 8601 or as Unix seconds, milli-, micro- or nanoseconds.

A number's unit is told from its size: above 1e11 it cannot be seconds (that is the year 5138), above 1e14 not
milliseconds, above 1e17 not microseconds. An ISO time without an offset is taken as UTC.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

UNKNOWN = frozenset({"", "nan", "null", "none", "na", "n/a", "-", "?"})
"""How files spell a value that is not there, in any case."""

UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))


def is_number(text: str) -> bool:
    """Whether a field is a number, or says that there is none."""
    return number(text) is not None


def number(text: str) -> float | None:
    """The number (NaN where the text says that there is none); None where the text is something else."""
    if text.casefold() in UNKNOWN:
        return math.nan
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def is_moment(text: str) -> bool:
    """Whether a field is an ISO time."""
    return moment(text) is not None


def moment(text: str) -> tuple[float, bool] | None:
    """Unix seconds of an ISO time and whether it was naive; None where the text is none. Slashes count as dashes."""
    try:
        found = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    if len(text) < len("2026-01-01"):
        return None  # fromisoformat reads 20260101 too, which is a number
    naive = found.tzinfo is None
    return (found.replace(tzinfo=UTC) if naive else found).timestamp(), naive


def unix_unit(typical: float) -> float:
    """How many of the unit of a numeric time make a second."""
    return next((parts for least, parts in UNITS if abs(typical) > least), 1.0)
