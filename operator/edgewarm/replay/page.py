"""The report: one self-contained HTML file with pictures, tables and what a reader must know to judge them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.replay.comparison import OURS, TITLES, Comparison, Row
from edgewarm.replay.pictures import Line, Point, legend, over_time, trade
from edgewarm.replay.tables import HEADS, cells, notes, scene_numbers, span

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --rule: #d0d7de; --need: #1b1f24;
  --ours: #0a7d4f; --wanted: #7fbf9f; --peer: #c2410c; --p0: #8250df; --p1: #c2410c; --p2: #1f6feb; --p3: #8c6d1f;
  --p4: #bf3989; --p5: #0598bc; --p6: #9a9a9a; --p7: #555; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --paper: #0d1117; --rule: #30363d;
  --need: #e6edf3; --ours: #3fb984; --wanted: #2b6b50; --peer: #f0883e; --p0: #a371f7; --p1: #f0883e; --p2: #58a6ff;
  --p3: #d4a72c; --p4: #f778ba; --p5: #39c5cf; --p6: #8b949e; --p7: #c9d1d9; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1000px; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 12px; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left; white-space: normal; }
tr.ours { font-weight: 600; } .soft { color: var(--soft); }
.key { display: flex; gap: 1.4rem; flex-wrap: wrap; } .key span::before { content: ""; display: inline-block;
  width: 1.1rem; height: .25rem; margin-right: .4rem; vertical-align: middle; background: var(--c); }
"""
COLOURS = 8
HOUR_SECONDS, DAY_SECONDS = 3600.0, 86_400.0


def html(comparison: Comparison, said: Sequence[str]) -> str:
    """The whole page; pictures are of the first kappa, `said` are the sentences of the advice."""
    scene = comparison.scene
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        f"<title>edgewarm replay: {escape(scene.trace.name)}</title><style>{STYLE}</style>",
        f"<h1>Replay of {escape(scene.trace.name)}</h1>",
        f"<p class='soft'>{escape(span(scene_numbers(scene)))}</p>",
        *(f"<p>{escape(sentence)}</p>" for sentence in said),
        *_tables(comparison),
        *_times(comparison),
        *_trade(comparison),
        "<h2>What was done, and what was not</h2><ul>",
        *(f"<li>{escape(note)}</li>" for note in notes(comparison)),
        "</ul></html>",
    ]
    return "\n".join(parts)


def _tables(comparison: Comparison) -> list[str]:
    legend_text = (
        "cost and idle: pod-minutes per needed pod-minute; cold: share of demand that met no ready pod; "
        "untuned: cost with the knobs that a peer ships with"
    )
    found = []
    for kappa in comparison.kappas:
        ratio, best = comparison.ratio(kappa), comparison.best_rival(kappa)
        against = f": {ratio:.2f} of {best.peer.title}" if ratio is not None and best is not None else ""
        rows = "".join(_row(row, kappa) for row in comparison.rows(kappa))
        heads = "".join(f"<th>{escape(head)}</th>" for head in HEADS)
        found.append(f"<h2>Costs at kappa {kappa:g}{escape(against)}</h2><table><tr>{heads}</tr>{rows}</table>")
    return [*found, f"<p class='soft'>{escape(legend_text)}</p>"]


def _row(row: Row, kappa: float) -> str:
    kind = " class='ours'" if row.name == OURS else ""
    return f"<tr{kind}>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(row, kappa)) + "</tr>"


def _times(comparison: Comparison) -> list[str]:
    """The worst hour with one on each side, and the day of median cost."""
    scene, kappa = comparison.scene, comparison.kappas[0]
    lines = _lines(comparison)
    cost = _cost_by_row(comparison, kappa)
    hour, day = (min(scene.steps(seconds), len(cost)) for seconds in (HOUR_SECONDS, DAY_SECONDS))
    worst = scene.begin + int(np.argmax(np.convolve(cost, np.ones(hour), "valid")))
    days = [cost[first : first + day].sum() for first in range(0, len(cost) - day + 1, day)]
    usual = scene.begin + day * int(np.argsort(days)[len(days) // 2])
    pictures = (
        ("The hour that cost most", max(scene.begin, worst - hour), min(scene.rows, worst + 2 * hour)),
        ("A day of median cost", usual, usual + day),
    )
    return [
        part
        for title, first, end in pictures
        if end - first > 1
        for part in (f"<h2>{title}</h2>", legend(lines), over_time(scene, first, end, lines))
    ]


def _lines(comparison: Comparison) -> list[Line]:
    scene, kappa = comparison.scene, comparison.kappas[0]
    ours, best = comparison.ours[kappa], comparison.best_rival(kappa)
    lines = [Line("wanted", "wanted, edgewarm", ours.wanted[:, 0], 1.2, "3 3")]
    if best is not None:
        setting = best.best(kappa)
        title = f"ready, {best.peer.title} ({best.plans.labels[setting]})"
        lines.append(Line("peer", title, best.column(setting).ready[:, 0]))
    lines.append(Line("ours", "ready, edgewarm", ours.ready[:, 0], 2.4))
    return [*lines, Line("need", "need", np.where(scene.known, scene.need, np.nan))]


def _cost_by_row(comparison: Comparison, kappa: float) -> FloatArray:
    scene, course = comparison.scene, comparison.ours[kappa]
    span_of = slice(scene.begin, scene.rows)
    need, ready, wanted = scene.need[span_of], course.ready[span_of, 0], course.wanted[span_of, 0]
    cost = wanted - np.minimum(need, ready) + kappa * np.maximum(need - ready, 0)
    result: FloatArray = np.where(scene.known[span_of], cost, 0.0).astype(np.float64)
    return result


def _trade(comparison: Comparison) -> list[str]:
    points = [
        Point(f"p{index % COLOURS}", f"{rival.peer.title}, {label}", cost.idle_per_needed, cost.cold_share)
        for index, rival in enumerate(comparison.rivals)
        for label, cost in zip(rival.plans.labels, rival.costs, strict=True)
    ]
    points += [
        Point("ours", f"{TITLES[OURS]}, kappa {kappa:g}", cost.idle_per_needed, cost.cold_share, large=True)
        for kappa, cost in comparison.our_costs.items()
    ]
    none = np.zeros(0)
    keys = [Line("ours", "edgewarm, by kappa", none)]
    keys += [Line(f"p{index % COLOURS}", rival.peer.title, none) for index, rival in enumerate(comparison.rivals)]
    text = "Every setting of every peer. To the right: pods that waited; upwards: demand that waited."
    return ["<h2>Idle against cold</h2>", f"<p class='soft'>{text}</p>", legend(keys), trade(points)]
