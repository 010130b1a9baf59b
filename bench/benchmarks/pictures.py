"""Pictures for the docs, drawn from results.json alone: a day of forecasts, reliability, and cost beside peers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.cost import KAPPAS, per_needed
from edgewarm.replay.pictures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axes, svg

Json = Mapping[str, Any]
Points = Sequence[tuple[float, float]]

COLOURS = (
    "#0b6bcb",
    "#c2410c",
    "#15803d",
    "#7c3aed",
    "#b45309",
    "#0e7490",
    "#be185d",
    "#4d7c0f",
    "#57534e",
    "#1e293b",
    "#a21caf",
    "#0f766e",
    "#b91c1c",
    "#4338ca",
)
GREY, INK = "#d6d3d1", "#1c1917"
NARROW = 560.0  # the right edge of what is drawn, where a key stands beside it


def pictures(results: Json) -> dict[str, str]:
    """File names and SVG; what was not measured is not drawn."""
    found = {}
    accuracy, cost = results.get("accuracy", {}), results.get("cost", {})
    if "band" in accuracy:
        found["forecast-band.svg"] = _band(accuracy["band"])
    if accuracy.get("coverage"):
        found["reliability.svg"] = _reliability(accuracy["coverage"])
    if cost.get("traces"):
        found["cost.svg"] = _cost(cost["traces"])
    return found


def _page(label: str, inside: Sequence[str]) -> str:
    """A file of its own: white below, and a name for those who cannot see it."""
    paper = f"<rect width='{WIDTH:.0f}' height='{HEIGHT:.0f}' fill='white'/>"
    drawn = svg(label, [paper, *inside])
    return (
        drawn.replace("<svg ", "<svg xmlns='http://www.w3.org/2000/svg' font-family='sans-serif' font-size='13' ")
        + "\n"
    )


def _line(axes: Axes, points: Points, colour: str, width: float = 2.0, dash: str = "") -> str:
    path = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
    return f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width}' stroke-dasharray='{dash}'/>"


def _text(x: float, y: float, words: str, anchor: str = "start", colour: str = INK) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{colour}'>{words}</text>"


def _rule(x: tuple[float, float], y: tuple[float, float]) -> str:
    return f"<line x1='{x[0]:.1f}' x2='{x[1]:.1f}' y1='{y[0]:.1f}' y2='{y[1]:.1f}' stroke='{GREY}'/>"


def _columns(axes: Axes, marks: Mapping[float, str]) -> Iterator[str]:
    for at, words in marks.items():
        yield _rule((axes.x(at), axes.x(at)), (TOP, HEIGHT - BOTTOM))
        yield _text(axes.x(at), HEIGHT - 14, words, "middle")


def _rows(axes: Axes, marks: Mapping[float, str]) -> Iterator[str]:
    for at, words in marks.items():
        yield _rule((axes.x(axes.x_low), axes.x(axes.x_high)), (axes.y(at), axes.y(at)))
        yield _text(LEFT - 6, axes.y(at) + 4, words, "end")


def _key(names: Sequence[str], colours: Sequence[str], x: float) -> Iterator[str]:
    for row, (name, colour) in enumerate(zip(names, colours, strict=True)):
        y = TOP + 16 + 20 * row
        yield f"<rect x='{x}' y='{y - 9}' width='14' height='8' fill='{colour}'/>"
        yield _text(x + 20, y, name)


def _band(found: Json) -> str:
    hours, demand = found["hours"], found["demand"]
    low, middle, high = found["quantiles"]
    top = 1.3 * max(*high, *demand)
    axes = Axes(0.0, 24.0, 0.0, top)
    there = [*zip(hours, high, strict=True), *zip(reversed(hours), reversed(low), strict=True)]
    outline = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in there)
    shares = ", ".join(f"{100 * share:.0f} % at or below p{100 * level:.0f}" for share, level in
                       zip(found["below"], found["levels"], strict=True))  # fmt: skip
    step = _round(top / 5)
    inside = [
        *_columns(axes, {float(hour): f"{hour:02d}:00" for hour in range(0, 24, 4)}),
        *_rows(axes, {step * n: f"{step * n:g}" for n in range(int(top / step) + 1)}),
        f"<polygon points='{outline}' fill='{COLOURS[0]}' fill-opacity='.22'/>",
        _line(axes, list(zip(hours, middle, strict=True)), COLOURS[0], 1.4, "5 3"),
        _line(axes, list(zip(hours, demand, strict=True)), INK, 1.2),
        _text(
            LEFT + 10, TOP + 16, f"what came (black); p10 to p90 and median as said {found['horizon']} before (blue)"
        ),
        _text(LEFT + 10, TOP + 34, f"this day: {shares}"),
    ]
    return _page("a day of demand and the band that was forecast for it", inside)


def _round(value: float) -> float:
    """1, 2 or 5 times a power of ten, at least `value`."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= value)


