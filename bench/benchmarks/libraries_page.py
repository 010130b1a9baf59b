"""The libraries section of docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Json = Mapping[str, Any]
Table = Callable[[Iterable[str], Iterable[Iterable[str]]], str]

OPENING = """\
Five-minute means of every recorded trace; origins every 365 minutes after training (half of the trace, at most seven
days), thinned where a trace would have more than thirty. Each library is fitted anew at every origin on the seven days
before it; our model learns as it goes. Every method's quantiles come in all the forms it can have (native, of trailing
residuals, of our calibrator), and the form that is best in hindsight counts, per trace and horizon. The rival is the
one method with the least geometric mean of losses, yesterday and last week being two; the interval draws whole days
with replacement and chooses form and rival anew. Loss: scaled pinball as in `edgewarm backtest`.
"""

LIMITS = """\
* Few origins a trace, as fits take seconds to a minute: the mean over traces is firm, a single cell is not.
* Libraries see seven days; longer histories did not fit into an hour. They are asked at five-minute means, where a day
  is 288 steps: at a minute's step Holt-Winters with a daily season takes minutes a fit.
* 24 h is judged on traces of two weeks and more.
"""


def section(found: Json, table: Table) -> list[str]:
    """Markdown parts."""
    notes = "".join(f"* {note}\n" for note in found["notes"])
    if not found["summary"]:
        return [notes]
    versions = ", ".join(f"{name} {number}" for name, number in found["libraries"].items())
    heads, rows = _summary(found["summary"])
    each = ["### By trace\n\nScaled pinball: ours / the rivals in the order above.\n", table(*_by_trace(found))]
    return [
        OPENING,
        f"Libraries: {versions}.\n",
        table(heads, rows),
        *each,
        "### Limits of this section\n",
        LIMITS + notes,
    ]


def _summary(found: Json) -> tuple[list[str], list[list[str]]]:
    methods = list(dict.fromkeys(name for item in found.values() for name in item["ratios"]))
    heads = ["horizons", "traces", "origins", "ratio to the best single", "95 % interval", "it is"]
    rows = [
        [
            name,
            f"{item['traces']}",
            f"{item['origins']}",
            f"**{item['ratio']:.2f}**",
            f"{item['low']:.2f} to {item['high']:.2f}",
            item["rival"],
            *(f"{item['ratios'][method]:.2f}" if method in item["ratios"] else "" for method in methods),
        ]
        for name, item in found.items()
    ]
    return [*heads, *(f"ratio to {method}" for method in methods)], rows


def _by_trace(found: Json) -> tuple[list[str], list[list[str]]]:
    horizons = list(dict.fromkeys(name for trace in found["traces"] for name in trace["horizons"]))
    rows = [
        [
            trace["trace"],
            trace["source"],
            f"{trace['days']:.1f}",
            *(
                " / ".join(f"{loss:.2f}" for loss in trace["horizons"][name]["loss"].values())
                if name in trace["horizons"]
                else ""
                for name in horizons
            ),
        ]
        for trace in found["traces"]
    ]
    return ["trace", "source", "days", *horizons], rows
