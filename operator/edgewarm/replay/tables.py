"""A comparison as numbers for a machine, and as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgewarm.model.units import format_time
from edgewarm.replay.comparison import Comparison, Row
from edgewarm.replay.costs import Cost
from edgewarm.replay.scene import Scene

HEADS = ("policy", "cost", "cold", "idle", "short", "starts/h", "violated", "untuned", "best knobs in hindsight")
HINDSIGHT = (
    "Knobs of peers were chosen in hindsight, on the test span itself, for each kappa; edgewarm was given kappa only."
)
LATE = "Metrics lag by one step; added pods are idle until their lead time is over; removed ones are gone at once."
ASKED = "The trace is taken for what was asked, whoever served it: nothing is lost, queued or asked again."


def cost_numbers(cost: Cost, kappa: float) -> dict[str, float]:
    """Everything known of one course."""
    return {
        "cost_pod_minutes": cost.total(kappa),
        "cost_per_needed_pod_minute": cost.per_needed(kappa),
        "cold_request_share": cost.cold_share,
        "idle_pod_minutes": cost.idle,
        "idle_per_needed_pod_minute": cost.idle_per_needed,
        "short_pod_minutes": cost.short,
        "held_pod_hours": cost.pod_hours,
        "starts_per_hour": cost.starts_per_hour,
        "violation_minutes": cost.violation_minutes,
    }


def numbers(comparison: Comparison) -> dict[str, Any]:
    """Scene, costs by kappa and the Pareto points of every peer."""
    points = {
        rival.peer.name: [
            {"knobs": label, "idle_per_needed_pod_minute": cost.idle_per_needed, "cold_request_share": cost.cold_share}
            for label, cost in zip(rival.plans.labels, rival.costs, strict=True)
        ]
        for rival in comparison.rivals
    }
    return {
        "scene": scene_numbers(comparison.scene),
        "kappas": {f"{kappa:g}": _of_kappa(comparison, kappa) for kappa in comparison.kappas},
        "pareto": points,
        "notes": notes(comparison),
    }


def scene_numbers(scene: Scene) -> dict[str, Any]:
    """What was replayed, and in what world."""
    return {
        "trace": scene.trace.name,
        "step_seconds": scene.step_seconds,
        "training_rows": scene.begin,
        "test_rows": scene.rows - scene.begin,
        "test_from": format_time(scene.trace.time(scene.begin)),
        "test_until": format_time(scene.trace.time(scene.rows - 1)),
        "capacity_per_pod": scene.capacity,
        "lead_time_seconds": scene.starts.median_seconds,
        "lead_time_sigma": scene.starts.sigma,
        "seed": scene.starts.seed,
        "min_replicas": scene.bounds.low,
        "max_replicas": scene.bounds.high,
        "needed_pod_minutes": float(scene.need[scene.begin :].sum() * scene.step_seconds / 60),
    }


def _of_kappa(comparison: Comparison, kappa: float) -> dict[str, Any]:
    best = comparison.best_rival(kappa)
    rows = {
        row.name: {
            "title": row.title,
            "knobs": row.knob,
            **cost_numbers(row.cost, kappa),
            "untuned": _untuned(row, kappa),
        }
        for row in comparison.rows(kappa)
    }
    return {
        "best_peer": None if best is None else best.peer.name,
        "ratio_to_best_peer": comparison.ratio(kappa),
        "policies": rows,
    }


def _untuned(row: Row, kappa: float) -> dict[str, float] | None:
    return None if row.untuned is None else cost_numbers(row.untuned, kappa)


def notes(comparison: Comparison) -> list[str]:
    """What a reader must know to judge the numbers."""
    scene = comparison.scene
    found = [*scene.trace.notes, HINDSIGHT, LATE, ASKED]
    unknown = int((~scene.known[scene.begin :]).sum())
    if unknown:
        found.append(f"{unknown} steps of the test span have no value and are not counted.")
    if not scene.need[scene.begin :].any():
        found.append("No pod is needed in the test span: cost and idle are plain pod-minutes.")
    beyond = scene.need[scene.begin :] > scene.bounds.high
    if beyond.any():
        most = f"as many as {scene.need[scene.begin :].max()} where one serves {scene.capacity:g}"
        found.append(
            f"{beyond.sum()} steps of the test span need more pods than the {scene.bounds.high} allowed: {most}."
        )
    if not scene.starts.fixed:
        found.append(
            "With drawn lead times the oracle is given the shortest of all draws: a bound that none can reach."
        )
    return found + [f"{rival.peer.title}: {rival.peer.note}." for rival in comparison.rivals if rival.peer.note]


def table(comparison: Comparison, kappa: float) -> str:
    """One kappa; cost and idle are per needed pod-minute."""
    rows = comparison.rows(kappa)
    best = comparison.best_rival(kappa)
    ratio = comparison.ratio(kappa)
    lines = [f"kappa {kappa:g}", *aligned([HEADS, *(cells(row, kappa) for row in rows)])]
    if best is not None and ratio is not None:
        lines.append(f"edgewarm costs {ratio:.2f} of the best tuned peer, {best.peer.title}.")
    return "\n".join(lines)


def cells(row: Row, kappa: float) -> tuple[str, ...]:
    """A row of the table, under `HEADS`."""
    cost = row.cost
    return (
        row.title,
        f"{cost.per_needed(kappa):.3f}",
        f"{cost.cold_share:.2%}",
        f"{cost.idle_per_needed:.3f}",
        f"{cost.short:.0f}",
        f"{cost.starts_per_hour:.1f}",
        f"{cost.violation_minutes:.0f} min",
        "" if row.untuned is None else f"{row.untuned.per_needed(kappa):.3f}",
        row.knob,
    )


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first and the last column to the left, numbers to the right.

    >>> aligned([("a", "bb", "c"), ("aa", "b", "")])
    ['a   bb  c', 'aa   b']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *middle, last in rows:
        cells = [first.ljust(widths[0]), *(text.rjust(w) for text, w in zip(middle, widths[1:-1], strict=True)), last]
        lines.append("  ".join(cells).rstrip())
    return lines


def span(scene: Mapping[str, Any]) -> str:
    """One line about what was replayed, from `scene_numbers`."""
    drawn = f" (log-normal, sigma {scene['lead_time_sigma']:g})" if scene["lead_time_sigma"] else ""
    return (
        f"{scene['trace']}: {scene['test_rows']} steps of {scene['step_seconds']:g} s from {scene['test_from']} "
        f"until {scene['test_until']}, after {scene['training_rows']} steps of training; "
        f"{scene['capacity_per_pod']:.4g} per pod, lead time {scene['lead_time_seconds']:g} s{drawn}"
    )
