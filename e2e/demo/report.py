"""The report: one self-contained HTML file with a plot in SVG, the numbers of both arms and the decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from demo.figures import Figures
from demo.scenario import Scenario
from demo.watching import Record, Seen
from rig.recorder import Sample

PASS_SECONDS, STEP_SECONDS, TRAIL_SECONDS = 15.0, 60.0, 30.0
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 960.0, 400.0, 60.0, 40.0, 16.0

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --rule: #d0d7de;
  --ours: #0a7d4f; --twin: #c2410c; --band: #7aa7e0; --demand: #1b1f24; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --paper: #0d1117; --rule: #30363d;
  --ours: #3fb984; --twin: #f0883e; --band: #3b6ea8; --demand: #e6edf3; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1000px; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 12px; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap; } .soft { color: var(--soft); }
.key { display: flex; gap: 1.4rem; flex-wrap: wrap; } .key span::before { content: ""; display: inline-block;
  width: 1.1rem; height: .25rem; margin-right: .4rem; vertical-align: middle; background: var(--c); }
"""


@dataclass(frozen=True)
class Arm:
    """One Deployment: what was seen of it and what came of it."""

    title: str
    samples: Sequence[Sample]
    figures: Figures


@dataclass(frozen=True)
class Play:
    """Everything that the report shows; decisions are ScalingDecision objects, newest last."""

    scenario: Scenario
    record: Record
    ours: Arm
    twin: Arm
    decisions: Sequence[Mapping[str, Any]]
    status: Mapping[str, Any]
    versions: str


def html(play: Play) -> str:
    """The whole page."""
    app = play.scenario.app
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>edgewarm: warm before the rise</title>",
        f"<style>{STYLE}</style>",
        "<h1>Warm before the rise</h1>",
        f"<p>{escape(headline(play))}</p>",
        key(),
        plot(play),
        f"<p class='soft'>Demand: {escape(play.scenario.origin)}; one pod serves {app.capacity:g} requests/s and needs "
        "60 s from its creation until it is ready. Both Deployments faced the same demand in one cluster, with the "
        "same bounds. Pods were simulated by kwok; control plane, Prometheus and operator were real.</p>",
        numbers(play),
        decisions(play.decisions),
        scores(play.status),
        f"<p class='soft'>{escape(play.versions)}</p></html>",
    ]
    return "\n".join(parts)


def headline(play: Play) -> str:
    """What the reader should take away, good or bad."""
    ours, twin = play.ours.figures, play.twin.figures
    return (
        f"Requests that found no warm pod: {ours.cold_requests:.0f} ({ours.cold_share:.1%}) with the forecast, "
        f"{twin.cold_requests:.0f} ({twin.cold_share:.1%}) with the reactive twin."
    )


def key() -> str:
    entries = (
        ("demand", "demand"),
        ("band", "forecast, p50 to p90, at the time it is about"),
        ("ours", "ready capacity, edgewarm"),
        ("twin", "ready capacity, reactive twin"),
    )
    return "<div class='key'>" + "".join(f"<span style='--c:var(--{c})'>{t}</span>" for c, t in entries) + "</div>"


@dataclass(frozen=True)
class Axes:
    """Seconds relative to the rise and requests/s, to picture coordinates."""

    first: float
    last: float
    top: float

    def x(self, second: float) -> float:
        return LEFT + (second - self.first) / (self.last - self.first) * (WIDTH - LEFT - 10)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self.top * (HEIGHT - BOTTOM - TOP)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{self.x(a):.1f},{self.y(b):.1f}" for a, b in points)


def plot(play: Play) -> str:
    """Demand, band, and the capacity of both arms as steps."""
    app, rise = play.scenario.app, play.scenario.app.ramp_at
    first, last = play.ours.samples[0].at - rise, play.ours.samples[-1].at - rise
    demand = [(float(s), app.curve.at(rise + s)) for s in range(int(first), int(last) + 1, 2)]
    band = forecast_band(play, rise, last)
    arms = [(name, steps(arm.samples, rise, app.capacity)) for name, arm in (("twin", play.twin), ("ours", play.ours))]
    top = 1.1 * max(v for line in (demand, *(points for _, points in arms)) for _, v in line)
    axes = Axes(first, last, top)
    inside = [grid(axes, app.capacity)]
    if band:
        inside.append(f"<polygon points='{axes.path(band)}' fill='var(--band)' opacity='.45'/>")
    for name, points in (*arms, ("demand", demand)):
        width = 2.6 if name == "ours" else 1.8
        line = f"fill='none' stroke='var(--{name})' stroke-width='{width}'"
        inside.append(f"<polyline points='{axes.path(points)}' {line}/>")
    label = "Demand and ready capacity around the rise"
    return f"<svg viewBox='0 0 {WIDTH:.0f} {HEIGHT:.0f}' role='img' aria-label='{label}'>" + "".join(inside) + "</svg>"


