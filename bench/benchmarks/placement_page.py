"""The placement section of docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Json = Mapping[str, Any]
Table = Callable[[Iterable[str], Iterable[Iterable[str]]], str]

OPENING = """\
{policies} policies ask a pool for room for pods of four sizes; every node is half full with {pods_per_node} pods. One
call of `pools.allocate`, beside a plain double loop in the same run: for each request, over all nodes, does it fit, and
is it the least loaded so far? The loop knows floats only; ours also holds budgets, constraints and stranded room in
mind, keeps the order of the strategy, and could preempt. *Survey* is what every pass pays: nodes and pods to arrays.
"""

LIMITS = """\
* Milliseconds of processor time, the fastest of five runs, on a shared machine: compare the columns, not the times.
* No request has topology spread or pod anti-affinity: those are counted anew for every request that has them.
* Everything fits, so nothing is preempted and nothing is put into words.
"""


def section(found: Json, table: Table) -> list[str]:
    """Markdown parts."""
    rows = [
        [f"{row['nodes']} x {row['requests']}", _ms(row["survey_ms"]), _ms(row["allocate_ms"]), _ms(row["loop_ms"]),
         f"**{row['ratio']:.2f}**", f"{row['placed']} / {row['loop_placed']}"]
        for row in found["sizes"]
    ]  # fmt: skip
    heads = ["nodes x requests", "survey, ms", "allocate, ms", "double loop, ms", "ratio", "placed / by the loop"]
    strategies = [
        [row["allocation"], row["node_choice"] or "", _ms(row["allocate_ms"]), str(row["placed"])]
        for row in found["strategies"]
    ]
    size = found["strategies"][0]
    title = f"Each strategy, {size['nodes']} x {size['requests']}:\n"
    return [
        OPENING.format(**found),
        table(heads, rows),
        title,
        table(["allocation", "nodeChoice", "allocate, ms", "placed"], strategies),
        "### Limits of the placing\n",
        LIMITS,
    ]


def _ms(value: float) -> str:
    return f"{value:.3g}"