def _square() -> Axes:
    return Axes(0.0, 1.0 * (WIDTH - LEFT - RIGHT) / (NARROW - LEFT), 0.0, 1.0)


def _reliability(found: Json) -> str:
    axes = _square()
    marks = {share: f"{100 * share:.0f} %" for share in (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)}
    inside = [*_columns(axes, marks)]
    for at, words in marks.items():
        inside += [_rule((LEFT, axes.x(1.0)), (axes.y(at), axes.y(at))), _text(LEFT - 6, axes.y(at) + 4, words, "end")]
    inside.append(_line(axes, [(0.0, 0.0), (1.0, 1.0)], GREY, 2.0))
    names = []
    for colour, (name, item) in zip(COLOURS, found.items(), strict=False):
        inside.append(_line(axes, list(zip(item["levels"], item["by_level"], strict=True)), colour))
        names.append(f"{name} ahead, {item['targets']} targets")
    inside += [*_key(names, COLOURS[: len(names)], NARROW + 40)]
    inside.append(_text(NARROW + 40, HEIGHT - BOTTOM, "across: level that was said; up: share that came"))
    return _page("reliability: the share of values at or below each quantile, against its level", inside)


def _cost(traces: Sequence[Json]) -> str:
    """Means over traces, on logarithmic axes."""
    curves: dict[str, list[float]] = {"edgewarm": [_mean([t["ours"][f"{k:g}"] for t in traces], k) for k in KAPPAS]}
    for peer in traces[0]["peers"][f"{KAPPAS[0]:g}"]:
        curves[peer] = [_mean([trace["peers"][f"{k:g}"][peer] for trace in traces], k) for k in KAPPAS]
    curves["oracle (limit)"] = [_mean([trace["oracle"][f"{k:g}"] for trace in traces], k) for k in KAPPAS]
    values = [math.log10(max(value, 1e-3)) for curve in curves.values() for value in curve]
    low, high = math.floor(min(values) * 5) / 5, math.ceil(max(values) * 5) / 5
    span = (math.log10(KAPPAS[0]), math.log10(KAPPAS[-1]))
    axes = Axes(span[0], span[0] + (span[1] - span[0]) * (WIDTH - LEFT - RIGHT) / (NARROW - LEFT), low, high)
    inside = [*_columns(axes, {math.log10(k): f"kappa {k:g}" for k in KAPPAS})]
    for mark in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0):
        if low <= math.log10(mark) <= high:
            y = axes.y(math.log10(mark))
            inside += [_rule((LEFT, axes.x(span[1])), (y, y)), _text(LEFT - 6, y + 4, f"{mark:g}", "end")]
    for colour, (name, curve) in zip(COLOURS, curves.items(), strict=False):
        points = [(math.log10(k), math.log10(max(v, 1e-3))) for k, v in zip(KAPPAS, curve, strict=True)]
        inside.append(_line(axes, points, colour, 4.0 if name == "edgewarm" else 1.6))
    inside += [*_key(list(curves), COLOURS[: len(curves)], NARROW + 40)]
    words = f"cost per needed pod-minute, mean of {len(traces)} traces; peers tuned in hindsight"
    inside.append(_text(NARROW + 40 - 260, HEIGHT - BOTTOM - 10, words))
    return _page("cost against kappa, ours and the tuned peers", inside)


def _mean(found: Sequence[Json], kappa: float) -> float:
    return float(np.mean([per_needed(item, kappa) for item in found]))
