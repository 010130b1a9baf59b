"""docs/benchmarks.md from results.json: tables, what they mean, and what they do not say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from benchmarks import cost_page, coverage_page, functions_page, libraries_page, placement_page, process_page, summary

Json = Mapping[str, Any]
MIB = 2**20
NOTE = "Written by `make bench`; do not edit."

KEPT = """\
*Libraries* and *cost* keep what they found of each trace below `build/bench/kept`, by all it depends on (the trace,
the question, our code or the library's version): stop them at any time, and only what changed is done again. What a
library said outlives changes of ours. How long each section took is in the last table.
"""

ACCURACY = """\
The operator's model against **last value** and **seasonal naive** (the same step yesterday; last week too where a trace
has two weeks), each with the quantiles of its own residuals of the last two days, with native ones and with our
calibrator: the rivals of `edgewarm backtest`. All know nothing after the origin; all are scored on the same targets.

* Origins: every step after training. Training: half of the trace, at most 7 days; the model goes on learning
  afterwards, as it does live, and so do the rivals' residuals.
* Loss: mean pinball over the levels {levels}, divided by the training part's mean error of seasonal naive (at least a
  tenth of last value's one-step error). Ratio: our loss by that of the best rival *on that trace*, chosen in
  hindsight; below 1 we win. Geometric mean over traces. Interval: 95 %, whole days drawn with replacement.
* Coverage: the share of targets at or below p90; 90 % is right.
"""

ACCURACY_LIMITS = """\
* Origins of a trace ({origins}) are neighbours in time, of a few days in one season: the interval covers the choice of
  days, not the choice of traces. Traces of one source resemble each other; only the constants of the day ahead
  and of new rows were looked at by source ([ADR 16](adr/0016-how-often-forecasts-are-tested.md)).
* The method was chosen in a study on these same traces, so the recorded rows are no held-out test.
* Generated series have the daily shape that the model looks for; they are a floor for regressions, not evidence.
"""

RAMP = """\
The ten minutes around the steepest five-minute rise of the median day, on the days after training, forecast two
minutes ahead: what a pod with a start of 60 s is decided on. *Short* is mean demand above p90, *over* mean p90 above
demand, both in % of the demand in these minutes. A forecast is good when coverage is near 90 % and both are small.
Means are over the {traces} traces whose median day rises by 10 % or more within five minutes; where there is no daily
rise, the minutes are only the least flat ones.
"""

SPEED = """\
`Engine.run_pass` with all ports in memory and all policies in mode Act on one query template. A pass is due every 15
s; one in four makes a model step. Per policy: cost by that of the smallest fleet; 1.0 would be linear, less is a cost
that all share.
"""

SPEED_LIMITS = """\
* No network, no API server, no informers and no parsing of watch events: this is the engine's own arithmetic and
  bookkeeping.
* Pods are ready at once and nothing is refused; no EdgeNodePools and no pods are in the view.
* Milliseconds are those of a shared machine on the day of the run (its load is in the table below): compare ratios,
  not times.
* Histories of the policies in the passes are two hours long; the cost of a pass does not depend on it.
"""

MEMORY_LIMITS = """\
* One process on Linux, `VmRSS`. Informer caches come on top and are not measured here.
* One class of 100 rows is learned and joined ten times: a row's arrays are the same size however long its history
  was. *Peak* includes the class's history and the moment of joining.
