"""Which column of a table is the time and which the demand: by option, by name, else by what the fields look like."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgewarm.replay.errors import TraceError
from edgewarm.replay.moments import is_moment, number
from edgewarm.replay.table import Table

TIME_PREFIXES = ("time", "date", "unix")
TIME_NAMES = frozenset({"ts", "ds", "t", "at", "minute", "hour", "datetime"})
VALUE_NAMES = ("value", "y", "demand", "requests", "count", "invocations", "sessions", "users", "load", "rate", "rps")
MARKS = frozenset({"missing", "label", "anomaly", "is_anomaly"})
"""Columns that say something about a row; `missing` is heeded, labels of anomalies are not: they are demand too."""

LOOK = 50  # rows that are looked at
EARLIEST_UNIX = 1e8  # 1973: a rising column of larger numbers is a time


@dataclass(frozen=True)
class Columns:
    """Indexes; `time` None: rows are steps. `missing` marks rows whose value is not one."""

    time: int | None
    value: int
    missing: int | None


def columns(table: Table, time: str | None, value: str | None) -> Columns:
    """The columns to read; TraceError names what there is to choose from."""
    at = table.index(time, "--time") if time is not None else _time(table)
    missing = next((i for i, name in enumerate(table.header) if name.casefold() == "missing"), None)
    if value is not None:
        found = table.index(value, "--value")
        if found == at:
            raise TraceError(f"{table.file}: --value: column {value!r} is the time: choose one of {table.names()}")
    else:
        found = _value(table, at)
    return Columns(at, found, missing if missing != found else None)


def _time(table: Table) -> int | None:
    for index, name in enumerate(table.header):
        folded = name.casefold()
        if folded in TIME_NAMES or folded.startswith(TIME_PREFIXES):
            return index
    first = table.column(0)[:LOOK]
    if all(is_moment(text) for text in first) or (len(table.header) > 1 and _rises_like_time(first)):
        return 0
    return None


def _rises_like_time(texts: list[str]) -> bool:
    numbers = [number(text) for text in texts]
    known = [value for value in numbers if value is not None and value >= EARLIEST_UNIX]
    return len(known) == len(numbers) and known == sorted(known)


def _value(table: Table, time: int | None) -> int:
    left = [i for i, name in enumerate(table.header) if i != time and name.casefold() not in MARKS]
    by_name = {table.header[index].casefold(): index for index in reversed(left)}
    named = [by_name[name] for name in VALUE_NAMES if name in by_name]
    candidates = named[:1] or (left if len(left) == 1 else [i for i in left if _is_numeric(table, i)])
    if len(candidates) != 1:
        what = "several columns could be" if candidates else "no column looks like"
        raise TraceError(f"{table.file}: {what} the demand: name one with --value: {table.names()}")
    return candidates[0]


def _is_numeric(table: Table, index: int) -> bool:
    numbers = [number(text) for text in table.column(index)[:LOOK]]
    return None not in numbers and any(value is not None and not math.isnan(value) for value in numbers)
