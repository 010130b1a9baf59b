"""Pictures of a replay as inline SVG: need and capacity over time, and what every setting of every policy traded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.scene import Scene

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 960.0, 360.0, 56.0, 12.0, 36.0, 12.0
TICKS = 8


@dataclass(frozen=True)
class Line:
    """One curve: `name` is its colour's variable in the style sheet."""

    name: str
    title: str
    values: FloatArray | IntArray
    width: float = 1.8
    dash: str = ""


@dataclass(frozen=True)
class Axes:
    """Numbers to picture coordinates; on a logarithmic axis both ends are given as logarithms."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        return LEFT + (value - self.x_low) / max(self.x_high - self.x_low, 1e-12) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.y_low) / max(self.y_high - self.y_low, 1e-12)
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def svg(label: str, inside: Sequence[str]) -> str:
    """A picture with a name for those who cannot see it."""
    box = f"viewBox='0 0 {WIDTH:.0f} {HEIGHT:.0f}' role='img' aria-label='{escape(label, quote=True)}'"
    return f"<svg {box}>{''.join(inside)}</svg>"


def legend(lines: Sequence[Line]) -> str:
    """The key of a picture."""
    keys = "".join(f"<span style='--c:var(--{line.name})'>{escape(line.title)}</span>" for line in lines)
    return f"<div class='key'>{keys}</div>"


def over_time(scene: Scene, first: int, end: int, lines: Sequence[Line]) -> str:
    """Rows `first`..`end` of every line (T,) in pods; capacity is a step function, a gap of demand is a gap."""
    top = max((float(np.nanmax(line.values[first:end])) for line in lines), default=1.0)
    axes = Axes(first, end - 1, 0.0, 1.08 * max(top, 1.0))
    inside = [_time_grid(scene, axes, first, end)]
    for line in lines:
        style = f"fill='none' stroke='var(--{line.name})' stroke-width='{line.width}' stroke-dasharray='{line.dash}'"
        inside += [f"<polyline points='{path}' {style}/>" for path in _paths(axes, line.values, first, end)]
    return svg("need and ready pods over time", inside)


def _paths(axes: Axes, values: FloatArray | IntArray, first: int, end: int) -> list[str]:
    """Steps, one path per stretch of known values."""
    known = np.isfinite(values[first:end])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    found = []
    for begin, stop in edges.reshape(-1, 2) + first:
        rows = np.repeat(np.arange(begin, stop), 2)[1:]
        heights = np.repeat(values[begin:stop], 2)[: len(rows)]
        found.append(" ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in zip(rows, heights, strict=True)))
    return found


def _time_grid(scene: Scene, axes: Axes, first: int, end: int) -> str:
    hours = (end - first) * scene.step_seconds / 3600
    every = next(seconds for seconds in (600, 1800, 3600, 10_800, 86_400) if hours * 3600 / seconds <= 2 * TICKS)
    begin = math.ceil(scene.trace.time(first) / every) * every
    lines = []
    for at in np.arange(begin, scene.trace.time(end - 1) + 1, every):
        x = axes.x(at / scene.step_seconds - scene.trace.first)
        shown = datetime.fromtimestamp(float(at), UTC).strftime("%H:%M" if every < 86_400 else "%d %b")
        lines.append(_vertical(x, shown))
    pods = max(1, math.ceil(axes.y_high / TICKS))
    lines += [_horizontal(axes.y(n), f"{n}") for n in range(0, int(axes.y_high) + 1, pods)]
    return "".join(lines)


def _vertical(x: float, shown: str) -> str:
    rule = f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{TOP}' y2='{HEIGHT - BOTTOM}' stroke='var(--rule)'/>"
    return f"{rule}<text x='{x:.1f}' y='{HEIGHT - 16}' text-anchor='middle'>{shown}</text>"


def _horizontal(y: float, shown: str) -> str:
    rule = f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y:.1f}' y2='{y:.1f}' stroke='var(--rule)'/>"
    return f"{rule}<text x='{LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{shown}</text>"


@dataclass(frozen=True)
class Point:
    """One setting of one policy: idle pod-minutes per needed one, share of demand that met no ready pod."""

    name: str
    what: str
    idle: float
    cold: float
    large: bool = False


LEAST_IDLE, LEAST_COLD = 0.005, 1e-5


def trade(points: Sequence[Point]) -> str:
    """Idle against cold, both logarithmic; what is less than the axis begins with stands at its edge."""
    idle = [math.log10(max(point.idle, LEAST_IDLE)) for point in points]
    cold = [math.log10(max(point.cold, LEAST_COLD)) for point in points]
    axes = Axes(math.floor(min(idle)), math.ceil(max(idle) + 1e-9), math.floor(min(cold)), math.ceil(max(cold) + 1e-9))
    inside = [_decades(axes)]
    for point, x, y in sorted(zip(points, idle, cold, strict=True), key=lambda item: item[0].large):
        radius = 6 if point.large else 3.2
        shown = f"{point.what}: idle {point.idle:.3f}, cold {point.cold:.2%}"
        circle = f"<circle cx='{axes.x(x):.1f}' cy='{axes.y(y):.1f}' r='{radius}' fill='var(--{point.name})'"
        inside.append(f"{circle} fill-opacity='.8'><title>{escape(shown)}</title></circle>")
    return svg("idle pod-minutes against cold share of every setting", inside)


def _decades(axes: Axes) -> str:
    columns = range(round(axes.x_low), round(axes.x_high) + 1)
    rows = range(round(axes.y_low), round(axes.y_high) + 1)
    lines = [_vertical(axes.x(power), f"{10.0**power:g}") for power in columns]
    lines += [_horizontal(axes.y(power), f"{100 * 10.0**power:g}%") for power in rows]
    return "".join(lines)