"""


WHY = """\
Why some are missed: a level that doubles overnight, a day ahead ([ADR 20](adr/0020-a-day-ahead.md),
[ADR 41](adr/0041-quantiles-of-the-last-seven-days.md)); the price of the reactive floor on bursts, and a test span
of one to four pods ([ADR 48](adr/0048-what-the-reactive-floor-costs.md)).
"""


def page(results: Json) -> str:
    """The whole document; a section that was never run is left out."""
    parts = [
        "# Benchmarks\n",
        "Accuracy, cost, speed and memory, each beside a yardstick from the same run. Numbers: `bench/results.json`.\n",
        "```sh\nmake bench                                  # generated series only\n"
        "EDGEWARM_TRACES=DIR make bench              # recorded traces too\n"
        "python -m benchmarks --quick --only speed   # a look; writes to build/bench\n"
        "python -m benchmarks --only cost --trace input9  # one section, one recorded trace\n```\n",
        KEPT,
        *_promised(results),
    ]
    writers: dict[str, Callable[[Json], list[str]]] = {
        "accuracy": _accuracy,
        "libraries": lambda found: libraries_page.section(found, table),
        "cost": lambda found: cost_page.section(found, table),
        "speed": _speed,
        "memory": _memory,
        "process": lambda found: process_page.section(found, table),
        "functions": lambda found: functions_page.section(found, table),
        "placement": lambda found: placement_page.section(found, table),
    }
    for name, write in writers.items():
        if name in results:
            parts += [f"## {name.capitalize()}\n", *write(results[name])]
    parts += ["## Where these numbers are from\n", _origin(results), f"{NOTE}\n"]
    return "\n".join(parts)


def _promised(results: Json) -> list[str]:
    """What is promised, and whether it was met."""
    found = summary.rows(results)
    if not found:
        return []
    part = [f"* {name}: {note}\n" for name, section in results.items() for note in section.get("notes", [])]
    notes = ["Not all of it was measured:\n", "".join(part)] if part else []
    return ["## Promised and measured\n", table(summary.HEADS, [row.cells() for row in found]), WHY, *notes]


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _accuracy(found: Json) -> list[str]:
    levels = ", ".join(f"{level:g}" for level in found["levels"])
    counts = [row["origins"] for rows in found["by_trace"].values() for row in rows]
    span = f"{min(counts)} to {max(counts)}"
    mean = found["ramps"]["mean"]
    ramps = [] if not found["ramps"]["by_trace"] else ["### The ramp\n", RAMP.format(**mean), _ramps(found)]
    return [
        ACCURACY.format(levels=levels),
        _groups(found),
        "### By trace\n\nRatio, and our coverage of p90 in %.\n",
        _by_trace(found),
        *coverage_page.section(found.get("coverage", {}), table),
        *ramps,
        "### Limits of the comparison\n",
        ACCURACY_LIMITS.format(origins=span) + "".join(f"* {note}\n" for note in found["notes"]),
    ]


def _groups(found: Json) -> str:
    heads = ["horizon", "traces of", "traces", "origins", "ratio", "95 % interval", "worst trace"]
    heads += [f"p90 {name}" for name in found["methods"]]
    rows = [
        [
            horizon,
            group,
            str(item["traces"]),
            str(item["origins"]),
            f"**{item['ratio']:.2f}**",
            f"{item['low']:.2f} to {item['high']:.2f}",
            f"{item['worst']:.2f} ({item['worst_trace']})",
            *(f"{100 * share:.0f} %" for share in item["coverage"]),
        ]
        for horizon, groups in found["groups"].items()
        for group, item in groups.items()
    ]
    return table(heads, rows)


def _by_trace(found: Json) -> str:
    horizons = list(found["by_trace"])
    cells = {
        (horizon, row["trace"]): f"{row['ratio']:.2f}, {100 * row['coverage'][0]:.0f} %"
        for horizon, rows in found["by_trace"].items()
        for row in rows
    }
    heads = ["trace", "source", "step", "days", "training", *horizons]
    rows = [
        [
            item["trace"],
            item["source"],
            f"{item['step_seconds']} s",
            f"{item['days']:g}",
            f"{item['training_days']:g}",
            *(cells.get((horizon, item["trace"]), "") for horizon in horizons),
        ]
        for item in found["traces"]
    ]
    return table(heads, rows)


def _ramps(found: Json) -> str:
    measures = (("coverage", 100.0), ("short_percent", 1.0), ("over_percent", 1.0))
    titles = ("p90", "short", "over")
    heads = ["trace", "rise (factor)", *(f"{title} {name}" for title in titles for name in found["methods"])]

    def cells(item: Json) -> list[str]:
        return [f"{factor * value:.1f} %" for name, factor in measures for value in item[name]]

    rows = [[item["trace"], f"{item['rise']:.2f}", *cells(item)] for item in found["ramps"]["by_trace"]]
    mean = found["ramps"]["mean"]
    if mean["traces"]:
        rows.append([f"**mean of {mean['traces']}**", "", *cells(mean)])
    return table(heads, rows)


def _speed(found: Json) -> list[str]:
    interval = found["pass_interval_seconds"] * 1000
    heads = (
        "policies",
        "pass with a model step",
        "without",
        "slowest",
        "writes a pass",
        "per policy (ratio)",
        "of the interval",
    )
    passes = [
        [
            str(row["policies"]),
            f"{row['with_step_ms']:.1f} ms",
            f"{row['without_step_ms']:.1f} ms",
            f"{row['slowest_ms']:.1f} ms",
            f"{row['writes_per_pass']:.1f}",
            f"{row['ratio_per_one']:.2f}",
            f"{100 * row['with_step_ms'] / interval:.2f} %",
        ]
        for row in found["passes"]
    ]
    updates = [
        [str(r["rows"]), f"{r['update_ms']:.2f} ms", f"{r['forecast_ms']:.2f} ms", f"{r['ratio_per_one']:.3f}"]
        for r in found["updates"]
    ]
    lessons = [
        [str(r["rows"]), str(r["steps"]), f"{r['seconds']:.1f} s", f"{r['ratio_per_one']:.3f}"]
        for r in found["learning"]
    ]
    return [
        SPEED,
        table(heads, passes),
        "One step of the fleet's model, apart from the engine (means over all minutes):\n",
        table(("rows", "update", "forecast", "update per row (ratio)"), updates),
        "Learning from history, as a new policy does in the background (two weeks of minutes in a full run):\n",
        table(("rows", "steps", "time", "per row (ratio)"), lessons),
        *_goals(found),
        "### Limits of the timing\n",
        SPEED_LIMITS,
    ]


def _memory(found: Json) -> list[str]:
    rows = [
        ["Python, nothing imported", f"{found['python_bytes'] / MIB:.0f} MiB"],
        ["after importing `edgewarm.app`", f"{found['imported_bytes'] / MIB:.0f} MiB"],
        [f"with {found['rows']} rows of {found['steps']} steps", f"{found['learned_bytes'] / MIB:.0f} MiB"],
        ["peak on the way", f"{found['peak_bytes'] / MIB:.0f} MiB"],
        ["per row, resident", f"{found['bytes_per_row'] / 1024:.0f} KiB"],
        ["per row, arrays of the model", f"{found['state_bytes_per_row'] / 1024:.0f} KiB"],
    ]
    weighed = table(("a fresh process", "resident"), rows)
    return [weighed, *_goals(found), "### Limits of the weighing\n", MEMORY_LIMITS]


def _goals(found: Json) -> list[str]:
    """The forecast core alone, beside floor and aim; results from before there were goals have none."""
    rows = [
        [
            goal["what"],
            f"{goal['floor']:,g} {goal['unit']}",
            f"{goal['aim']:,g} {goal['unit']}",
            "" if goal["found"] is None else f"**{goal['found']:,.4g} {goal['unit']}**",
            goal["note"],
        ]
        for goal in found.get("goals", ())
    ]
    return ["The forecast core alone:\n", table(("goal", "floor", "aim", "found", ""), rows)] if rows else []


def _origin(results: Json) -> str:
    rows = []
    for name, section in results.items():
        run = section["run"]
        versions = ", ".join(f"{package} {number}" for package, number in run["versions"].items())
        machine = f"{run['processor']}, {run['cpus']} CPUs, {run['system']}"
        rows.append(
            [
                name,
                run["date"],
                f"`{run['command']}`",
                machine,
                f"{run['load_1m']}",
                f"{run['minutes']:.0f} min" if "minutes" in run else "",
                f"Python {run['python']}, {versions}",
            ]
        )
    return table(("section", "date", "command", "machine", "load", "took", "versions"), rows)
