"""`edgewarm backtest`: how good the forecast would have been on a recorded series."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from edgewarm.model.errors import EdgewarmError, Invalid

if TYPE_CHECKING:
    from edgewarm.replay.backtest import Settings
    from edgewarm.replay.trace import Trace

TRACE, PROMETHEUS, FORECAST, OUTPUT = "The trace", "From a Prometheus", "The forecast", "Output"

TraceFile = Annotated[
    Path | None, typer.Argument(metavar="[TRACE]", help="A .csv or .csv.gz file with a time and a value in each row.")
]
Step = Annotated[
    str | None,
    typer.Option(help="Length of a step, such as 60s or 5m. Default: as the file has it.", rich_help_panel=TRACE),
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
    str | None, typer.Option("--prometheus", metavar="URL", help="Instead of a file.", rich_help_panel=PROMETHEUS)
]
Query = Annotated[str | None, typer.Option(help="PromQL that answers one series.", rich_help_panel=PROMETHEUS)]
Start = Annotated[
    str | None,
    typer.Option(help="ISO time, Unix seconds or a span before --end. (default: 14d)", rich_help_panel=PROMETHEUS),
]
End = Annotated[str | None, typer.Option(help="The same. (default: now)", rich_help_panel=PROMETHEUS)]


@contextmanager
def _sentences() -> Iterator[None]:
    """What the user did wrong, as one sentence on stderr and exit code 2."""
    try:
        yield
    except EdgewarmError as error:
        typer.echo(f"edgewarm: {error}", err=True)
        raise typer.Exit(2) from error


@contextmanager
def _writing(path: Path, option: str) -> Iterator[IO[str]]:
    """A file for writing; a sentence where that cannot be."""
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise Invalid(f"{option}: {path} cannot be written ({error.strerror}): name another file") from error
    with file:
        yield file


def backtest(  # noqa: PLR0913 - one parameter per option
    trace: TraceFile = None,
    step: Step = None,
    time_column: TimeColumn = None,
    value_column: ValueColumn = None,
    where: Where = None,
    counter: Counter = False,
    prometheus: Url = None,
    query: Query = None,
    start: Start = None,
    end: End = None,
    horizons: Annotated[
        str, typer.Option(help="Steps ahead, or spans such as 5m,24h.", rich_help_panel=FORECAST)
    ] = "1,5,15,60",
    quantiles: Annotated[str, typer.Option(help="Levels that are scored.", rich_help_panel=FORECAST)] = (
        ".5,.75,.9,.95,.99"
    ),
    train: Annotated[
        str | None,
        typer.Option(
            help="First part, learned and not scored, such as 7d. (default: half, at most 7d)", rich_help_panel=FORECAST
        ),
    ] = None,
    rivals: Annotated[
        str, typer.Option(help="Libraries too: holtwinters,arima,autotheta,dot.", rich_help_panel=FORECAST)
    ] = "",
    rivals_every: Annotated[
        str, typer.Option(help="How often libraries are fitted and judged.", rich_help_panel=FORECAST)
    ] = "365m",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all scores to this file.", rich_help_panel=OUTPUT)
    ] = None,
    forecasts: Annotated[
        Path | None,
        typer.Option(
            help="Write every forecast to this CSV: issued_at,horizon_steps,quantile,value,actual.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
) -> None:
    """Forecast a recorded series step by step, never looking ahead, and score it against naive rivals."""
    from edgewarm.replay.backtest import Settings
    from edgewarm.replay.given import Given, read_given
    from edgewarm.replay.libraries import names_of
    from edgewarm.replay.spans import levels_of, seconds_of, steps_of

    with _sentences():
        where_pairs = tuple(where or ())
        given = Given(trace, step, time_column, value_column, where_pairs, counter, prometheus, query, start, end)
        found = read_given(given, time.time())
        settings = Settings(
            steps_of(horizons, found.step_seconds, "--horizons"),
            levels_of(quantiles, "--quantiles"),
            None if train is None else seconds_of(train, "--train"),
            names_of(rivals, "--rivals"),
            seconds_of(rivals_every, "--rivals-every"),
        )
        _judge(found, settings, json_file, forecasts)


def _judge(trace: Trace, settings: Settings, json_file: Path | None, forecasts: Path | None) -> None:
    """Run it with a bar of progress, then write and print what was found."""
    from edgewarm.replay.backtest import length, run
    from edgewarm.replay.outcome import ForecastRows, as_json, as_text
    from edgewarm.replay.rolling import nobody

    began, steps = time.monotonic(), length(trace, settings)
    with ExitStack() as files:
        scores = files.enter_context(_writing(json_file, "--json")) if json_file else None
        rows = files.enter_context(_writing(forecasts, "--forecasts")) if forecasts else None
        sink = ForecastRows(rows, trace, settings).add if rows else nobody
        with typer.progressbar(length=steps, label="backtest", file=sys.stderr, update_min_steps=500) as bar:
            found = run(trace, settings, bar.update, sink)
        seconds = time.monotonic() - began
        if scores is not None:
            scores.write(json.dumps(as_json(found, seconds), indent=1, allow_nan=False) + "\n")
    typer.echo(as_text(found, seconds))
