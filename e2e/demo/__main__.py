"""`make demo`: set the scene, play the rise, write report.html."""

from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from controlplane.errors import ControlPlaneError
from demo.figures import figures
from demo.report import ROWS, Arm, Play, headline, html
from demo.scenario import OURS, PLACE, TWIN, Scenario, generated_scenario, raise_curtain, trace_scenario
from demo.watching import Record, status_of, watch
from rig.kubectl import KubectlError
from rig.recorder import Recorder
from rig.world import App, World, world

console = Console()
LATEST_START_SECONDS = 120.0  # before the rise: one start, one pass and one model step


def demo(
    trace: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="CSV or CSV.gz to replay in real time instead.")
    ] = None,
    report: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("report.html"),
    keep: Annotated[bool, typer.Option(help="Leave everything running at the end.")] = False,
) -> None:
    """The main job on a real control plane, live, in about six minutes."""
    scenes: list[Scenario] = []

    def make_apps(now: float) -> list[App]:
        scenes.append(trace_scenario(trace, now) if trace is not None else generated_scenario(now))
        console.print(f"demand: {scenes[0].origin}; Prometheus gets its past, then come chart and operator")
        return [scenes[0].app]

    console.print("[bold]edgewarm demo[/]: starting the control plane")
    try:
        with world("demo", make_apps, keep=keep) as here:
            play = _play(here, scenes[0])
    except (ControlPlaneError, KubectlError) as error:
        console.print(f"[red]{error}[/]")
        raise typer.Exit(1) from error
    report.write_text(html(play))
    _print_numbers(play)
    console.print(f"report: {report.resolve()}")
    if keep:
        _print_commands(here)


def _play(here: World, scenario: Scenario) -> Play:
    if time.time() > scenario.app.ramp_at - LATEST_START_SECONDS:
        raise ControlPlaneError("set-up took so long that the rise is too near: run it again, it is quicker now")
    raise_curtain(here, scenario)
    recorder = Recorder(here.cluster, [(PLACE, OURS), (PLACE, TWIN)])
    recorder.start()
    try:
        record = watch(here, scenario, recorder, console)
    finally:
        recorder.stop()
    return _played(here, scenario, recorder, record)


def _played(here: World, scenario: Scenario, recorder: Recorder, record: Record) -> Play:
    app = scenario.app
    started = max(_complete_at(recorder, name) for name in (OURS, TWIN))

    def arm(name: str, title: str) -> Arm:
        samples = [s for s in recorder.of(PLACE, name) if s.at >= started]
        return Arm(title, samples, figures(samples, app.curve, app.capacity))

    found = sorted(here.kubectl.list("scalingdecisions", PLACE), key=lambda d: d["metadata"]["creationTimestamp"])
    server = here.kubectl.run("version", "-o", "yaml")
    kubernetes = next((line.split()[-1] for line in reversed(server.splitlines()) if "gitVersion" in line), "")
    versions = f"edgewarm {version('edgewarm')}, Kubernetes {kubernetes}, provider {here.cluster.provider}"
    ours, twin = arm(OURS, "edgewarm"), arm(TWIN, "reactive twin")
    return Play(scenario, record, ours, twin, found, status_of(here, OURS), versions)


def _complete_at(recorder: Recorder, name: str) -> float:
    """When an arm first had all the pods that it asked for: the play begins when both have."""
    return next((s.at for s in recorder.of(PLACE, name) if 0 < s.replicas <= s.ready), 0.0)


def _print_numbers(play: Play) -> None:
    table = Table(title=headline(play), title_justify="left")
    for column in ("", play.ours.title, play.twin.title):
        table.add_column(column)
    for title, show in ROWS:
        table.add_row(title, show(play.ours.figures), show(play.twin.figures))
    console.print(table)


def _print_commands(here: World) -> None:
    console.print("left running; to look around and to end it:", style="bold")
    for command in (
        f"export KUBECONFIG={here.cluster.kubeconfig}",
        f"kubectl get wp,sd -n {PLACE}",
        f"kubectl describe wp {OURS} -n {PLACE}",
        f"curl {here.operator.url}/metrics",
        f"open {here.prometheus.url}",
        f"less {here.operator.log}",
        "make clean",
    ):
        console.print(f"  {command}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(demo)
