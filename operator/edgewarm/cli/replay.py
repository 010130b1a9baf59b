"""`edgewarm replay`: the operator over a recorded demand, beside what others ship."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgewarm.cli.options import (
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
    from edgewarm.cli.replaying import Prepared

Capacity = Annotated[
    str, typer.Option(help="Demand that one ready pod serves, or auto: p99.5 of the training part is 25 pods.")
]
LeadTime = Annotated[str, typer.Option(help="What a pod takes to be ready, such as 120s.")]
Sigma = Annotated[
    float, typer.Option(min=0.0, max=2.0, help="Spread of a log-normal lead time with that median; 0 is fixed.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of the drawn lead times.")]
Kappa = Annotated[str, typer.Option(help="Cost of a short pod-minute in idle ones; several: 3,10,30.")]
Least = Annotated[int | None, typer.Option(min=0, help="Least pods, for everyone, without --policy. (default: 1)")]
Most = Annotated[int | None, typer.Option(min=1, help="Most pods, for everyone, without --policy. (default: 1000)")]
Spec = Annotated[Path | None, typer.Option(help="WarmingPolicy (YAML) to replay, instead of the defaults.")]
Baselines = Annotated[str, typer.Option(help="Peers to compare with: all, none, or names.")]
Pass = Annotated[str, typer.Option("--pass", help="Time between passes; default: one a step, at least one a minute.")]
ColdShare = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="Share of demand that may meet no ready pod, for the advice.")
]
Price = Annotated[float | None, typer.Option(min=0.0, max=1e9, help="What a pod-hour costs.")]
Plan = Annotated[Path | None, typer.Option(help="Write time,demand,wanted,ready here (of the first kappa).")]
Report = Annotated[Path | None, typer.Option(help="Write a self-contained HTML page here.")]


def replay(  # noqa: PLR0913 - one parameter per option
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
    capacity_per_pod: Capacity = "",
    lead_time: LeadTime = "120s",
    lead_time_sigma: Sigma = 0.0,
    seed: Seed = 1,
    kappa: Kappa = "",
    min_replicas: Least = None,
    max_replicas: Most = None,
    policy: Spec = None,
    baselines: Baselines = "all",
    train: Train = None,
    pass_interval: Pass = "",
    cold_share: ColdShare = 0.01,
    pod_hour_price: Price = None,
    json_file: JsonFile = None,
    plan: Plan = None,
    report: Report = None,
) -> None:
    """Replay a recorded demand: what the operator would have held, what that cost, and what peers would have."""
    from edgewarm.cli import replaying
    from edgewarm.replay.given import Given, read_given

    with sentences():
        columns = (time_column, value_column, tuple(where or ()))
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
        found = read_given(Given(trace, step, *columns, counter, prometheus, query, start, end), time.time())
        into = {"--json": json_file, "--plan": plan, "--report": report}
        _run(replaying.prepared(found, options), into, {"TRACE": trace, "--policy": policy})


def _run(prepared: Prepared, into: Mapping[str, Path | None], read: Mapping[str, Path | None]) -> None:
    from edgewarm.cli import replaying

    with outputs(into, read) as files:
        outcome = replaying.run(prepared, say)
        replaying.write(outcome, files)
    typer.echo(replaying.text(outcome))


def say(line: str) -> None:
    """Progress goes where it does not disturb the table."""
    typer.echo(line, err=True)
