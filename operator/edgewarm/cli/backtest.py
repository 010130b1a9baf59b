"""`edgewarm backtest`: how good the forecast would have been on a recorded series."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgewarm.cli.options import (
    FORECAST,
    OUTPUT,
    Counter,
    End,
    JsonFile,
    Query,
    Start,
    Step,
    TimeColumn,
    TraceFile,
    Train,
    Url,
    ValueColumn,
    Where,
    outputs,
    sentences,
)

if TYPE_CHECKING:
    from edgewarm.replay.backtest import Settings
    from edgewarm.replay.trace import Trace

Horizons = Annotated[str, typer.Option(help="Steps ahead, or spans such as 5m,24h.", rich_help_panel=FORECAST)]
Levels = Annotated[str, typer.Option(help="Quantile levels that are scored.", rich_help_panel=FORECAST)]
Rivals = Annotated[
    str,
    typer.Option(help="Libraries beside the naive rules: holtwinters,arima,autotheta,dot.", rich_help_panel=FORECAST),
]
Every = Annotated[str, typer.Option(help="How often a library is fitted and judged.", rich_help_panel=FORECAST)]
ForecastFile = Annotated[
    Path | None,
    typer.Option(
        help="Write every forecast to this CSV: issued_at,horizon_steps,quantile,value,actual.", rich_help_panel=OUTPUT
    ),
]


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
    horizons: Horizons = "1,5,15,60",
    quantiles: Levels = ".5,.75,.9,.95,.99",
    train: Train = None,
    rivals: Rivals = "",
    rivals_every: Every = "365m",
    json_file: JsonFile = None,
    forecasts: ForecastFile = None,
) -> None:
    """Forecast a recorded series step by step, never looking ahead, and score it against naive rivals."""
    from edgewarm.replay.backtest import Settings
    from edgewarm.replay.given import Given, read_given
    from edgewarm.replay.libraries import names_of
    from edgewarm.replay.spans import levels_of, seconds_of, steps_of

    with sentences():
        columns = (time_column, value_column, tuple(where or ()))
        found = read_given(Given(trace, step, *columns, counter, prometheus, query, start, end), time.time())
        settings = Settings(
            steps_of(horizons, found.step_seconds, "--horizons"),
            levels_of(quantiles, "--quantiles"),
            None if train is None else seconds_of(train, "--train"),
            names_of(rivals, "--rivals"),
            seconds_of(rivals_every, "--rivals-every"),
        )
        _judge(found, settings, {"--json": json_file, "--forecasts": forecasts}, {"TRACE": trace})


def _judge(trace: Trace, settings: Settings, into: Mapping[str, Path | None], read: Mapping[str, Path | None]) -> None:
    """Run it with a bar of progress, then write and print what was found."""
    from edgewarm.replay.backtest import length, run
    from edgewarm.replay.outcome import ForecastRows, as_json, as_text
    from edgewarm.replay.rolling import nobody

    began, steps = time.monotonic(), length(trace, settings)
    with outputs(into, read) as files:
        scores, rows = files.get("--json"), files.get("--forecasts")
        sink = ForecastRows(rows, trace, settings).add if rows else nobody
        with typer.progressbar(length=steps, label="backtest", file=sys.stderr, update_min_steps=500) as bar:
            found = run(trace, settings, bar.update, sink)
        seconds = time.monotonic() - began
        if scores is not None:
            scores.write(json.dumps(as_json(found, seconds), indent=1, allow_nan=False) + "\n")
    typer.echo(as_text(found, seconds))
