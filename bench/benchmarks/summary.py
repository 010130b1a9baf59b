"""What was promised and what was measured: one row per number, with its floor and its aim, from every section.

A section contributes rows in one of two ways: `promised` in its own results (a list of `asdict(Row)`), written when it
was measured, or a function in `DERIVED` that reads them from what it has kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from benchmarks import cost_rows, library_scores
from benchmarks.traces import RECORDED
from edgewarm.replay.rivals import CALIBRATED, DAY_AGO, LAST_VALUE, NATIVE, TRAILING, WEEK_AGO

Json = Mapping[str, Any]
HEADS = ("what", "measured", "floor", "aim", "")
SHORT, LONG = ("5 min", "15 min", "60 min"), "24 h"
HOURS = tuple(f"{hour:02d} h" for hour in range(24))
TERCILES = ("calm", "middle", "wild")
RULES, FORMS = (LAST_VALUE, DAY_AGO, WEEK_AGO), len((TRAILING, NATIVE, CALIBRATED))  # as accuracy keeps their losses
LONG_DAYS = 13.9  # of a trace that is judged a day ahead; two weeks but for a torn edge


@dataclass(frozen=True)
class Row:
    """One promise. `floor` and `aim` are what the value must reach; less is better unless `more` says otherwise.

    `form` shows the numbers, such as "{:.2f}" or "{:.1f} points"; `note` says where, or of what, the value is.
    `partial` says which share of the recorded traces it is of, such as "4 of 23 traces": chosen ones keep no promise.
    """

    what: str
    value: float
    floor: float | None
    aim: float | None
    form: str = "{:.2f}"
    note: str = ""
    more: bool = False
    partial: str = ""

    def reaches(self, wanted: float | None) -> bool:
        return wanted is not None and (self.value >= wanted if self.more else self.value <= wanted)

    @property
    def standing(self) -> str:
        """Aim, floor, missed, or that too little was measured to say; empty where nothing was promised."""
        if self.floor is None and self.aim is None:
            return ""
        partial = f"partial: {self.partial}" if self.partial else ""
        if self.reaches(self.aim):
            return partial or "met, and the aim"
        if self.reaches(self.floor):
            return partial or "met"
        return "**missed**" + (f", {partial}" if partial else "")

    def cells(self) -> list[str]:
        """As `HEADS` names them."""
        numbers = ("" if number is None else self.form.format(number) for number in (self.floor, self.aim))
        note = f" ({self.note})" if self.note else ""
        return [self.what, self.form.format(self.value) + note, *numbers, self.standing]


def rows(results: Json) -> list[Row]:
    """Of all sections that were measured, in their order."""
    found: list[Row] = []
    for name, section in results.items():
        derived = DERIVED.get(name)
        partial = _partial(section)
        found += [] if derived is None else [replace(row, partial=partial) for row in derived(section)]
        found += [Row(**row) for row in section.get("promised", [])]
    return found


def _partial(section: Json) -> str:
    """How many of the recorded traces the section has; empty where it has all, or is not about traces."""
    if "traces" not in section:
        return ""
    wanted = {item.name for item in RECORDED}
    there = wanted & {item["trace"] for item in section["traces"]}
    return "" if there == wanted else f"{len(there)} of {len(wanted)} traces"


def _of_accuracy(found: Json) -> Iterator[Row]:
    groups = ((("5 min", "15 min"), 1.02, 0.97), (("60 min",), 1.10, 1.00), ((LONG,), 1.35, 1.05))
    for horizons, floor, aim in groups:
        ratios = {
            (row["ratio"], f"{row['trace']}, {name}")
            for name in horizons
            for row in found["by_trace"].get(name, [])
            if row["source"] != "synthetic"
        }
        if ratios:
            worst, where = max(ratios)
            yield Row(f"pinball of any single trace by the better naive, {' and '.join(horizons)}", worst, floor, aim,
                      note=where)  # fmt: skip
    yield from _of_single_rules(found)
    yield from _of_coverage(found.get("coverage", {}))


def _of_single_rules(found: Json) -> Iterator[Row]:
    """The rival of the libraries' section, among the naive rules alone: the *one* rule that is best in the mean.

    Of its three forms the best of each trace and horizon counts; last week is yesterday where a trace has no last week.
    """
    days = {item["trace"]: item.get("days", 0.0) for item in found.get("traces", [])}
    for horizons, shown, least_days in ((SHORT, library_scores.SHORT, 0.0), ((LONG,), LONG, LONG_DAYS)):
        cells = [
            row
            for name in horizons
            for row in found["by_trace"].get(name, [])
            if row["source"] != "synthetic" and "loss" in row and days.get(row["trace"], 0.0) >= least_days
        ]
        if cells:
            means = [fmean(log) for log in zip(*(_of_rules(cell["loss"]) for cell in cells), strict=True)]
            best = min(RULES, key=lambda rule: means[1 + RULES.index(rule)])
            ratio, traces = math.exp(means[0] - means[1 + RULES.index(best)]), len({cell["trace"] for cell in cells})
            what = f"scaled pinball by the single naive rule's that is best in the mean, {shown}"
            yield Row(what, ratio, None, None, note=f"{best}, {traces} traces; libraries below")


def _of_rules(loss: Sequence[float]) -> list[float]:
    """Logarithms of our loss and of that of each of RULES in its best form, from ours and the forms of all rules."""
    rules = [min(loss[first : first + FORMS]) for first in range(1, len(loss), FORMS)]
    return [math.log(each) for each in (loss[0], *rules, *rules[-1:] * (len(RULES) - len(rules)))]


def _of_coverage(found: Json) -> Iterator[Row]:
    points = "{:.1f} points"
    for names, each, pooled in ((SHORT, (3.0, 1.5), (1.5, 0.7)), ((LONG,), (8.0, 4.0), (3.0, 1.5))):
        shown = "5 to 60 min" if names == SHORT else LONG
        here = [(name, found[name]) for name in names if name in found]
        if not here:
            continue
        off = [(_off(share), f"{trace}, {name}") for name, item in here for trace, share in item["traces"].items()]
        yield _worst(f"coverage of p90, off by, worst trace, {shown}", off, each, points)
        off = [(_off(item["pooled"]), name) for name, item in here]
        yield _worst(f"coverage of p90, off by, pooled, {shown}", off, pooled, points)
        for key, by, labels in (("by_hour", "hour of day", HOURS), ("by_volatility", "volatility tercile", TERCILES)):
            off = [
                (_off(share), f"{label}, {name}")
                for name, item in here
                for label, share in zip(labels, item[key], strict=False)
            ]
            yield _worst(f"coverage of p90 by {by}, off by, pooled, {shown}", off, (5.0, 3.0), points)


def _off(share: float) -> float:
    return 100 * abs(share - 0.9)


def _worst(what: str, off: Sequence[tuple[float, str]], wanted: tuple[float, float], form: str) -> Row:
    value, note = max(off)
    return Row(what, value, *wanted, form, note)


def _of_functions(found: Json) -> Iterator[Row]:
    for kind, shown in (("reliability", "reliability of P(demand)"), ("pit", "randomised PIT")):
        off = [
            (part["worst_points"], f"{name}, {of}")
            for name, item in found["sets"].items()
            for of, part in item["calibration"][kind].items()
            if kind == "pit" or of == "next minute"
        ]
        if off:
            yield _worst(f"intermittent and count series, {shown}, off by", off, (3.0, 1.5), "{:.1f} points")
    azure = found["sets"].get("azure_functions")
    for kappa, floor, aim in ((10, 0.45, 0.35), (60, 0.92, 0.75)) if azure else ():
        row = next(row for row in azure["groups"]["all"]["by_kappa"] if row["kappa"] == kappa)
        what = f"Azure functions, cost by the hybrid histogram's with its best range, kappa {kappa}"
        yield Row(what, row["ratios"]["hybrid histogram"], floor, aim)


def _of_libraries(found: Json) -> Iterator[Row]:
    floors = {library_scores.SHORT: (0.88, 0.80), LONG: (0.90, 0.77)}
    for name, (floor, aim) in floors.items():
        item = found["summary"].get(name)
        if item is not None:
            note = f"{item['traces']} traces, {item['low']:.2f} to {item['high']:.2f}, rival {item['rival']}"
            yield Row(f"scaled pinball by the best single method's, {name}", item["ratio"], floor, aim, note=note)


def _of_cost(found: Json) -> Iterator[Row]:
    for what, value, floor, aim, note in cost_rows.promised(found):
        yield Row(what, value, floor, aim, note=note)


DERIVED: Mapping[str, Callable[[Json], Iterator[Row]]] = {
    "accuracy": _of_accuracy,
    "libraries": _of_libraries,
    "cost": _of_cost,
    "functions": _of_functions,
}