def forecast_band(play: Play, rise: float, last: float) -> list[tuple[float, float]]:
    """The band's outline: p50 forwards, p90 back; each point stands at the later edge of the window it was about.

    A pod decided now is ready after one lead time and one pass, and must do for the model step that follows. What is
    forecast is the query's answer, a rate over a minute, which trails the demand of the plot by half a minute. A look
    counts where it tells something new: later ones repeat what the last pass said, up to a pass too late.
    """
    looks = [Seen(rise, None, None, None, None), *play.record.seen]
    known = [
        (seen.at + (seen.lead_seconds or 60.0) + PASS_SECONDS + STEP_SECONDS - TRAIL_SECONDS - rise, seen.p50, seen.p90)
        for before, seen in pairwise(looks)
        if seen.p50 is not None and seen.p90 is not None and (seen.p50, seen.p90) != (before.p50, before.p90)
    ]
    shown = [item for item in known if item[0] <= last]
    lower = [(at, p50) for at, p50, _ in shown]
    upper = [(at, p90) for at, _, p90 in reversed(shown)]
    return lower + upper


def steps(samples: Sequence[Sample], rise: float, capacity: float) -> list[tuple[float, float]]:
    """Ready pods as capacity, a step where they change."""
    points: list[tuple[float, float]] = []
    for sample in samples:
        if points:
            points.append((sample.at - rise, points[-1][1]))
        points.append((sample.at - rise, sample.ready * capacity))
    return points


def grid(axes: Axes, capacity: float) -> str:
    """Minutes below, requests/s and pods at the left, the rise as a line."""
    lines = []
    for minute in range(int(axes.first // 60) + 1, int(axes.last // 60) + 1):
        x = axes.x(minute * 60)
        text = "rise" if minute == 0 else f"{minute:+d} min"
        dash = "" if minute == 0 else " stroke-dasharray='2 4'"
        bottom = HEIGHT - BOTTOM
        lines.append(f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{TOP}' y2='{bottom}' stroke='var(--rule)'{dash}/>")
        lines.append(f"<text x='{x:.1f}' y='{HEIGHT - 20}' text-anchor='middle'>{text}</text>")
    for pods in range(0, int(axes.top // capacity) + 1, 4):
        y = axes.y(pods * capacity)
        lines.append(f"<line x1='{LEFT}' x2='{WIDTH - 10}' y1='{y:.1f}' y2='{y:.1f}' stroke='var(--rule)'/>")
        lines.append(f"<text x='{LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{pods * capacity:.0f}/s</text>")
    return "".join(lines)


ROWS: tuple[tuple[str, Callable[[Figures], str]], ...] = (
    ("cold requests (computed from demand and ready pods)", lambda f: f"{f.cold_requests:.0f} ({f.cold_share:.2%})"),
    ("pod-minutes short", lambda f: f"{f.short_pod_minutes:.1f}"),
    ("worst shortage, pods", lambda f: f"{f.worst_shortage}"),
    ("pod-minutes idle", lambda f: f"{f.idle_pod_minutes:.1f}"),
)


def numbers(play: Play) -> str:
    """Both arms side by side."""
    rows = "".join(
        f"<tr><td>{title}</td>{cell(show(play.ours.figures))}{cell(show(play.twin.figures))}</tr>"
        for title, show in ROWS
    )
    return (
        f"<h2>Numbers</h2><table><tr><th></th><th>{play.ours.title}</th><th>{play.twin.title}</th></tr>{rows}</table>"
    )


def cell(text: str) -> str:
    return f"<td class='n'>{text}</td>"


def decisions(items: Sequence[Mapping[str, Any]]) -> str:
    """Both arms' ScalingDecisions as a table."""
    rows = []
    for item in items:
        spec, status = item["spec"], item.get("status", {})
        action = spec["actions"][0]
        cells = (
            action["executeAt"][11:19],
            spec["policy"],
            f"{action['from']} → {action['to']}",
            spec["reason"],
            status.get("phase", ""),
            status.get("evaluation", {}).get("outcome", ""),
            spec["summary"],
        )
        rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
    heads = "".join(f"<th>{h}</th>" for h in ("time", "policy", "pods", "reason", "phase", "hit", "why"))
    return f"<h2>Decisions</h2><table><tr>{heads}</tr>{''.join(rows)}</table>"


def scores(status: Mapping[str, Any]) -> str:
    """What the operator itself says of its forecast, from the policy's status."""
    found = status.get("scores")
    if not found:
        return ""
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td class='n'>{escape(str(value))}</td></tr>" for name, value in found.items()
    )
    return f"<h2>The operator's own scores</h2><table>{cells}</table>"
