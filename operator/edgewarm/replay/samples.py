"""The fields of two columns as numbers: times in Unix seconds, values with NaN for what is not known.

found                                   becomes
--------------------------------------  ------------------------------------------------
empty, NaN, null, `missing` is 1        unknown, with a note
infinite                                unknown, with a note
below zero                              unknown, with a note (a demand is never below 0)
other text                              refused, with line and column
a time that is none                     refused, with line and column
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray, IntArray
from edgewarm.replay.columns import EARLIEST_UNIX, Columns
from edgewarm.replay.errors import TraceError
from edgewarm.replay.moments import moment, number, unix_unit
from edgewarm.replay.table import Table

EARLIEST, LATEST = -2_208_988_800.0, 1e11
"""1900, and 5138: a larger number of seconds is read as milliseconds."""

LONGEST_SHOWN = 64
FALSE = frozenset({"", "0", "0.0", "false", "no"})


@dataclass(frozen=True)
class Samples:
    """`times` (n,) in the order of the file, `values` (n,), `lines` (n,) of the file; `notes` on what was mended."""

    times: FloatArray
    values: FloatArray
    lines: IntArray
    notes: tuple[str, ...] = ()


def samples(table: Table, chosen: Columns, step_seconds: float | None) -> Samples:
    """The columns as numbers; without a time column row i is at i x `step_seconds`."""
    lines = np.array(table.lines(), dtype=np.int64)
    values, notes = _values(table, chosen, lines)
    if chosen.time is not None:
        times, time_notes = _times(table, chosen.time)
        _check_times(table, chosen.time, times)
        return Samples(times, values, lines, (*time_notes, *notes))
    if step_seconds is None:
        raise TraceError(f"{table.file}: has no column of times ({table.names()}): name it with --time, or say --step")
    begin = "There is no column of times: each row is a step, the first one at 1970-01-01T00:00:00Z."
    return Samples(np.arange(len(lines), dtype=np.float64) * step_seconds, values, lines, (begin, *notes))


def _values(table: Table, chosen: Columns, lines: IntArray) -> tuple[FloatArray, list[str]]:
    name, texts = table.header[chosen.value], table.column(chosen.value)
    found = [number(text) for text in texts]
    if None in found:
        bad = found.index(None)
        comma = "write a decimal point" if number(texts[bad].replace(",", ".")) is not None else "correct it"
        what = f"{texts[bad]!r} is not a number: {comma}, or leave it empty where nothing is known"
        raise TraceError(f"{table.file}: line {lines[bad]}, column {name}: {what}")
    values = np.array(found, dtype=np.float64)
    notes: list[str] = []
    _note(np.isnan(values), lines, "without a value", notes)
    if chosen.missing is not None:
        marked = np.array([text.casefold() not in FALSE for text in table.column(chosen.missing)])
        _forget(values, marked & ~np.isnan(values), lines, "marked as missing", notes)
    _forget(values, np.isinf(values), lines, "with an infinite value", notes)
    return values, notes


def without_negative(values: FloatArray, lines: IntArray) -> tuple[FloatArray, list[str]]:
    """Negative values as unknown, with the note that says so."""
    notes: list[str] = []
    kept = values.copy()
    _forget(kept, kept < 0, lines, "below 0, which a demand never is", notes)
    return kept, notes


def counted(count: int, thing: str) -> str:
    """1 row, 2 rows."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _forget(values: FloatArray, where: BoolArray, lines: IntArray, what: str, notes: list[str]) -> None:
    _note(where, lines, what, notes)
    values[where] = np.nan


def _note(where: BoolArray, lines: IntArray, what: str, notes: list[str]) -> None:
    count = int(where.sum())
    if count:
        first = lines[int(np.argmax(where))]
        notes.append(f"Counted as unknown: {counted(count, 'row')} {what} (first: line {first}).")


def _times(table: Table, column: int) -> tuple[FloatArray, tuple[str, ...]]:
    texts = table.column(column)
    first = number(texts[0])
    if first is not None and np.isfinite(first):
        times = _numeric_times(table, column, texts)
        return times, _early(table.header[column], times)
    found = [moment(text) for text in texts]
    if None in found:
        raise _no_time(table, column, found.index(None), "an ISO 8601 time such as 2026-11-22T08:05:00Z")
    pairs = [pair for pair in found if pair is not None]
    naive = any(without_zone for _, without_zone in pairs)
    notes = ("Times without a zone are read as UTC.",) if naive else ()
    return np.array([at for at, _ in pairs]), notes


def _early(name: str, times: FloatArray) -> tuple[str, ...]:
    """Numbers that small may count from any beginning, or be no times at all."""
    if float(times.max()) >= EARLIEST_UNIX:
        return ()
    return (f"Column {name} is read as seconds from 1970-01-01T00:00:00Z: if it has no times, name another by --time.",)


def _check_times(table: Table, column: int, times: FloatArray) -> None:
    """A time that no calendar has would be a gap of centuries, or more steps than there are numbers."""
    far = (times < EARLIEST) | (times > LATEST)
    if far.any():
        raise _no_time(table, column, int(np.argmax(far)), "a time from 1900 to 5138")


def _numeric_times(table: Table, column: int, texts: Sequence[str]) -> FloatArray:
    found = [number(text) for text in texts]
    times = np.array([np.nan if value is None else value for value in found])
    if not np.isfinite(times).all():
        raise _no_time(table, column, int(np.argmin(np.isfinite(times))), "Unix seconds such as 1700000000")
    result: FloatArray = times / unix_unit(float(np.median(times)))
    return result


def _no_time(table: Table, column: int, row: int, wanted: str) -> TraceError:
    line, fields = table.rows[row]
    where = f"{table.file}: line {line}, column {table.header[column]}"
    shown = fields[column] if len(fields[column]) <= LONGEST_SHOWN else f"{fields[column][:LONGEST_SHOWN]}..."
    return TraceError(f"{where}: {shown!r} is not {wanted}: correct or remove the line")
