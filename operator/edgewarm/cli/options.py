"""Options that the commands over recorded demand share, and how they fail: one sentence, exit code 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from edgewarm.model.errors import EdgewarmError, Invalid

TRACE, PROMETHEUS, FORECAST, OUTPUT = "The trace", "From a Prometheus", "The forecast", "Output"

TraceFile = Annotated[
    Path | None, typer.Argument(metavar="TRACE", help="A .csv or .csv.gz file with a time and a value in each row.")
]
Step = Annotated[
    str | None,
    typer.Option(
        help="Length of a step, such as 60s or 5m. (default: as the file has it; 60s of a query)", rich_help_panel=TRACE
    ),
]
TimeColumn = Annotated[str | None, typer.Option("--time", help="Name of the time column.", rich_help_panel=TRACE)]
ValueColumn = Annotated[str | None, typer.Option("--value", help="Name of the demand's column.", rich_help_panel=TRACE)]
Where = Annotated[
    list[str] | None,
    typer.Option(help="COLUMN=TEXT: only rows that have it (many series in one file).", rich_help_panel=TRACE),
]
Counter = Annotated[
    bool, typer.Option("--counter", help="Values are a counter: take increases per second.", rich_help_panel=TRACE)
]
Url = Annotated[
    str | None,
    typer.Option("--prometheus", metavar="URL", help="Ask it instead of reading a file.", rich_help_panel=PROMETHEUS),
]
Query = Annotated[str | None, typer.Option(help="PromQL that answers one series.", rich_help_panel=PROMETHEUS)]
Start = Annotated[
    str | None,
    typer.Option(help="ISO time, Unix seconds or a span before --end. (default: 14d)", rich_help_panel=PROMETHEUS),
]
End = Annotated[str | None, typer.Option(help="The same, before now. (default: now)", rich_help_panel=PROMETHEUS)]
Train = Annotated[
    str | None,
    typer.Option(
        help="First part, learned and not scored, such as 7d. (default: half, at most 7d)", rich_help_panel=FORECAST
    ),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write all numbers to this file.", rich_help_panel=OUTPUT)
]


@contextmanager
def sentences() -> Iterator[None]:
    """What the user or the world did wrong, as one sentence on stderr and exit code 2."""
    try:
        yield
    except EdgewarmError as error:
        typer.echo(f"edgewarm: {error}", err=True)
        raise typer.Exit(2) from error


@contextmanager
def outputs(asked: Mapping[str, Path | None], read: Mapping[str, Path | None]) -> Iterator[Mapping[str, IO[str]]]:
    """The files that options name, open before the long work; Invalid where one cannot be, or is another's file too.

    What is `read` is not written over.
    """
    named = {path.resolve(): option for option, path in read.items() if path is not None}
    with ExitStack() as files:
        found = {}
        for option, path in asked.items():
            if path is None:
                continue
            other = named.setdefault(path.resolve(), option)
            if other != option and (path.is_file() or not path.exists()):
                raise Invalid(f"{option}: {path} is the file of {other} too: name another one")
            found[option] = files.enter_context(_writing(path, option))
        for file in found.values():  # not before all could be opened
            if file.seekable() and Path(file.name).is_file():
                file.truncate(0)
        yield found


@contextmanager
def _writing(path: Path, option: str) -> Iterator[IO[str]]:
    """A file for writing; Invalid where that cannot be."""
    try:
        file = path.open("a", encoding="utf-8", newline="")
    except OSError as error:
        raise Invalid(f"{option}: {path} cannot be written ({error.strerror}): name another file") from error
    with file:
        yield file
