"""A CSV file to a trace: found columns, parsed fields, a regular grid, and notes on all that was mended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgewarm.replay.columns import Columns, columns
from edgewarm.replay.errors import TraceError
from edgewarm.replay.moments import is_moment, is_number
from edgewarm.replay.regular import regular
from edgewarm.replay.samples import Samples, samples
from edgewarm.replay.table import Table, read_table
from edgewarm.replay.trace import Trace


@dataclass(frozen=True)
class ReadingOptions:
    """How to read a file: columns by name, seconds of a step (None: the median difference), and what values are.

    `where` keeps only rows whose column has that text: a file with many series has one trace for each.
    """

    time: str | None = None
    value: str | None = None
    step_seconds: float | None = None
    counter: bool = False
    where: tuple[tuple[str, str], ...] = ()


DEFAULT = ReadingOptions()


def read_csv(path: Path, options: ReadingOptions = DEFAULT) -> Trace:
    """The trace in a `.csv` or `.csv.gz`; TraceError with file, line, column and the fix where there is none."""
    table = _chosen_rows(read_table(path), options.where)
    wide = _wide(table)
    if wide is not None and options.value is None:
        table, chosen = _turned(table, wide), Columns(None, 0, None)
    else:
        chosen = columns(table, options.time, options.value)
    found = samples(table, chosen, options.step_seconds)
    _check_one_series(table, chosen, found)
    trace = regular(str(path), found, options.step_seconds, options.counter)
    return replace(trace, notes=(*_odd_names(table, chosen), *trace.notes))


def _odd_names(table: Table, chosen: Columns) -> list[str]:
    """Where a column is called as what it holds, the line of names was perhaps the first row: text hides that."""
    used = [index for index in (chosen.time, chosen.value) if index is not None]
    odd = [table.header[index] for index in used if table.header[index] != str(index + 1)]
    odd = [name for name in odd if name and (is_number(name) or is_moment(name))]
    if not odd:
        return []
    return [
        f"The first line names the columns, and one is {odd[0]!r}: if that is a row, write a line of names above it."
    ]


def _check_one_series(table: Table, chosen: Columns, found: Samples) -> None:
    """Where every time comes twice or more, and rows say more than time and value, the file holds several series."""
    others = [name for i, name in enumerate(table.header) if i not in (chosen.time, chosen.value, chosen.missing)]
    distinct = len(np.unique(found.times))
    if others and 1 < distinct <= len(found.times) / 2:
        what = f"{len(found.times)} rows have {distinct} times, so there are several series"
        raise TraceError(f"{table.file}: {what}: choose one with --where COLUMN=TEXT, a column of {', '.join(others)}")


def _chosen_rows(table: Table, where: tuple[tuple[str, str], ...]) -> Table:
    for name, text in where:
        index = table.index(name, "--where")
        rows = tuple(item for item in table.rows if item[1][index] == text)
        if not rows:
            raise TraceError(f"{table.file}: --where {name}={text}: no row has that: check the spelling")
        table = Table(table.file, table.header, rows)
    return table


def _wide(table: Table) -> list[int] | None:
    """The columns of a table with one column per step, called n, n + 1, ...; None for any other table."""
    found = [index for index, name in enumerate(table.header) if name.isdecimal()]
    names = [int(table.header[index]) for index in found]
    if len(found) < 60 or names != list(range(names[0], names[0] + len(names))):
        return None
    return found


def _turned(table: Table, steps: list[int]) -> Table:
    """The one row of a wide table as a column."""
    if len(table.rows) != 1:
        others = ", ".join(name for name in table.header if not name.isdecimal())
        what = f"has a column per step and {len(table.rows)} rows"
        raise TraceError(f"{table.file}: {what}: choose one row with --where COLUMN=TEXT, a column of {others}")
    line, row = table.rows[0]
    return Table(table.file, ("value",), tuple((line, [row[index]]) for index in steps))
