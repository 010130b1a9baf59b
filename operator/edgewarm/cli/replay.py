"""`edgewarm replay`: the operator over a recorded demand, beside what others ship."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgewarm.model.errors import EdgewarmError, Invalid

if TYPE_CHECKING:
    from edgewarm.replay.trace import Trace


Recorded = Annotated[Path, typer.Argument(help="CSV of demand: a time and a value in each row (.csv, .csv.gz).")]
Capacity = Annotated[
    str, typer.Option(help="Demand that one ready pod serves, or auto: p99.5 of the training part is 25 pods.")
]
LeadTime = Annotated[str, typer.Option(help="What a pod takes to be ready, such as 120s.")]
Sigma = Annotated[
    float, typer.Option(min=0.0, max=2.0, help="Spread of a log-normal lead time with that median; 0 is fixed.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of the drawn lead times.")]
Kappa = Annotated[str, typer.Option(help="Cost of a short pod-minute in idle ones; several: 3,10,30.")]
Least = Annotated[int, typer.Option(min=0, help="Least pods, for everyone, without --policy.")]
Most = Annotated[int, typer.Option(min=1, help="Most pods, for everyone, without --policy.")]
Spec = Annotated[Path | None, typer.Option(help="WarmingPolicy (YAML) to replay, instead of the defaults.")]
Baselines = Annotated[str, typer.Option(help="Peers to compare with: all, none, or names.")]
Train = Annotated[str, typer.Option(help="What comes before the test span, such as 7d or 36h.")]
Pass = Annotated[str, typer.Option("--pass", help="Time between passes; default: one a step, at least one a minute.")]
ColdShare = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="Share of demand that may meet no ready pod, for the advice.")
]
Price = Annotated[float | None, typer.Option(min=0.0, help="What a pod-hour costs.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write all numbers here.")]
Plan = Annotated[Path | None, typer.Option(help="Write time,demand,wanted,ready here (of the first kappa).")]
Report = Annotated[Path | None, typer.Option(help="Write a self-contained HTML page here.")]


def replay(  # noqa: PLR0913 - one parameter per option
    trace: Recorded,
    capacity_per_pod: Capacity = "",
    lead_time: LeadTime = "120s",
    lead_time_sigma: Sigma = 0.0,
    seed: Seed = 1,
    kappa: Kappa = "",
    min_replicas: Least = 1,
    max_replicas: Most = 1000,
    policy: Spec = None,
    baselines: Baselines = "all",
    train: Train = "7d",
    pass_interval: Pass = "",
    cold_share: ColdShare = 0.01,
    pod_hour_price: Price = None,
    json_out: Json = None,
    plan: Plan = None,
    report: Report = None,
) -> None:
    """Replay a recorded demand: what the operator would have held, what that cost, and what peers would have."""
    from edgewarm.cli import replaying

    try:
        options = replaying.Options(
            capacity=capacity_per_pod,
            starts=(lead_time, lead_time_sigma, seed),
            kappas=kappa,
            replicas=(min_replicas, max_replicas),
            policy=policy,
            baselines=baselines,
            train=train,
            pass_interval=pass_interval,
            cold_share=cold_share,
            pod_hour_price=pod_hour_price,
        )
        outcome = replaying.run(read_trace(trace), options, say)
        replaying.write(outcome, json_out, plan, report)
        typer.echo(replaying.text(outcome))
    except EdgewarmError as error:
        typer.echo(f"edgewarm: {error}", err=True)
        raise typer.Exit(2) from error


def say(line: str) -> None:
    """Progress goes where it does not disturb the table."""
    typer.echo(line, err=True)


def read_trace(path: Path) -> Trace:
    """The recorded demand. To be replaced by `edgewarm.replay.reading.read_csv`."""
    import csv
    import gzip
    from datetime import UTC, datetime

    import numpy as np

    from edgewarm.replay.trace import Trace

    def unix(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()

    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found = sorted(
            (unix(row[0]), float(row[1] or "nan")) for row in list(csv.reader(data.decode().splitlines()))[1:]
        )
    except (OSError, ValueError, IndexError) as error:
        raise Invalid(
            f"TRACE {path} cannot be read ({error}): give a CSV with a time and a value in each row"
        ) from error
    if len(found) < 2:
        raise Invalid(f"TRACE {path} has {len(found)} rows: give at least two")
    times, values = np.array(found).T
    step = float(np.median(np.diff(times)))
    steps = np.round(times / step).astype(np.int64)
    grid = np.full(int(steps[-1] - steps[0]) + 1, np.nan)
    grid[steps - steps[0]] = values
    return Trace(path.name.removesuffix(".gz").removesuffix(".csv"), step, int(steps[0]), grid)
