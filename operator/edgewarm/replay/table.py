"""A CSV file, plain or gzipped, as a header and rows that still know their lines.

The delimiter is the one of comma, semicolon and tab that the first line has most of. A first line whose fields are all
times or numbers is data: its columns are then called 1, 2, ...
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgewarm.replay.errors import TraceError
from edgewarm.replay.moments import is_moment, is_number

GZIP_MAGIC = b"\x1f\x8b"
DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Table:
    """`rows` pair the line number (from 1) with as many fields as `header` has names."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]

    def column(self, index: int) -> list[str]:
        return [row[index] for _, row in self.rows]

    def lines(self) -> list[int]:
        return [line for line, _ in self.rows]

    def index(self, name: str, option: str) -> int:
        """Where the column `name` (any case) stands; TraceError when it does not."""
        folded = [known.casefold() for known in self.header]
        if name.casefold() not in folded:
            raise TraceError(f"{self.file}: {option}: there is no column {name!r}: choose one of {self.names()}")
        return folded.index(name.casefold())

    def names(self) -> str:
        """The first columns, for a sentence."""
        shown = ", ".join(self.header[:8])
        return shown if len(self.header) <= 8 else f"{shown}, ... ({len(self.header)} in all)"


def read_table(path: Path) -> Table:
    """The rows of a CSV file; TraceError where there is no file, no text, no row or a row of another width."""
    lines = _text(path).splitlines()
    filled = [line for line in lines if line.strip()]
    if not filled:
        raise TraceError(f"{path}: is empty: give a file with a time and a value in each row")
    delimiter = max(DELIMITERS, key=filled[0].count)
    rows = list(_rows(str(path), lines, delimiter))
    header, body = (_numbered(rows), rows) if _is_data(rows[0][1]) else (_names(rows[0][1]), rows[1:])
    if not body:
        raise TraceError(f"{path}: has a header and no rows: give a file with a time and a value in each row")
    for line, row in body:
        if len(row) != len(header):
            fields = f"has {len(row)} fields where the header has {len(header)}"
            raise TraceError(f"{path}: line {line}: {fields}: complete or remove the line")
    return Table(str(path), header, tuple(body))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data
        return data.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TraceError(f"{path}: cannot be read ({why}): give a readable .csv or .csv.gz file") from error
    except UnicodeDecodeError as error:
        raise TraceError(f"{path}: is not UTF-8 text: save it as CSV in UTF-8") from error


def _rows(file: str, lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for row in reader:
            if row:
                yield reader.line_num, [field.strip() for field in row]
    except csv.Error as error:
        raise TraceError(f"{file}: line {reader.line_num}: {error}: correct or remove the line") from error


def _is_data(row: list[str]) -> bool:
    return all(is_number(field) or is_moment(field) for field in row)


def _names(row: list[str]) -> tuple[str, ...]:
    return tuple(row)


def _numbered(rows: list[tuple[int, list[str]]]) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, len(rows[0][1]) + 1))
