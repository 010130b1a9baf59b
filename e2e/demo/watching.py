"""What the demo sees: the operator's metrics and the policies' statuses, as a live table and as a record."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from demo.scenario import OURS, PLACE, TWIN, Scenario
from rig.kubectl import KubectlError
from rig.recorder import Recorder, Sample, need_at
from rig.world import World

LINE = re.compile(r"^(\w+)\{([^}]*)\} ([-+.\deE]+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Seen:
    """One look: when, and the operator's own numbers about our policy (None: not known yet)."""

    at: float
    demand: float | None
    p50: float | None
    p90: float | None
    lead_seconds: float | None


@dataclass
class Record:
    """All looks, for the report."""

    seen: list[Seen] = field(default_factory=list)


def metrics_of(text: str, policy: str) -> dict[tuple[str, str], float]:
    """(metric, quantile) -> value of one policy, from the Prometheus text format."""
    found = {}
    for name, labels, value in LINE.findall(text):
        named = dict(LABEL.findall(labels))
        if named.get("policy") == policy:
            found[(name, named.get("quantile", ""))] = float(value)
    return found


def look(here: World) -> Seen:
    """Ask the operator's /metrics."""
    try:
        with urllib.request.urlopen(f"{here.operator.url}/metrics", timeout=5) as answer:
            numbers = metrics_of(answer.read().decode(), OURS)
    except (urllib.error.URLError, OSError):
        numbers = {}
    forecast = "edgewarm_forecast_demand"
    return Seen(
        time.time(),
        numbers.get(("edgewarm_demand", "")),
        numbers.get((forecast, "0.5")),
        numbers.get((forecast, "0.9")),
        numbers.get(("edgewarm_lead_time_seconds", "0.9")),
    )


def status_of(here: World, name: str) -> Mapping[str, Any]:
    """A policy's status; empty while there is none."""
    try:
        found: Mapping[str, Any] = here.kubectl.get("warmingpolicy", name, PLACE).get("status", {})
    except KubectlError:
        return {}
    return found


def watch(here: World, scenario: Scenario, recorder: Recorder, console: Console) -> Record:
    """Show the play until it ends; one look a second, the statuses every third."""
    record = Record()
    statuses: dict[str, Mapping[str, Any]] = {OURS: {}, TWIN: {}}
    plain = not console.is_terminal
    with Live(console=console, refresh_per_second=2, transient=False, auto_refresh=not plain) as live:
        while time.time() < scenario.ends_at:
            record.seen.append(look(here))
            if len(record.seen) % 3 == 1:
                statuses = {name: status_of(here, name) for name in statuses}
            if plain and len(record.seen) % 15 == 1:
                console.print(plain_line(scenario, recorder, statuses, record.seen[-1]), soft_wrap=True)
            elif not plain:
                live.update(view(scenario, recorder, statuses, record.seen[-1]))
            time.sleep(1.0)
    return record


def countdown(scenario: Scenario, now: float) -> str:
    """Time to the rise, or since it began."""
    left = scenario.app.ramp_at - now
    return f"rise in {left:.0f} s" if left > 0 else f"rise began {-left:.0f} s ago"


def last(recorder: Recorder, name: str) -> Sample:
    samples = recorder.of(PLACE, name)
    return samples[-1] if samples else Sample(0.0, 0, 0)


def plain_line(scenario: Scenario, recorder: Recorder, statuses: Mapping[str, Mapping[str, Any]], seen: Seen) -> str:
    """For logs and CI: one line every 15 seconds."""
    app = scenario.app
    ours, twin = last(recorder, OURS), last(recorder, TWIN)
    return (
        f"{countdown(scenario, seen.at):>22}  demand {app.curve.at(seen.at):6.0f}/s "
        f"needs {need_at(app.curve, app.capacity, seen.at):3d}  forecast p90 {_number(seen.p90):>6}  "
        f"edgewarm {ours.ready:3d} ready of {ours.replicas:3d}  reactive {twin.ready:3d} of {twin.replicas:3d}  "
        f"{statuses[OURS].get('reason', '')}"
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def view(scenario: Scenario, recorder: Recorder, statuses: Mapping[str, Mapping[str, Any]], seen: Seen) -> Group:
    """The live table: both arms against the need, the forecast, and why."""
    app = scenario.app
    need = need_at(app.curve, app.capacity, seen.at)
    table = Table(title=f"{scenario.origin}: {countdown(scenario, seen.at)}", title_justify="left", expand=True)
    for column in ("", "ready", "asked for", "need", "", "reason"):
        table.add_column(column)
    for name, title in ((OURS, "edgewarm, forecast"), (TWIN, "twin, reactive")):
        sample = last(recorder, name)
        bar = ProgressBar(total=20, completed=min(20, sample.ready), width=20)
        style = "green" if sample.ready >= need else "red"
        reason = str(statuses[name].get("reason", ""))
        table.add_row(title, Text(str(sample.ready), style), str(sample.replicas), str(need), bar, reason)
    demand = f"demand {app.curve.at(seen.at):.0f}/s, one pod serves {app.capacity:g}/s"
    band = f"forecast when a pod decided now is ready: {_number(seen.p50)}..{_number(seen.p90)}/s (p50..p90)"
    summary = Text(str(statuses[OURS].get("summary", "learning the history")), "bold")
    return Group(table, Text(demand), Text(band), summary)
