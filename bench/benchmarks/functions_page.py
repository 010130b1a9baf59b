"""The functions section of docs/benchmarks.md: costs beside tuned peers, and calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
Table = Callable[[Iterable[str], Iterable[Iterable[str]]], str]

OPENING = """\
Functions that scale to zero, minutes 120 to 479 of an eight-hour trace, each minute decided from the minutes before it.
Cost = idle minutes + kappa x cold starts: kappa is counted **per cold start** here, in minutes of an idle instance.
Ours gets kappa only and is warm where P(arrival) > 1 / (1 + kappa). Every peer gets the knob that is best for it in
hindsight, per kappa: *hybrid histogram* (ATC 2020) its range, with the paper's other parameters; *fallback tuned too*
also keeps functions without a usable histogram for ten minutes instead of the range, where that is better.
"""

CALIBRATION = """\
*Reliability*: the largest distance between what was said and what came, in points, among bins (edges 0, .01, .03, .1,
.2, ..., 1) of at least 500 predictions. *PIT*: the largest distance of a tenth of the randomised PIT of next minute's
demand, and of its size where there was any, from 10 %, in points. Windows are asked every five minutes.
"""

LIMITS = """\
* The recorded functions are eight hours of one day. What is left to gain at high kappa are first-ever calls and calls
  hours apart; nothing here has seen the same hour of two days.
* The constants were chosen on half of the recorded functions (by the hash of the name); *held out* is the other half.
  The views themselves were thought of with all of them in sight, so even that row is not quite clean.
* The ARIMA model of the hybrid histogram is replaced by a fixed keep-alive. Durations of calls are not counted: a call
  occupies its minute.
* P within a window is a product of hazards along the quiet path. It is right where decisions to scale to zero are made
  (small P), and off by the points in the table where P is middling; the operator corrects each window by a
  table of its own ([how](intermittent.md#demand)), which is not in this table.
"""


def section(found: Json, table: Table) -> list[str]:
    """Markdown parts."""
    parts = [OPENING]
    for name, item in found["sets"].items():
        title = f"### {name}: {item['functions']} functions, {item['arrivals']} active function-minutes\n"
        parts += [title, table(*_costs(item))]
    parts += ["### Calibration\n", CALIBRATION, table(*_calibration(found)), "The next minute, by bin:\n"]
    parts += [table(*_bins(found)), "### Limits of this section\n"]
    return [*parts, LIMITS + "".join(f"* {note}\n" for note in found["notes"])]


def _costs(item: Json) -> tuple[list[str], Iterator[list[str]]]:
    families = list(next(iter(item["groups"].values()))["by_kappa"][0]["peers"])
    heads = ["functions", "kappa", "cost", "cold", "idle", "precision / recall / F1"]
    return [*heads, *(f"{family}: cost (knob), ratio" for family in families)], _cost_rows(item, families)


def _cost_rows(item: Json, families: list[str]) -> Iterator[list[str]]:
    for group, rows in item["groups"].items():
        for row in rows["by_kappa"]:
            ours = row["hazard"]
            quality = f"{ours['precision']:.2f} / {ours['recall']:.2f} / {ours['f1']:.2f}"
            numbers = [f"{ours[name]:,.0f}" for name in ("cost", "cold", "idle")]
            peers = [_peer(row["peers"][family], row["ratios"][family]) for family in families]
            yield [f"{group} ({rows['functions']})", f"{row['kappa']}", *numbers, quality, *peers]


def _peer(peer: Json, ratio: float) -> str:
    return f"{peer['cost']:,.0f} ({peer['knob']}), **{ratio:.2f}**"


def _calibration(found: Json) -> tuple[list[str], list[list[str]]]:
    rows = []
    for name, item in found["sets"].items():
        calibrated = item["calibration"]
        rows += [[name, f"P {of}", f"{part['worst_points']:.1f}"] for of, part in calibrated["reliability"].items()]
        rows += [[name, f"PIT, {of}", f"{part['worst_points']:.1f}"] for of, part in calibrated["pit"].items()]
    return ["set", "what", "off by (points)"], rows


def _bins(found: Json) -> tuple[list[str], Iterator[list[str]]]:
    rows = (
        [name, f"{line['count']}", f"{100 * line['said']:.1f} %", f"{100 * line['came']:.1f} %"]
        for name, item in found["sets"].items()
        for line in item["calibration"]["reliability"]["next minute"]["bins"]
    )
    return ["set", "predictions", "said", "came"], rows
